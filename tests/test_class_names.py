"""A class name stands for one thing in all of Haechi."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import haechi

ROOT = Path(haechi.__file__).parent
SAME = {
    "Cluster": "the library's adds methods to the one of analysis.cluster, and stands for it",
}
"""Names that several classes have because they mean the same on two layers."""


def classes(root: Path) -> dict[str, list[str]]:
    """The files that define a class of each name."""
    found = defaultdict(list)
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(path.relative_to(root)))
    return found


def test_no_two_classes_have_one_name_unless_they_mean_the_same() -> None:
    assert {name: files for name, files in classes(ROOT).items() if len(files) > 1 and name not in SAME} == {}


def test_every_exception_is_still_needed() -> None:
    found = classes(ROOT)
    assert {name for name in SAME if len(found[name]) < 2} == set()


def test_a_name_that_two_files_define_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class One: ...\nclass Two: ...\n", encoding="utf-8")
    (tmp_path / "b.py").write_text("def f():\n    class One: ...\n", encoding="utf-8")
    assert classes(tmp_path) == {"One": ["a.py", "b.py"], "Two": ["a.py"]}
