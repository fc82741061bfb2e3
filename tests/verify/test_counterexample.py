"""A packet that is judged wrongly, in words: what it is, who decided, and why policies decide otherwise."""

from __future__ import annotations

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.model import Action, Direction, PodKey, PolicyKey, RuleRef
from haechi.nft import ACCEPT, DROP, BaseChain, Chain, ChainPolicy, CtState, Expression, HasState, Hook, Rule, Ruleset
from haechi.nft import Table as Header
from haechi.sets import AddressSet, text_to_point
from haechi.verify import (
    ClusterObject,
    ClusterState,
    Context,
    Counterexample,
    Meaning,
    PacketEnd,
    PolicyDecision,
    RulePosition,
    prove,
)
from haechi.verify.counterexample import decisions, likely, protocol_and_port
from tests import building

A, B, C = PodKey("x", "a"), PodKey("x", "b"), PodKey("x", "c")
OUT = PolicyKey("x", "out")
OPEN = PolicyDecision(A, Direction.EGRESS, (OUT,), tuple(RuleRef(OUT, Direction.EGRESS, index) for index in (0, 2)))
SOME_RULE = RulePosition("judge", 3, "counter drop")


@pytest.mark.parametrize(
    ("protocol", "port", "context", "words"),
    [
        (6, 80, Context.NEW, "TCP 80"),
        (17, 53, Context.ORIGINAL, "UDP 53, established, original direction"),
        (17, 53, Context.REPLY, "UDP 53, established, reply direction"),
        (6, 20, Context.RELATED, "TCP 20, related"),
        (132, 5060, Context.RELATED_REPLY, "SCTP 5060, related, reply direction"),
        (47, 0, Context.NEW, "protocol 47"),
        (1, 0, Context.ERROR, "error about the connection"),
        (58, 135 * 256, Context.UNTRACKED, "ICMPv6 type 135, without a connection"),
        (6, 80, Context.INVALID, "TCP 80, without a connection"),
    ],
)
def test_a_packet_is_named_by_what_a_person_would_send(protocol: int, port: int, context: Context, words: str) -> None:
    ends = PacketEnd("10.0.0.1"), PacketEnd("10.0.0.2", (B, C))
    assert Counterexample(*ends, protocol, port, context, True, SOME_RULE, ()).packet == words


def test_an_end_is_its_pod_unless_more_than_one_claims_the_address() -> None:
    assert [str(PacketEnd("10.0.0.1", pods)) for pods in ((), (A,), (A, B))] == ["10.0.0.1", "x/a", "10.0.0.1"]


def test_a_decision_names_the_rules_that_allow_the_packet() -> None:
    assert str(OPEN) == "egress of x/a is allowed by x/out spec.egress[0], x/out spec.egress[2]"


@pytest.mark.parametrize(("protocol", "port", "words"), [(6, 80, "TCP 80"), (1, 2048, "ICMP"), (47, 0, "protocol 47")])
def test_a_port_is_named_where_the_protocol_has_ports(protocol: int, port: int, words: str) -> None:
    assert protocol_and_port(protocol, port) == words


def test_the_address_of_a_pod_explains_more_than_another_and_a_usual_one_more_than_an_unusual_one() -> None:
    meaning = Meaning(ClusterState([building.pod("x/a", "10.0.0.7"), building.pod("x/b", "10.0.0.9")]))
    some = [AddressSet.from_cidrs((cidr,)) for cidr in ("0.0.0.0/0", "0.0.0.0/5", "127.0.0.0/8")]
    assert [likely(each, meaning) for each in some] == [0x0A000007, 0x01000000, 0x7F000000]


# -- why policies decide otherwise -----------------------------------------------------------------------------------


def table(*asked: Expression) -> Ruleset:
    """A table with one rule, which drops packets; with no condition it accepts all."""
    base = BaseChain(hook=Hook.FORWARD, priority=0, policy=ChainPolicy.ACCEPT)
    return Ruleset.of(Header("haechi"), Chain("judge", (Rule((*asked, DROP if asked else ACCEPT)),), base))


def reasons(ruleset: Ruleset | None, *objects: ClusterObject) -> list[list[str]]:
    """The counterexamples of node n, each as lines without the kernel's."""
    return [[str(one), *one.reasons()] for one in prove(ruleset, objects, "n").counterexamples]


POD = building.pod("x/a", "10.0.0.1", "fd00::1", node="n")
DENY = building.policy("{podSelector: {}}", name="deny")
"""Ingress alone."""
DENY_ALL = building.policy("{podSelector: {}, policyTypes: [Ingress, Egress]}", name="deny")


