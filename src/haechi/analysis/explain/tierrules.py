"""Parts of a rule of a tier as phrases: whom it matches, on which ports, and why it cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster
from haechi.analysis.explain.ports import port_set_phrase
from haechi.analysis.explain.selections import labels_phrase, name_list, selection_phrase
from haechi.analysis.explain.sentences import Joined, Sentence
from haechi.engine import Defect, Endpoint, OrderedPolicy, Peers
from haechi.model import (
    AdminNetworkPolicyEgressRule,
    AdminNetworkPolicyIngressRule,
    AnyPolicyKey,
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressPeer,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicyIngressPeer,
    ClusterNetworkPolicyIngressRule,
    Direction,
    Location,
    Path,
    TierPolicy,
    TierRuleRef,
)
from haechi.select import EVERYTHING, Selector
from haechi.sets import PROTOCOL_NUMBERS, AddressSet, PortSet

WrittenRule = ClusterNetworkPolicyIngressRule | ClusterNetworkPolicyEgressRule
GivenRule = WrittenRule | AdminNetworkPolicyIngressRule | AdminNetworkPolicyEgressRule
WrittenPeer = ClusterNetworkPolicyIngressPeer | ClusterNetworkPolicyEgressPeer


@dataclass(frozen=True, slots=True)
class DecidedRule:
    """A rule, or a part of one, that never decides, because earlier rules decide everything that it could match.

    Attributes:
        policy: whose rule it is.
        steps: the path of the part; that of the rule, or of all rules of a direction, if none of it ever decides.
        location: where the part was read.
        by: the earlier rules with their places, in the order in which they are evaluated.
    """

    policy: AnyPolicyKey
    steps: Path
    location: Location | None
    by: tuple[TierRuleRef, ...]

    @classmethod
    def of(cls, cluster: Cluster, policy: AnyPolicyKey, steps: Path, by: Iterable[TierRuleRef]) -> DecidedRule:
        """One of a cluster, with its places."""
        return cls(policy, steps, cluster.location(policy, steps), tuple(map(cluster.located, by)))


def rule_label(rule: WrittenRule, number: int, total: int) -> Sentence:
    """`Rule 1 of 2 "no-ssh"`."""
    if rule.name:
        return Sentence.of("tier.rule.named", number=number, total=total, name=rule.name)
    return Sentence.of("tier.rule", number=number, total=total)


def tier_peer_phrase(peer: WrittenPeer, peers: Peers) -> Sentence:
    """One readable item of `from` or `to`, and what it means."""
    if isinstance(peer, ClusterNetworkPolicyEgressPeer) and peer.domain_names:
        return Sentence.of("peer.domains", names=name_list(peer.domain_names))
    if peers.blocks:
        return Sentence.of("peer.block", cidr=_ranges(peers.blocks))
    for nodes in peers.nodes:
        return nodes_phrase(nodes)
    (selection,) = peers.selections
    return selection_phrase(selection)


def _ranges(blocks: AddressSet) -> Sentence | Joined:
    return name_list([str(AddressSet([each])) for each in blocks.intervals])


def nodes_phrase(nodes: Selector) -> Sentence:
    """`nodes that have label os=linux`."""
    if nodes.contradictory:
        return Sentence.of("peer.none")
    if nodes == EVERYTHING:
        return Sentence.of("peer.nodes.all")
    return Sentence.of("peer.nodes", labels=labels_phrase(nodes))


def nodes_now(cluster: Cluster, nodes: Selector) -> Sentence:
    """Which nodes a selector matches now."""
    names = sorted(node.name for node in cluster.nodes if nodes.matches(node.labels))
    return Sentence.of("nodes.now", names=name_list(names)) if names else Sentence.of("nodes.now.none")


def entry_phrase(entry: PortSet | str, direction: Direction) -> Sentence | Joined:
    """One readable item of `protocols`."""
    if isinstance(entry, PortSet):
        return port_set_phrase(entry)
    return Sentence.of(f"tier.port.named.{'in' if direction is Direction.INGRESS else 'out'}", name=entry)


def named_numbers(name: str, selected: Iterable[Endpoint]) -> Sentence:
    """The numbers of a port name, of any protocol, on the selected pods."""
    found = {(each.protocol, each.number) for pod in selected for each in pod.ports if each.name == name}
    ports = PortSet.union_all([PortSet.port(*one) for one in found if one[0] in PROTOCOL_NUMBERS.values()])
    return Sentence.of("port.now", numbers=port_set_phrase(ports)) if ports else Sentence.of("tier.port.now.none")


def reasons(cluster: Cluster, policy: OrderedPolicy, ref: TierRuleRef) -> Iterator[str]:
    """Why a rule cannot be read: its own defects, or those of the whole policy."""
    place = cluster.places.get(policy.key)
    problems = () if place is None else place.problems
    rules = (("spec", "ingress"), ("spec", "egress"))
    undecodable = [
        one.message if one.path in one.message else f"{one.path}: {one.message}"
        for one in problems
        if one.steps[:1] == ("spec",)
        and (one.steps[:3] == ref.steps or one.steps == ref.steps[:2] or one.steps[:2] not in rules)
    ]
    defects = [_defect(one, policy.key.kind) for one in policy.defects if one.rule in (None, ref)]
    if defects:  # a rule that cannot be decoded has lost its peers, which is no reason of its own
        yield from undecodable or defects


def _defect(one: Defect, kind: str) -> str:
    """In the words of the policy's own version."""
    if kind == ClusterNetworkPolicy.kind:
        return f"{one.path}: {one.reason}"
    if one.path.endswith(".action"):
        return f"{one.path}: {one.reason}".replace("'Allow'", "'Accept'").replace("neither Accept", "neither Allow")
    return f"{one.path.replace('.protocols', '.ports')}: {one.reason}"


def decided_by(cluster: Cluster, rules: Iterable[TierRuleRef]) -> tuple[Sentence, ...]:
    """Each of some rules with its place."""
    return tuple(
        Sentence.of(
            "because.rule",
            location=cluster.located(ref).location,
            policy=str(ref.policy),
            number=ref.index + 1,
            total=len(given_rules(cluster.tier_policies[ref.policy], ref.direction)),
        )
        for ref in rules
    )


def given_rules(policy: TierPolicy, direction: Direction) -> tuple[GivenRule, ...]:
    """The rules of one direction, in the policy's own version."""
    return policy.spec.ingress if direction is Direction.INGRESS else policy.spec.egress
