"""No module of Haechi imports itself by way of others, whether for types only, within a function or at its top."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import haechi

ROOT = Path(haechi.__file__).parent


def sources(root: Path) -> dict[str, str]:
    """The text of each module, by its name; a package's own name is that of its `__init__`."""
    found = {}
    for path in root.rglob("*.py"):
        parts = (root.name, *path.relative_to(root).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def imported(text: str, modules: Mapping[str, str]) -> Iterator[str]:
    """The modules that a text imports, at whatever depth; `from package import module` counts as the module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, "a relative import"
            names = [f"{node.module}.{each.name}" for each in node.names]
            yield from (name if name in modules else node.module for name in names)


def ring(modules: Mapping[str, str]) -> list[str]:
    """The names of modules that import each other in a ring, the first one repeated at the end; empty if none do."""
    graph = {name: {each for each in imported(text, modules) if each in modules} for name, text in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_modules_do_not_import_each_other_in_a_ring() -> None:
    assert ring(sources(ROOT)) == []


def test_contracts_see_every_import() -> None:
    """`import haechi.model` would give all of its modules, and a name in a string any."""
    hidden = re.compile(r"^\s*import haechi\b|import_module|__import__", re.MULTILINE)
    assert [name for name, text in sources(ROOT).items() if hidden.search(text)] == ["haechi"]


def test_the_centre_calls_no_function_that_reads_or_writes() -> None:
    centre = {"model", "sets", "select", "reference", "engine", "nft", "dataplane", "verify", "analysis", "report"}
    for name, text in sources(ROOT).items():
        if centre.intersection(name.split(".")[1:2]):
            called = {
                node.func.id
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert called.isdisjoint({"open", "print", "input", "breakpoint"}), name


def test_no_module_imports_through_the_door_of_its_own_package() -> None:
    modules = sources(ROOT)
    found = {(name, each) for name, text in modules.items() for each in imported(text, modules)}
    assert [(name, each) for name, each in sorted(found) if name.startswith(f"{each}.")] == []


@pytest.mark.parametrize(
    "back",
    [
        "import p.a",
        "from p.a import x",
        "from p import a",
        "if TYPE_CHECKING:\n    from p.a import X",
        "def f():\n    from p.a import x",
    ],
)
def test_a_ring_is_found_however_it_is_closed(back: str) -> None:
    modules = {"p": "", "p.a": "from p.b import y", "p.b": "import p.c", "p.c": back}
    assert set(ring(modules)) == {"p.a", "p.b", "p.c"}
    assert ring(modules | {"p.c": ""}) == []
