"""A proof in words: what was compared, what differs, what is not understood."""

from __future__ import annotations

import pytest

from haechi.verify import Difference, End, Finding, FindingKind, Opinion, Place, Proof

RULE = Place("in_a_deny", 3, "counter drop")
CLOSED = Opinion("x/b", "Ingress", ("x/one", "x/two"), ())
OPEN = Opinion("x/a", "Egress", ("x/out",), (("x/out", "spec.egress[0]"), ("x/out", "spec.egress[2]")))
TCP = Difference(End("10.0.0.1", ("x/a",)), End("10.0.0.2", ("x/b",)), 6, 80, "new", True, RULE, (OPEN, CLOSED))
UNKNOWN = Finding(FindingKind.UNKNOWN, "a flowtable", None)
UNDECIDED = Finding(FindingKind.UNDECIDED, "it depends", Place("judge", 0, "limit rate 1/second accept"))


def proof(differences: tuple[Difference, ...] = (), findings: tuple[Finding, ...] = ()) -> Proof:
    return Proof("n", 2, 3, 40, differences, findings)


@pytest.mark.parametrize(
    ("found", "holds"),
    [(proof(), True), (proof((TCP,)), False), (proof(findings=(UNKNOWN,)), False), (proof((TCP,), (UNKNOWN,)), False)],
)
def test_it_holds_only_without_differences_and_with_everything_understood(found: Proof, holds: bool) -> None:
    assert found.holds is holds


def test_one_that_holds_says_how_much_was_compared() -> None:
    assert str(proof()) == "n: the kernel does what the policies say (2 pods, 3 addresses, 40 boxes)"


def test_one_that_does_not_tells_every_difference_and_finding() -> None:
    assert str(proof((TCP,), (UNKNOWN, UNDECIDED))).splitlines() == [
        "n: not proved (2 pods, 3 addresses, 40 boxes)",
        "x/a → x/b TCP 80: kernel accepts, policies deny",
        "  kernel: chain in_a_deny, rule 4: counter drop",
        "  policies: egress of x/a is allowed by x/out spec.egress[0], x/out spec.egress[2]",
        "  policies: ingress of x/b is isolated by x/one, x/two, none of whose rules allows it",
        "not understood: a flowtable",
        "not understood: chain judge, rule 1: limit rate 1/second accept: it depends",
    ]


@pytest.mark.parametrize(
    ("protocol", "port", "context", "said"),
    [
        (6, 80, "new", "TCP 80"),
        (17, 53, "forth", "UDP 53, forth"),
        (132, 5060, "related_back", "SCTP 5060, related back"),
        (47, 0, "new", "protocol 47"),
        (1, 0, "error", "error about the connection"),
        (58, 135 * 256, "untracked", "ICMPv6 type 135, without a connection"),
        (6, 80, "invalid", "TCP 80, without a connection"),
    ],
)
def test_a_packet_is_named_by_what_a_person_would_send(protocol: int, port: int, context: str, said: str) -> None:
    ends = End("10.0.0.1"), End("10.0.0.2", ("x/b", "x/c"))
    assert Difference(*ends, protocol, port, context, True, RULE, ()).packet == said


def test_an_end_is_its_pod_unless_several_claim_the_address() -> None:
    assert [str(End("10.0.0.1", pods)) for pods in ((), ("x/a",), ("x/a", "x/b"))] == ["10.0.0.1", "x/a", "10.0.0.1"]


def test_a_difference_where_nobody_is_isolated_says_so() -> None:
    dropped = Difference(End("10.0.0.1"), End("10.0.0.2"), 6, 80, "new", False, Place("judge"), ())
    assert dropped.explanation().splitlines() == [
        "10.0.0.1 → 10.0.0.2 TCP 80: kernel drops, policies allow",
        "  kernel: chain judge",
        "  policies: no pod here is isolated",
    ]
