"""What policies allow the pods of a node: all packets at once, read literally.

Why: the proof compares the kernel with the specification, not with the engine that wrote the kernel's rules. So this
shares no code with `haechi.engine`: rules are read as `haechi.reference` reads them, one policy after the other, with
sets of addresses and ports instead of single packets. `Meaning.traffic` holds exactly the packets that
`haechi.reference.side` allows (tested). As there, a rule with an unreadable part allows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from haechi.model import (
    Action,
    ClusterPolicyKey,
    Direction,
    LabelSelector,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    PodKey,
    PolicyKey,
    RuleRef,
    Tier,
    TierRuleRef,
)
from haechi.reference import (
    PROTOCOLS,
    Unreadable,
    expressions,
    is_readable,
    network,
    rules,
    selects,
)
from haechi.sets import V6_START, AddressSet, PortSet, Traffic
from haechi.verify.pods import NamedPorts, PodTraits
from haechi.verify.state import ClusterState
from haechi.verify.tiers import ClusterLookup, PeerPods, rule_effect, rules_of


class _SideMeaning(NamedTuple):
    """What policies allow one end.

    Attributes:
        allowed: by the address of the other end.
        to_itself: what NetworkPolicies do not restrict of what the pod sends to itself; tiers have decided the rest.
    """

    allowed: Traffic
    to_itself: Traffic


class Meaning:
    """What the policies of a cluster allow. A snapshot: after a change of the state, make a new one."""

    def __init__(self, state: ClusterState) -> None:
        self.state = state
        self.pods = state.pods
        self._peers: dict[tuple[str, bytes], PeerPods] = {}
        self._sides: dict[tuple[PodTraits, Direction], _SideMeaning | None] = {}
        self._within: dict[AddressSet, dict[PodTraits, list[int]]] = {}

    def traffic(self, key: PodKey, direction: Direction, within: AddressSet = AddressSet.ALL) -> Traffic | None:
        """What a pod may send or receive, as a function of the other end's address, for other ends among `within`.

        None if no policy is about the pod in this direction. A pod reaches itself, through a Service, unless a tier
        denies it.
        """
        traits = self.pods[key].traits
        if within is AddressSet.ALL:
            if (traits, direction) not in self._sides:
                self._sides[traits, direction] = self._side(traits, direction, within)
            found = self._sides[traits, direction]
        else:
            found = self._side(traits, direction, within)
        if found is None:
            return None
        own = [address for address in self.pods.own(key) if address in within]
        to_itself = Traffic.of(AddressSet.of(*own), PortSet.ALL) & found.to_itself if own else Traffic.NONE
        return found.allowed | to_itself

    def _side(self, traits: PodTraits, direction: Direction, within: AddressSet) -> _SideMeaning | None:
        policies = self.state.isolating(traits, direction)
        is_restricted = bool(policies)
        allowed, undecided = Traffic.NONE, Traffic.of(within, PortSet.ALL)
        for tier in (Tier.ADMIN,) if policies else Tier:  # NetworkPolicies decide everything before the baseline
            asked = undecided
            for _, effect in self._effects(traits, direction, tier, within):
                is_restricted = True
                if effect is not None:
                    action, matched = effect
                    decided = matched & asked
                    asked -= decided
                    allowed |= decided if action is Action.ACCEPT else Traffic.NONE
                    undecided -= Traffic.NONE if action is Action.PASS else decided
        if not is_restricted:
            return None
        if not policies:
            return _SideMeaning(allowed | undecided, Traffic.NONE)
        terms = [
            term
            for _, policy in policies
            for rule in rules(policy, direction)
            for term in self.terms(rule, policy.namespace, traits, within)
        ]
        return _SideMeaning(allowed | (Traffic.from_terms(terms) & undecided), undecided)

    def _effects(
        self, traits: PodTraits, direction: Direction, tier: Tier, within: AddressSet
    ) -> Iterator[tuple[TierRuleRef, tuple[Action, Traffic] | None]]:
        """The rules of a tier about pods with these traits, in order, each with its effect."""
        lookup = ClusterLookup(
            lambda peer: self._pods_of(peer, "", within),
            lambda selector: self._nodes_of(selector) & within,
            lambda text: _network(text) & within,
        )
        for key, policy in self.state.ordered(traits, tier):
            for index, rule in enumerate(rules_of(policy, direction)):
                yield TierRuleRef(key, direction, index), rule_effect(policy, rule, traits.ports, lookup)

    def _nodes_of(self, selector: LabelSelector) -> AddressSet:
        if not all(map(is_readable, expressions(selector))):
            raise Unreadable
        return self.state.addresses_of_nodes(selector)

    def deciding_rule(
        self, key: PodKey, direction: Direction, remote: int, protocol: int, port: int
    ) -> tuple[Action, TierRuleRef] | None:
        """The rule of a tier that accepts or denies one packet from or to `remote`; None if no tier decides."""
        traits = self.pods[key].traits
        for tier in (Tier.ADMIN,) if self.state.isolating(traits, direction) else Tier:
            for ref, effect in self._effects(traits, direction, tier, AddressSet.of(remote)):
                if effect is not None and effect[1].contains(remote, protocol, port):
                    if effect[0] is not Action.PASS:
                        return effect[0], ref
                    break
        return None

    def tier_policies(self, key: PodKey, direction: Direction) -> list[ClusterPolicyKey]:
        """The policies of tiers that have rules about a pod in one direction and are asked."""
        traits = self.pods[key].traits
        tiers = (Tier.ADMIN,) if self.state.isolating(traits, direction) else Tier
        return [
            name for tier in tiers for name, policy in self.state.ordered(traits, tier) if rules_of(policy, direction)
        ]

    def rules_for(
        self, key: PodKey, direction: Direction, remote: int, protocol: int, port: int
    ) -> tuple[list[PolicyKey], list[RuleRef]]:
        """The policies that isolate a pod, and those of their rules that allow one packet from or to `remote`."""
        traits = self.pods[key].traits
        policies = self.state.isolating(traits, direction)
        allowing = [
            RuleRef(name, direction, index)
            for name, policy in policies
            for index, rule in enumerate(rules(policy, direction))
            if Traffic.from_terms(self.terms(rule, policy.namespace, traits, AddressSet.of(remote))).contains(
                remote, protocol, port
            )
        ]
        return [name for name, _ in policies], allowing

    def terms(
        self,
        rule: NetworkPolicyIngressRule | NetworkPolicyEgressRule,
        namespace: str,
        subject: PodTraits,
        within: AddressSet,
    ) -> list[tuple[AddressSet, PortSet]]:
        """What one rule allows the subject, for other ends among `within`; nothing if a part of it is unreadable.

        A port name has the number that the destination's pod gives it: the subject's for ingress, each peer's own for
        egress, whether a selector or an ipBlock matches it.
        """
        try:
            blocks, selected = self._peers_of(rule.peers, namespace, within)
            others = blocks | selected.addresses if rule.peers else within
            if not others:
                return []
            numbered = [_numbered(port) for port in rule.ports]
        except Unreadable:
            return []
        if not rule.ports:
            return [(others, PortSet.ALL)]
        found = [(others, PortSet.union_all([ports for ports in numbered if ports is not None]))]
        names = [(protocol_of(port), port.port) for port in rule.ports if isinstance(port.port, str)]
        if not names:
            return found
        if isinstance(rule, NetworkPolicyIngressRule):
            return [*found, (others, _resolved(names, subject.ports))]
        if not rule.peers:
            selected = self._pods_of(_ANY_POD, namespace, within)
        named = [*selected.by_ports]
        if blocks:
            named += self._pods_of(_ANY_POD, namespace, blocks).by_ports
        return [*found, *((addresses, _resolved(names, ports)) for ports, addresses in named)]

    def _peers_of(
        self, peers: tuple[NetworkPolicyPeer, ...], namespace: str, within: AddressSet
    ) -> tuple[AddressSet, PeerPods]:
        """The ipBlocks of some peers, and the pods that they select. Raises `Unreadable`."""
        blocks: list[AddressSet] = []
        pods: list[PeerPods] = []
        for peer in peers:
            if peer.ip_block is not None:
                if peer.pod_selector is not None or peer.namespace_selector is not None:
                    raise Unreadable
                blocks.append(_block(peer.ip_block.cidr, peer.ip_block.except_) & within)
            elif peer.pod_selector is None and peer.namespace_selector is None:
                raise Unreadable
            else:
                pods.append(self._pods_of(peer, namespace, within))
        if len(pods) < 2:
            return AddressSet.union_all(blocks), pods[0] if pods else _NO_PODS
        by_ports: dict[NamedPorts, list[AddressSet]] = {}
        for each in pods:
            for ports, addresses in each.by_ports:
                by_ports.setdefault(ports, []).append(addresses)
        joined = tuple((ports, AddressSet.union_all(sets)) for ports, sets in by_ports.items())
        return AddressSet.union_all(blocks), PeerPods(AddressSet.union_all([each.addresses for each in pods]), joined)

    def _pods_of(self, peer: NetworkPolicyPeer, namespace: str, within: AddressSet) -> PeerPods:
        """The pods that a peer selects. Raises `Unreadable`."""
        for selector in (peer.pod_selector, peer.namespace_selector):
            if selector is not None and not all(map(is_readable, expressions(selector))):
                raise Unreadable
        if within is not AddressSet.ALL:
            return self._pods_within(peer, namespace, within)
        cached = (namespace if peer.namespace_selector is None else "", msgspec.msgpack.encode(peer))
        found = self._peers.get(cached)
        if found is None:
            addresses_of: dict[NamedPorts, list[int]] = {}
            for traits in self._selected_traits(peer, namespace):
                addresses_of.setdefault(traits.ports, []).extend(self.pods.addresses_of(traits))
            found = self._peers[cached] = _peer_pods(addresses_of)
        return found

    def _selected_traits(self, peer: NetworkPolicyPeer, namespace: str) -> Iterator[PodTraits]:
        names: Iterable[str] = (namespace,)
        if peer.namespace_selector is not None:
            scope = peer.namespace_selector
            names = [name for name in self.pods.namespaces() if selects(scope, self.state.labels(name))]
        for name in names:
            for traits in self.pods.traits(name):
                if peer.pod_selector is None or _has_labels(peer.pod_selector, traits):
                    yield traits

    def _pods_within(self, peer: NetworkPolicyPeer, namespace: str, within: AddressSet) -> PeerPods:
        """The same for few addresses: starts from their pods, not from all pods of the cluster."""
        addresses_of: dict[NamedPorts, list[int]] = {}
        for traits, addresses in self._owners(within).items():
            if self._is_selected(peer, namespace, traits):
                addresses_of.setdefault(traits.ports, []).extend(addresses)
        return _peer_pods(addresses_of) if addresses_of else _NO_PODS

    def _owners(self, within: AddressSet) -> dict[PodTraits, list[int]]:
        """Those of the addresses that belong to pods, by the traits of the pods."""
        found = self._within.get(within)
        if found is None:
            found = self._within[within] = {}
            for address, key in self.pods.owners_within(within):
                found.setdefault(self.pods[key].traits, []).append(address)
        return found

    def _is_selected(self, peer: NetworkPolicyPeer, namespace: str, traits: PodTraits) -> bool:
        if peer.namespace_selector is None:
            if traits.namespace != namespace:
                return False
        elif not selects(peer.namespace_selector, self.state.labels(traits.namespace)):
            return False
        return peer.pod_selector is None or _has_labels(peer.pod_selector, traits)


_NO_PODS = PeerPods(AddressSet.NONE, ())
_ANY_POD = NetworkPolicyPeer(namespace_selector=LabelSelector())


def _has_labels(selector: LabelSelector, traits: PodTraits) -> bool:
    return selects(selector, dict(traits.labels))


def _peer_pods(addresses_of: Mapping[NamedPorts, list[int]]) -> PeerPods:
    by_ports = tuple((ports, AddressSet.of(*addresses)) for ports, addresses in addresses_of.items())
    return PeerPods(AddressSet.union_all([addresses for _, addresses in by_ports]), by_ports)


@lru_cache(maxsize=4096)
def _block(cidr: str, exceptions: tuple[str, ...]) -> AddressSet:
    """The addresses of a CIDR that are in none of its exceptions."""
    first, *rest = [_network(text) for text in (cidr, *exceptions)]
    return first - AddressSet.union_all(rest)


@lru_cache(maxsize=4096)
def _network(text: str) -> AddressSet:
    found = network(text)
    base = V6_START if found.version == 6 else 0
    return AddressSet([(base + int(found.network_address), base + int(found.broadcast_address))])


def protocol_of(port: NetworkPolicyPort) -> int:
    """The protocol number of an item of `ports`. Raises `Unreadable`."""
    found = PROTOCOLS.get("TCP" if port.protocol is None else port.protocol)
    if found is None:
        raise Unreadable
    return found


def _numbered(port: NetworkPolicyPort) -> PortSet | None:
    """The ports of an item of `ports`; None if it is a name. Raises `Unreadable`."""
    protocol = protocol_of(port)
    if isinstance(port.port, int):
        last = port.port if port.end_port is None else port.end_port
        if not 1 <= port.port <= last <= 65535:
            raise Unreadable
        return PortSet.port(protocol, port.port, last)
    if port.port == "" or port.end_port is not None:
        raise Unreadable
    return PortSet.protocol(protocol) if port.port is None else None


def _resolved(names: list[tuple[int, str]], ports: NamedPorts) -> PortSet:
    """The numbers of some port names in a pod with these named ports."""
    return PortSet.union_all([PortSet.port(number, port) for number, name, port in ports if (number, name) in names])
