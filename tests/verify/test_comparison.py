"""A comparison fails exactly if a packet that it covers is judged wrongly, and its counterexamples are such packets."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address
from random import Random

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.model import Direction, Packet, PodKey
from haechi.nft import ACCEPT, Chain, Compare, Ct, CtDirection, CtKey, Operator, Rule, Ruleset, ipv4
from haechi.reference import ClusterObjects, allowed
from haechi.reference.reference import owners
from haechi.sets import AddressSet, PortSet, Traffic, text_to_point
from haechi.verify import ClusterObject, ClusterState, Counterexample, Meaning, prove
from haechi.verify.change import EVERYTHING, AffectedPackets
from haechi.verify.comparison import MOST_COUNTEREXAMPLES, Comparison, LocalAddress
from haechi.verify.packets import CONNECTIONS, Context
from haechi.verify.reading import Reading
from tests import building, clusters
from tests.verify import small
from tests.verify.mutants import KINDS, Kind, mutants
from tests.verify.universe import Universe, universes


def compared(ruleset: Ruleset, state: ClusterState, affected: AffectedPackets, node: str = small.NODE) -> Comparison:
    """All slices of a comparison, with everything that policies allow the node's addresses."""
    meaning = Meaning(state)
    local: dict[int, LocalAddress] = {}
    for key in state.pods.on(node):
        for address in state.pods[key].addresses:
            sides = (meaning.traffic(key, direction) for direction in (Direction.EGRESS, Direction.INGRESS))
            local[address] = LocalAddress(address, key, state.own_node(state.pods[key]), *sides)
    comparison = Comparison(Reading(ruleset), meaning, node, affected, local)
    for _ in comparison.slices():
        pass
    return comparison


def covered(universe: Universe, affected: AffectedPackets) -> int:
    """The affected packets of a universe, and all ICMP errors."""
    everyone, sent = [True] * len(universe.addresses), [True] * len(universe.sent)
    clients = [address in affected.clients for address in universe.addresses]
    servers = [address in affected.servers for address in universe.addresses]
    found = universe.of(Context.ERROR, everyone, everyone, sent)
    return found | universe.of(255, clients, everyone, sent) | universe.of(255, everyone, servers, sent)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_comparison_fails_exactly_if_an_affected_packet_is_judged_wrongly(kind: Kind) -> None:
    seen: Counter[bool] = Counter()
    for seed in range(2):
        random = Random(f"comparison {kind.__name__} {seed}")
        objects = small.objects(random, pods=5, policies=4, tidy=True)
        state, honest = ClusterState(objects), NodeRuleset(Engine.of(objects), small.NODE).ruleset()
        every = universes(honest)
        before = [universe.accepted(honest) for universe in every]
        for mutant in mutants(kind, honest, random, 4):
            addresses = [address for universe in every for address in universe.addresses]
            some, others = (AddressSet.of(*random.sample(addresses, min(6, len(addresses)))) for _ in range(2))
            for affected in (AffectedPackets(some, others), AffectedPackets(clients=some), EVERYTHING):
                comparison = compared(mutant, state, affected)
                if comparison.gaps:
                    continue
                wrong = [
                    (universe.accepted(mutant) ^ accepted) & covered(universe, affected)
                    for universe, accepted in zip(every, before, strict=True)
                ]
                assert comparison.fails == any(wrong), f"seed {seed}\n{affected}\n{mutant}"
                seen[any(wrong)] += 1
    assert seen.total() or kind.__name__ == "hook_changed"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_counterexample_is_a_packet_that_kernel_and_policies_judge_differently(kind: Kind) -> None:
    for seed in range(2):
        random = Random(f"example {kind.__name__} {seed}")
        objects = small.objects(random, pods=6, policies=4)
        honest = NodeRuleset(Engine.of(objects), small.NODE).ruleset()
        for mutant in mutants(kind, honest, random, 4):
            found = prove(mutant, objects, small.NODE).counterexamples
            assert len(found) <= MOST_COUNTEREXAMPLES
            for one in found:
                assert_kernel(one, mutant)
                assert_policies(one, clusters.cluster(objects))


def assert_kernel(one: Counterexample, ruleset: Ruleset) -> None:
    """The kernel does what the counterexample claims, packet by packet."""
    source, destination = text_to_point(one.source.address), text_to_point(one.destination.address)
    universe = Universe(4 if ":" not in one.source.address else 6, {source, destination}, {one.port & 0xFFFF})
    accepted = universe.accepted(ruleset)
    for number, (context, client, server, sent) in universe.numbered():
        if (context, client, server, sent.protocol) == (one.context, source, destination, one.protocol):
            port = sent.number if one.is_unconnected else sent.port
            if port == one.port or one.context is Context.ERROR:
                assert bool(accepted >> number & 1) == one.accepted, one


