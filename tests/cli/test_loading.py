"""Problems on standard error."""

from __future__ import annotations

import io

import pytest

from haechi.cli.failure import Unusable, unknown_name
from haechi.cli.loading import MAX_SKIPPED, Rules, tell, tell_skipped
from haechi.cli.terminal import Terminal
from haechi.model import Code, Location, Problem, Severity


def problem(severity: Severity, message: str = "words") -> Problem:
    return Problem(severity, Code.INVALID, message, Location("a b.yaml", 3, 7), "Pod/a/b")


@pytest.mark.parametrize(("severity", "colour"), [(Severity.ERROR, 31), (Severity.WARNING, 33)])
def test_the_severity_is_coloured_in_a_window_only(severity: Severity, colour: int) -> None:
    window, file = io.StringIO(), io.StringIO()
    tell(Terminal(window, interactive=True, colours=True, width=80), problem(severity))
    tell(Terminal(file), problem(severity))
    assert window.getvalue() == f"a b.yaml:3:7: \x1b[{colour}m{severity}:\x1b[0m Pod/a/b: words\n"
    assert file.getvalue() == f"a b.yaml:3:7: {severity}: Pod/a/b: words\n"


def test_skipped_documents_are_told_one_by_one_up_to_a_number_of_each_kind() -> None:
    text = io.StringIO()
    few = [problem(Severity.SKIPPED, "Secret of v1 is not used")] * MAX_SKIPPED
    many = [problem(Severity.SKIPPED, "ConfigMap of v1 is not used")] * (MAX_SKIPPED + 1)
    tell_skipped(Terminal(text), [*many, *few])
    lines = text.getvalue().splitlines()
    assert len(lines) == MAX_SKIPPED + 1
    assert lines[-1] == f"skipped: ConfigMap of v1 is not used ({MAX_SKIPPED + 1} times)"


def test_feature_gates_may_be_given_apart_or_together() -> None:
    apart = Rules.parse("1.33", ["SCTPSupport=false", "StrictIPCIDRValidation=true"])
    assert apart == Rules.parse("v1.33.1", ["SCTPSupport=false,StrictIPCIDRValidation=true"])
    assert (apart.version.minor, apart.gates.sctp, apart.gates.strict_cidrs) == (33, False, True)


@pytest.mark.parametrize(
    ("version", "gates", "argument"), [("3", [], "--kubernetes-version"), (None, ["x"], "--feature-gates")]
)
def test_rules_that_say_nothing_are_refused_by_their_argument(
    version: str | None, gates: list[str], argument: str
) -> None:
    with pytest.raises(Unusable) as caught:
        Rules.parse(version, gates)
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    ("known", "hint"),
    [
        (["node-1", "node-2", "x"], "did you mean node-2 or node-1?"),
        (["x", "y"], "there is: x, y"),
        ([f"x{number}" for number in range(10, 30)], "there is: x10, x11, x12, x13, x14, x15, x16, x17 and 12 more"),
        ([], "there is none at all"),
    ],
)
def test_an_unknown_name_comes_with_what_there_is(known: list[str], hint: str) -> None:
    assert unknown_name("--node", "node-", known, "a node").hints == (hint,)