def test_isolation_is_the_reason_that_connections_and_packets_without_one_are_denied() -> None:
    assert reasons(table(), POD, DENY) == [
        [
            "x/a → 1.0.0.0 TCP 1, without a connection: kernel accepts, policies deny",
            "ingress of x/a is isolated by x/deny; the packet belongs to no connection",
        ],
        *(
            [
                f"{address} → x/a TCP 1: kernel accepts, policies deny",
                "ingress of x/a is isolated by x/deny; no rule allows it",
            ]
            for address in ("1.0.0.0", "100::")
        ),
    ]


def test_a_pod_at_both_ends_is_named_once() -> None:
    address = text_to_point("10.0.0.1")
    found = decisions(Meaning(ClusterState([POD, DENY])), "n", address, address, 6, 80, unconnected=True)
    assert found == (PolicyDecision(A, Direction.INGRESS, (PolicyKey("x", "deny"),)),)


def test_an_address_that_pods_dispute_is_the_reason_that_nothing_passes() -> None:
    found = reasons(table(), POD, building.pod("x/b", "10.0.0.1", node="n2"))
    assert [lines[0].partition(": ")[0] for lines in found] == [
        "10.0.0.1 → 1.0.0.0 TCP 1, without a connection",
        "10.0.0.1 → 1.0.0.0 TCP 1",
        "1.0.0.0 → 10.0.0.1 TCP 1",
    ]
    assert {line for lines in found for line in lines[1:]} == {
        "10.0.0.1 is claimed by x/a and x/b: nothing passes from or to it"
    }


def test_an_address_that_pods_of_other_nodes_dispute_is_no_reason() -> None:
    elsewhere = building.pod("x/c", "10.0.0.2", node="n2"), building.pod("x/d", "10.0.0.2", node="n3")
    found = reasons(table(HasState(CtState.NEW)), POD, *elsewhere)
    assert {line for lines in found for line in lines[1:]} == {"no pod of this node is isolated"}


def without(words: str) -> Ruleset:
    """The table of the isolated pod, without the rules that have these words."""
    whole = NodeRuleset(Engine.of([POD, DENY_ALL]), "n").ruleset()
    chains = {
        name: Chain(name, tuple(rule for rule in chain.rules if words not in str(rule)), chain.base)
        for name, chain in whole.chains.items()
    }
    return Ruleset(whole.table, chains, whole.sets, whole.maps)


def test_what_no_policy_can_deny_is_the_reason_that_policies_allow_it() -> None:
    first, *_ = reasons(table(HasState(CtState.RELATED)), POD, DENY_ALL)
    assert first == [
        "x/a → 1.0.0.0 error about the connection: kernel drops, policies allow",
        "ICMP errors about known connections always pass",
    ]
    assert reasons(without("icmpv6 type"), POD, DENY_ALL) == [
        [
            "x/a → 100:: ICMPv6 type 133, without a connection: kernel drops, policies allow",
            "neighbour discovery always passes",
        ]
    ]
    assert reasons(without("@self"), POD, DENY_ALL) == [
        ["x/a → x/a TCP 1: kernel drops, policies allow", "x/a always reaches itself"],
        ["x/a → x/a TCP 1: kernel drops, policies allow", "x/a always reaches itself"],
    ]


def test_the_rule_of_a_tier_is_the_reason_and_policies_that_decide_nothing_are_named() -> None:
    tier = building.tier_policy(
        "{ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 22}}}]}]}"
    )
    other = building.pod("x/b", "10.0.0.2", node="n2")
    meaning = Meaning(ClusterState([POD, other, tier]))
    mine, theirs = text_to_point("10.0.0.1"), text_to_point("10.0.0.2")

    def said(client: int, port: int, *, unconnected: bool = False) -> list[str]:
        return [*map(str, decisions(meaning, "n", client, mine, 6, port, unconnected=unconnected))]

    assert said(theirs, 22) == ["ingress of x/a is denied by ClusterNetworkPolicy/c spec.ingress[0]"]
    assert said(theirs, 80) == ["ingress of x/a is decided by no rule of ClusterNetworkPolicy/c"]
    assert said(mine, 22) == ["ingress of x/a is denied by ClusterNetworkPolicy/c spec.ingress[0]"]
    (found,) = decisions(meaning, "n", theirs, mine, 6, 80, unconnected=True)
    assert found.isolation == "ingress of x/a is subject to ClusterNetworkPolicy/c"
    both = Meaning(ClusterState([POD, other, tier, DENY]))
    (found,) = decisions(both, "n", theirs, mine, 6, 22, unconnected=False)
    assert (found.policies, found.action) == ((PolicyKey("x", "deny"),), Action.DENY)
    assert [*map(str, decisions(both, "n", theirs, mine, 6, 80, unconnected=False))] == [
        "ingress of x/a is isolated by x/deny; no rule allows it"
    ]
    assert decisions(Meaning(ClusterState([POD, DENY])), "n", mine, mine, 6, 80, unconnected=False) == ()