def assert_policies(one: Counterexample, cluster: ClusterObjects) -> None:
    """The policies that this node enforces decide the other way, and so do the rules that are named."""
    if not one.context & CONNECTIONS:
        return
    ends = ip_address(one.source.address), ip_address(one.destination.address)
    claimants = [owners(cluster, end) for end in ends]
    here = [any(pod.spec.node_name == small.NODE for pod in pods) for pods in claimants]
    if any(len(pods) > 1 and is_here for pods, is_here in zip(claimants, here, strict=True)):
        assert one.accepted, "nothing may pass from or to a disputed address"
        return
    if any(len(pods) > 1 for pods in claimants):  # elsewhere: the other end is judged as if it were no pod's
        return
    verdict = allowed(cluster, Packet(*ends, one.protocol, one.port))
    decided = [side for side, is_here in zip((verdict.egress, verdict.ingress), here, strict=True) if is_here]
    assert all(side.allowed for side in decided) != one.accepted, one
    if not one.source.pods or one.source.pods != one.destination.pods:
        isolated = [(side.policies, side.allowed) for side in decided if side.isolated]
        assert [(each.policies, bool(each.rules)) for each in one.decisions] == isolated


# -- slices ----------------------------------------------------------------------------------------------------------

PODS: list[ClusterObject] = [building.pod(f"x/p{n}", f"10.0.0.{n}", f"fd00::{n}", node="n0") for n in range(1, 9)]
DENY = building.policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")


def test_each_address_has_a_slice_as_client_and_one_as_server() -> None:
    objects = [*PODS, DENY]
    state, ruleset = ClusterState(objects), NodeRuleset(Engine.of(objects), "n0").ruleset()
    comparison = Comparison(Reading(ruleset), Meaning(state), "n0", EVERYTHING, {})
    assert len([*comparison.slices()]) == 1  # without addresses there are others alone
    whole = compared(ruleset, state, EVERYTHING)
    comparison = Comparison(Reading(ruleset), Meaning(state), "n0", EVERYTHING, whole.locals)
    assert len([*comparison.slices()]) == 1 + 2 * len(whole.locals)
    assert not comparison.fails


def test_affected_addresses_are_compared_a_few_at_a_time() -> None:
    objects = [*PODS, DENY]
    state, ruleset = ClusterState(objects), NodeRuleset(Engine.of(objects), "n0").ruleset()
    whole = compared(ruleset, state, EVERYTHING)
    affected = AffectedPackets.between(AddressSet.of(*whole.locals))
    comparison = Comparison(Reading(ruleset), Meaning(state), "n0", affected, whole.locals)
    assert len([*comparison.slices()]) == 1 + 2 * 2
    assert comparison.comparisons > 0


def test_enough_counterexamples_end_a_comparison() -> None:
    objects = [*PODS, DENY]
    dormant = NodeRuleset(Engine.of(PODS), "n0").ruleset()
    comparison = compared(dormant, ClusterState(objects), EVERYTHING)
    assert comparison.is_over()
    assert len(comparison.counterexamples) == MOST_COUNTEREXAMPLES


def test_a_pod_and_its_own_node_are_not_compared() -> None:
    """Their packets are never forwarded, whatever the table does with them."""
    objects = [*PODS, DENY, building.node("n0", "172.16.0.1", "fd02::1")]
    closed = NodeRuleset(Engine.of(objects), "n0").ruleset()
    judge = closed.chains["judge"]
    to_node = Compare(Ct(CtKey.SADDR_IP, CtDirection.REPLY), Operator.EQ, ipv4(text_to_point("172.16.0.1")))
    opened = Chain("judge", (Rule((to_node, ACCEPT)), *judge.rules), judge.base)
    ruleset = Ruleset(closed.table, {**closed.chains, "judge": opened}, closed.sets, closed.maps)
    assert not compared(ruleset, ClusterState(objects), EVERYTHING).fails
    elsewhere = [*PODS, DENY, building.node("n0", "172.16.0.2")]
    first, *_ = compared(ruleset, ClusterState(elsewhere), EVERYTHING).counterexamples
    assert (first.destination.address, first.accepted) == ("172.16.0.1", True)


def test_a_local_address_is_isolated_if_policies_restrict_it_in_any_direction() -> None:
    def local(egress: Traffic | None, ingress: Traffic | None) -> LocalAddress:
        return LocalAddress(1, PodKey("x", "a"), AddressSet.NONE, egress, ingress)

    some = Traffic.of(AddressSet.ALL, PortSet.ALL)
    assert [local(*sides).is_isolated for sides in ((None, None), (some, None), (None, some))] == [False, True, True]
