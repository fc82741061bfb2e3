"""An answer that lacks something says so itself, in every form that can hold a sentence, and by the exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Haechi
from tests.report.documents import checked_junit, checked_sarif

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: c, namespace: x}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: x}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""
BAD = "---\napiVersion: v1\nkind: Pod\nmetadata: [\n"
TESTS = """\
apiVersion: haechi/v1alpha1
kind: ConnectivityTest
metadata: {name: t}
spec:
  assertions:
  - {from: {pod: x/a}, to: {pod: x/b}, ports: [80], expect: deny}
"""
FORMS = [
    *(("list", "-o", form) for form in ("json", "md", "dot", "mermaid")),
    ("list", "--exposure", "-o", "json"),
    ("can", "x/a", "x/b", "80", "-o", "json"),
    ("explain", "-o", "json"),
    *(("lint", "-o", form) for form in ("json", "sarif")),
    *(("validate", "-o", form) for form in ("json", "sarif")),
    *(("test", "TESTS", "-o", form) for form in ("json", "junit")),
    *(("diff", "OLD", "-o", form) for form in ("json", "md")),
]


UNREADABLE = "did not find expected node content"
OTHER = "this one may change the answer"
Answer = Callable[[tuple[str, ...], bool], str]


@pytest.fixture
def answer(haechi: Haechi, tmp_path: Path) -> Answer:
    """The output of a question about the good documents, and the bad one behind them if it is to be partial."""
    (tmp_path / "tests.yaml").write_text(TESTS)
    (tmp_path / "old.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n")
    names = {"TESTS": str(tmp_path / "tests.yaml"), "OLD": str(tmp_path / "old.yaml")}

    def ask(question: tuple[str, ...], partial: bool) -> str:
        (tmp_path / "all.yaml").write_text(GOOD + BAD if partial else GOOD)
        words, form = question[:-2], question[-2:]
        outcome = haechi(*(names.get(word, word) for word in words), tmp_path / "all.yaml", *form)
        assert (outcome.code == 2) is partial or words == ("validate",), outcome.err
        return outcome.out

    return ask


@pytest.mark.parametrize("question", FORMS, ids=" ".join)
def test_what_an_answer_lacks_is_part_of_it(question: tuple[str, ...], answer: Answer) -> None:
    partial, whole = answer(question, True), answer(question, False)
    assert (UNREADABLE in partial, UNREADABLE in whole) == (True, False)
    assert (OTHER in partial, OTHER in whole) == (True, True)


def test_code_scanning_sees_that_a_run_did_not_succeed(answer: Answer) -> None:
    for command in ("lint", "validate"):
        for partial in (True, False):
            (run,) = checked_sarif(answer((command, "-o", "sarif"), partial))["runs"]
            (invocation,) = run["invocations"]
            levels = [one["level"] for one in invocation["toolExecutionNotifications"]]
            assert invocation["executionSuccessful"] is not partial
            assert levels.count("error") == partial


def test_a_reader_of_test_results_sees_an_error(answer: Answer) -> None:
    for partial in (True, False):
        root = checked_junit(answer(("test", "TESTS", "-o", "junit"), partial))
        assert root.get("errors") == str(int(partial))
        assert [each.get("type") for each in root.iter("error")] == ["unreadable"] * partial
