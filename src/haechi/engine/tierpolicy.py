"""A policy of a tier as the engine uses it: ordered rules that accept, deny or pass.

Why: as for a NetworkPolicy, selectors, CIDRs and ports are read once, and a part that cannot be read is a defect that
concerns its rule only. Such a rule fails closed: Accept matches nothing, any other action denies everything (types.go
of policy.networking.k8s.io/v1alpha2 on unknown peers). AdminNetworkPolicy and BaselineAdminNetworkPolicy are read as
the ClusterNetworkPolicy that they mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from haechi.engine.policy import Defect, UnreadablePart
from haechi.engine.selection import ANYWHERE, NamedPeer, Peers, PodSelection
from haechi.model import (
    Action,
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressPeer,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicyIngressPeer,
    ClusterNetworkPolicyIngressRule,
    ClusterNetworkPolicyProtocol,
    ClusterNetworkPolicySubject,
    ClusterPolicyKey,
    Direction,
    LabelSelector,
    NamespacedPod,
    Tier,
    TierPolicy,
    TierRuleRef,
    TransportProtocol,
    as_cluster_network_policy,
)
from haechi.select import EVERYTHING, InvalidSelector, Selector
from haechi.sets import PROTOCOL_NUMBERS, AddressSet, PortSet

_Rule = ClusterNetworkPolicyIngressRule | ClusterNetworkPolicyEgressRule
_Peer = ClusterNetworkPolicyIngressPeer | ClusterNetworkPolicyEgressPeer


@dataclass(frozen=True, slots=True)
class OrderedRule:
    """One rule: what becomes of connections with any of `peers` on any of `ports` or of the ports of any name.

    Attributes:
        ref: which rule it is.
        action: what it does.
        peers: the other ends that it matches.
        ports: the ports on which it does; `PortSet.ALL` for a rule without `protocols`.
        names: port names of the destination's pod, of any protocol.
    """

    ref: TierRuleRef
    action: Action
    peers: Peers
    ports: PortSet
    names: tuple[str, ...] = ()

    def protocol_names(self) -> Iterator[tuple[int, str]]:
        """Its port names with every protocol that they can stand for."""
        return ((protocol, name) for name in self.names for protocol in PROTOCOL_NUMBERS.values())

    def named_peers(self) -> Iterator[NamedPeer]:
        """What an egress rule matches by port names, which only pods have."""
        return (NamedPeer(one, *name) for name in self.protocol_names() for one in self.peers.selections)


@dataclass(frozen=True, slots=True)
class OrderedPolicy:
    """A policy of a tier, read.

    Attributes:
        key: kind and name.
        tier: Admin, also for a tier that is not known.
        priority: lower ones are asked first.
        subject: the pods that it is about; None if it chooses them in no known way, and so none.
        directions: those in which it has rules, readable or not.
        ingress: its rules for connections to them, in order, without those that can match nothing.
        egress: the same for connections from them.
        defects: what could not be read.
    """

    key: ClusterPolicyKey
    tier: Tier
    priority: int
    subject: PodSelection | None
    directions: frozenset[Direction] = frozenset()
    ingress: tuple[OrderedRule, ...] = ()
    egress: tuple[OrderedRule, ...] = ()
    defects: tuple[Defect, ...] = ()

    @classmethod
    def read(cls, policy: TierPolicy) -> OrderedPolicy:
        """Read an API object."""
        key = ClusterPolicyKey(policy.kind, policy.name)
        translated = as_cluster_network_policy(policy)
        spec = translated.spec
        defects: list[Defect] = []
        subject = _subject(spec.subject, defects)
        if spec.tier not in tuple(Tier):
            defects.append(Defect("spec.tier", f"{spec.tier!r} is neither Admin nor Baseline"))
        closed = bool(defects)
        ingress, egress = (tuple(_rules(translated, key, each, defects, closed=closed)) for each in Direction)
        tier = Tier.BASELINE if spec.tier == Tier.BASELINE else Tier.ADMIN
        written = {Direction.INGRESS: spec.ingress, Direction.EGRESS: spec.egress}
        directions = frozenset(direction for direction, rules in written.items() if rules)
        return cls(key, tier, spec.priority, subject, directions, ingress, egress, tuple(defects))

    @property
    def order(self) -> tuple[int, str, str]:
        """By what the policies of one tier are sorted; those of one priority by name, which the API leaves open."""
        return self.priority, self.key.name, self.key.kind

    def rules(self, direction: Direction) -> tuple[OrderedRule, ...]:
        """The rules of one direction."""
        return self.ingress if direction is Direction.INGRESS else self.egress

    def selections(self) -> set[PodSelection]:
        """All selections that its decisions depend on."""
        found = set() if self.subject is None else {self.subject}
        return found.union(*[rule.peers.selections for rule in (*self.ingress, *self.egress)])


def _rules(
    policy: ClusterNetworkPolicy, key: ClusterPolicyKey, direction: Direction, defects: list[Defect], *, closed: bool
) -> Iterator[OrderedRule]:
    spec = policy.spec
    written: tuple[_Rule, ...] = spec.ingress if direction is Direction.INGRESS else spec.egress
    for index, rule in enumerate(written):
        ref = TierRuleRef(key, direction, index)
        found = [] if closed else [*_defects(rule, ref)]
        defects += found
        if not closed and not found:
            yield _read(rule, ref)
        elif rule.action != Action.ACCEPT:
            yield OrderedRule(ref, Action.DENY, ANYWHERE, PortSet.ALL)


def _read(rule: _Rule, ref: TierRuleRef) -> OrderedRule:
    action = Action(rule.action)
    peers = Peers.union([read_tier_peer(peer, action) for peer in rule.peers])
    if rule.protocols is None:
        return OrderedRule(ref, action, peers, PortSet.ALL)
    entries = [read_tier_protocol(entry) for entry in rule.protocols]
    ports = PortSet.union_all([each for each in entries if isinstance(each, PortSet)])
    return OrderedRule(ref, action, peers, ports, tuple(sorted({each for each in entries if isinstance(each, str)})))


def _defects(rule: _Rule, ref: TierRuleRef) -> Iterator[Defect]:
    """The parts of a rule that cannot be read."""
    if rule.action not in tuple(Action):
        yield Defect(f"{ref.path}.action", f"{rule.action!r} is neither Accept, Deny nor Pass", ref)
    action = Action(rule.action) if rule.action in tuple(Action) else Action.DENY
    path = f"{ref.path}.{'from' if ref.direction is Direction.INGRESS else 'to'}"
    peers: tuple[_Peer, ...] = rule.peers
    if not peers:
        yield Defect(path, "there is no peer", ref)
    for number, peer in enumerate(peers):
        try:
            read_tier_peer(peer, action)
        except ValueError as error:
            yield Defect(f"{path}[{number}]", str(error), ref)
    if rule.protocols == ():
        yield Defect(f"{ref.path}.protocols", "the list is empty", ref)
    for number, entry in enumerate(rule.protocols or ()):
        try:
            if isinstance(read_tier_protocol(entry), str) and any(map(_has_no_names, peers)):
                raise UnreadablePart("networks, nodes and domain names have no named ports")
        except ValueError as error:
            yield Defect(f"{ref.path}.protocols[{number}]", str(error), ref)


def _subject(subject: ClusterNetworkPolicySubject, defects: list[Defect]) -> PodSelection | None:
    """The pods that a subject selects; of an unreadable selector, those of its readable part."""
    if (subject.namespaces is None) == (subject.pods is None):
        defects.append(Defect("spec.subject", "neither or both of namespaces and pods are given"))
        return None
    if subject.pods is None:
        return PodSelection.of(_readable(subject.namespaces, "spec.subject.namespaces", defects), EVERYTHING)
    if subject.pods.pod_selector is None:
        defects.append(Defect("spec.subject.pods", "there is no podSelector"))
        return None
    namespaces = _readable(subject.pods.namespace_selector, "spec.subject.pods.namespaceSelector", defects)
    return PodSelection.of(namespaces, _readable(subject.pods.pod_selector, "spec.subject.pods.podSelector", defects))


def _readable(selector: LabelSelector | None, path: str, defects: list[Defect]) -> Selector:
    if selector is None:
        return EVERYTHING
    try:
        return Selector.parse(selector)
    except InvalidSelector as error:
        defects.append(Defect(path, str(error)))
    found = [Selector.parse(LabelSelector(match_labels=selector.match_labels))]
    for expression in selector.match_expressions:
        try:
            found.append(Selector.parse(LabelSelector(match_expressions=(expression,))))
        except InvalidSelector:
            continue
    return Selector.all_of([requirement for one in found for requirement in one.requirements])


def read_tier_peer(peer: _Peer, action: Action) -> Peers:
    """What one item of `from` or `to` of a rule with this action matches.

    Raises:
        ValueError: it cannot be read.
    """
    found: list[Peers] = []
    if peer.namespaces is not None:
        selection = PodSelection.of(Selector.parse(peer.namespaces), EVERYTHING)
        found.append(Peers(selections=frozenset((selection,))))
    if peer.pods is not None:
        found.append(Peers(selections=frozenset((_pods(peer.pods),))))
    if isinstance(peer, ClusterNetworkPolicyEgressPeer):
        if peer.nodes is not None:
            found.append(Peers(nodes=frozenset((Selector.parse(peer.nodes),))))
        if peer.networks:
            found.append(Peers(blocks=AddressSet.union_all([_network(text) for text in peer.networks])))
        if peer.domain_names:
            if action is not Action.ACCEPT:
                raise UnreadablePart("domain names can only be accepted")
            found.append(Peers())  # no address is known to have the name
    if len(found) != 1:
        raise UnreadablePart("a peer has none or several of the known fields")
    return found[0]


def _pods(pods: NamespacedPod) -> PodSelection:
    if pods.pod_selector is None:
        raise UnreadablePart("there is no podSelector")
    namespaces = EVERYTHING if pods.namespace_selector is None else Selector.parse(pods.namespace_selector)
    return PodSelection.of(namespaces, Selector.parse(pods.pod_selector))


def _network(cidr: str) -> AddressSet:
    if "/" not in cidr:
        raise UnreadablePart(f"{cidr!r}: not a CIDR")
    return AddressSet.from_cidr(cidr)


def _has_no_names(peer: _Peer) -> bool:
    return isinstance(peer, ClusterNetworkPolicyEgressPeer) and bool(
        peer.networks or peer.domain_names or peer.nodes is not None
    )


def read_tier_protocol(entry: ClusterNetworkPolicyProtocol) -> PortSet | str:
    """What one item of `protocols` matches: ports, or a port name of any protocol.

    Raises:
        ValueError: it cannot be read.
    """
    found: list[PortSet | str] = []
    for name, transport in (("TCP", entry.tcp), ("UDP", entry.udp), ("SCTP", entry.sctp)):
        if transport is not None:
            found.append(PortSet.port(PROTOCOL_NUMBERS[name], *_ports(transport)))
    if entry.destination_named_port is not None:
        if not entry.destination_named_port:
            raise UnreadablePart("a port has an empty name")
        found.append(entry.destination_named_port)
    if len(found) != 1:
        raise UnreadablePart("an entry has none or several of the known fields")
    return found[0]


def _ports(transport: TransportProtocol) -> tuple[int, int]:
    port = transport.destination_port
    if port is None or (port.number is None) == (port.range is None):
        raise UnreadablePart("destinationPort has none or several of the known fields")
    first, last = (port.number or 0, port.number or 0) if port.range is None else (port.range.start, port.range.end)
    if not 1 <= first <= last <= 65535:
        raise UnreadablePart(f"ports {first} to {last} are not within 1 and 65535")
    return first, last
