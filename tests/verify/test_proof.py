"""A proof in words: what was compared, what differs, what is not understood."""

from __future__ import annotations

import pytest

from haechi.model import Direction, PodKey, PolicyKey
from haechi.verify import (
    Context,
    Counterexample,
    GapKind,
    PacketEnd,
    PolicyDecision,
    Proof,
    ProofGap,
    RulePosition,
)

A, B = PodKey("x", "a"), PodKey("x", "b")
ISOLATED = PolicyDecision(B, Direction.INGRESS, (PolicyKey("x", "one"), PolicyKey("x", "two")))
ENDS = PacketEnd("10.0.0.1", (A,)), PacketEnd("10.0.0.2", (B,))
TCP = Counterexample(*ENDS, 6, 80, Context.NEW, True, RulePosition("in_a_deny", 3, "counter drop"), (ISOLATED,))
UNKNOWN = ProofGap(GapKind.UNKNOWN, "a flowtable", None)
UNDECIDED = ProofGap(GapKind.UNDECIDED, "it depends", RulePosition("judge", 0, "limit rate 1/second accept"))


def proof(counterexamples: tuple[Counterexample, ...] = (), gaps: tuple[ProofGap, ...] = ()) -> Proof:
    return Proof("n", 2, 3, 40, counterexamples, gaps)


@pytest.mark.parametrize(
    ("found", "holds"),
    [(proof(), True), (proof((TCP,)), False), (proof(gaps=(UNKNOWN,)), False), (proof((TCP,), (UNKNOWN,)), False)],
)
def test_it_holds_only_without_counterexamples_and_with_everything_understood(found: Proof, holds: bool) -> None:
    assert found.holds is holds


def test_one_that_holds_reports_how_much_was_compared() -> None:
    assert str(proof()) == "n: the kernel enforces the policies (2 pods, 3 addresses, 40 comparisons)"


def test_one_that_fails_reports_every_counterexample_and_gap() -> None:
    assert str(proof((TCP,), (UNKNOWN, UNDECIDED))).splitlines() == [
        "n: not proved (2 pods, 3 addresses, 40 comparisons)",
        "x/a → x/b TCP 80: kernel accepts, policies deny",
        "  kernel: chain in_a_deny, rule 4: counter drop",
        "  policies: ingress of x/b is isolated by x/one, x/two; no rule allows it",
        "not understood: a flowtable",
        "not understood: chain judge, rule 1: limit rate 1/second accept: it depends",
    ]
