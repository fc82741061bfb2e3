"""The code stays as docs/architecture.md describes it: doors, contracts, docstrings, tests that mirror modules."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import haechi

ROOT = Path(haechi.__file__).parent
PROJECT = Path(__file__).parents[1]
TESTS = PROJECT / "tests"
OPEN = {"haechi", "haechi.analysis", "haechi.cli", "haechi.cli.commands", "haechi.cli.lab"}
"""Packages without a door of their own: the library, and folders whose modules are named one by one."""
SMALL = 40
"""Lines up to which a module may be tested with its users."""
ELSEWHERE = {
    "analysis/cluster/assumptions.py": "analysis/cluster/test_cluster.py",
    "analysis/explain/pod.py": "analysis/explain/test_policy.py",
    "analysis/explain/ports.py": "analysis/explain/test_policy.py",
    "analysis/explain/selections.py": "analysis/explain/test_policy.py",
    "analysis/explain/sentences.py": "analysis/explain/test_policy.py",
    "analysis/explain/tierrules.py": "analysis/explain/test_tiers.py",
    "analysis/explain/tierwords.py": "analysis/explain/test_policy.py",
    "analysis/explain/words.py": "analysis/explain/test_policy.py",
    "analysis/lint/check.py": "analysis/lint/test_catalogue.py",
    "analysis/lint/facts/labelled.py": "analysis/lint/facts/test_inventory.py",
    "analysis/lint/finding.py": "analysis/lint/test_catalogue.py",
    "cli/answer_text.py": "cli/commands/test_can.py",
    "cli/app.py": "cli/test_docs.py",
    "cli/arguments.py": "cli/test_docs.py",
    "cli/assertions.py": "cli/commands/test_test.py",
    "cli/explanation_text.py": "cli/commands/test_explain.py",
    "cli/finding_text.py": "cli/commands/test_lint.py",
    "cli/lint_rules.py": "cli/commands/test_rule.py",
    "cli/failure.py": "cli/test_entry.py",
    "cli/lab/assertions.py": "cli/commands/test_test.py",
    "cli/lab/enter.py": "cli/commands/test_lab.py",
    "cli/lab/session.py": "cli/commands/test_lab.py",
    "cli/lab/trial.py": "cli/commands/test_lab.py",
    "cli/rulesets.py": "cli/commands/test_compile.py",
    "dataplane/tierchains.py": "dataplane/test_tiers.py",
    "files/opening.py": "files/test_reading.py",
    "files/running.py": "files/test_building.py",
    "kube/errors.py": "kube/test_client.py",
    "kube/resources.py": "kube/test_loading.py",
    "lab/probe.py": "lab/test_sender.py",
    "lab/reactor.py": "lab/test_sender.py",
    "lab/tcp.py": "lab/test_sender.py",
    "lab/udp.py": "lab/test_sender.py",
    "model/adminnetworkpolicy.py": "engine/test_tierpolicy.py",
    "model/base.py": "model/test_objects.py",
    "model/fields.py": "model/test_decoding.py",
    "model/podvalidation.py": "model/test_creating.py",
    "model/schedule.py": "model/test_creating.py",
    "model/workloadvalidation.py": "model/test_creating.py",
    "model/clusternetworkpolicy.py": "engine/test_tierpolicy.py",
    "model/core.py": "model/test_objects.py",
    "model/fielderror.py": "model/test_validation.py",
    "model/names.py": "model/test_validation.py",
    "model/networkpolicy.py": "model/test_objects.py",
    "model/tree.py": "model/test_documents.py",
    "model/verdict.py": "reference/test_reference.py",
    "netlink/channel.py": "netlink/test_nftables.py",
    "netlink/conversation.py": "netlink/test_nftables.py",
    "netns/syscalls.py": "netns/test_namespace.py",
    "nft/bytecode.py": "nft/test_expression.py",
    "nft/map.py": "nft/test_set.py",
    "nft/parsing/chains.py": "nft/test_parser.py",
    "nft/parsing/loads.py": "nft/test_parser.py",
    "nft/parsing/parser.py": "nft/test_parser.py",
    "nft/parsing/rules.py": "nft/test_parser.py",
    "nft/parsing/scanner.py": "nft/test_parser.py",
    "nft/parsing/sets.py": "nft/test_parser.py",
    "nft/parsing/values.py": "nft/test_parser.py",
    "reference/parts.py": "reference/test_reference.py",
    "report/alert.py": "report/test_sarif.py",
    "report/assertions.py": "cli/commands/test_test.py",
    "report/baseline.py": "cli/test_baseline.py",
    "report/explanation.py": "cli/commands/test_explain.py",
    "report/exposure.py": "cli/commands/test_list.py",
    "report/lint.py": "cli/commands/test_lint.py",
    "report/proof.py": "cli/commands/test_verify.py",
    "report/reachability.py": "cli/commands/test_can.py",
    "report/ruleset.py": "cli/commands/test_compile.py",
    "report/validation.py": "cli/commands/test_validate.py",
    "rtnetlink/request.py": "rtnetlink/test_routesocket.py",
    "testing/nftables.py": "netlink/test_cases.py",
    "verify/gap.py": "verify/test_prover.py",
}
"""Modules whose tests stand in another file under `tests` than their path says."""

TWICE = {
    "Cluster": "what a user of the library holds, around the value that questions are asked of",
}
"""Class names that two modules have, and why."""


def packages() -> Iterator[str]:
    for path in sorted(ROOT.rglob("__init__.py")):
        yield ".".join(("haechi", *path.parent.relative_to(ROOT).parts))


def tree(package: str) -> ast.Module:
    return ast.parse((ROOT.joinpath(*package.split(".")[1:]) / "__init__.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize("package", [package for package in packages() if package not in OPEN])
def test_a_door_lists_what_it_imports_and_nothing_else(package: str) -> None:
    imported = {
        alias.asname or alias.name
        for node in tree(package).body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    }
    listed = getattr(__import__(package, fromlist=["__all__"]), "__all__", [])
    assert len(listed) == len(set(listed))
    assert imported - {"*", "objects"} <= set(listed)
    assert all(hasattr(__import__(package, fromlist=listed), name) for name in listed)


@pytest.mark.parametrize("package", list(packages()))
def test_a_package_says_what_it_is(package: str) -> None:
    assert ast.get_docstring(tree(package))


def test_every_module_says_what_it_is() -> None:
    modules = [
        path for path in ROOT.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert modules == []


def test_a_class_name_occurs_once() -> None:
    """Whoever knows what `X` is in one place knows it everywhere."""
    seen: dict[str, list[str]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                seen.setdefault(node.name, []).append(path.relative_to(ROOT).as_posix())
    assert {name: paths for name, paths in seen.items() if len(paths) > 1 and name not in TWICE} == {}
    assert [name for name in TWICE if len(seen.get(name, [])) < 2] == []


def test_nobody_may_reach_behind_a_door() -> None:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    protected = {one["allowed_importers"][0]: one for one in contracts if one["type"] == "protected"}
    inner = {"haechi.analysis.lint.checks", "haechi.analysis.lint.facts"}  # behind the door of lint
    assert set(packages()) - OPEN - inner == set(protected)
    for package, contract in protected.items():
        assert contract["protected_modules"] == [f"{package}.*"]
        assert "ignore_imports" not in contract


def test_modules_of_one_folder_do_not_differ_by_an_inflection_only() -> None:
    """`explain.py` beside `explaining.py`, or `difference.py` beside `differences.py`, help nobody."""
    for folder in {path.parent for path in ROOT.rglob("*.py")}:
        stems: dict[str, str] = {}
        for path in sorted(folder.glob("[a-z]*.py")):
            stem = re.sub(r"(ing|ers|er|es|s|e)$", "", path.stem)
            assert stem not in stems, f"{path} beside {stems[stem]}.py"
            stems[stem] = path.stem


def test_tests_mirror_modules() -> None:
    """The tests of `src/haechi/a/b.py` are in `tests/a/test_b.py`, or in a file that `ELSEWHERE` names."""
    missing, mirrored = [], set()
    for path in sorted(ROOT.rglob("[a-z]*.py")):
        relative = path.relative_to(ROOT)
        if (TESTS / relative.with_name(f"test_{relative.name}")).exists():
            mirrored.add(relative.as_posix())
        elif path.read_text(encoding="utf-8").count("\n") > SMALL and relative.as_posix() not in ELSEWHERE:
            missing.append(relative.as_posix())
    assert missing == []
    assert mirrored & ELSEWHERE.keys() == set()
    assert [path for path, test in ELSEWHERE.items() if not (ROOT / path).exists() or not (TESTS / test).exists()] == []
