"""What policies mean for the pods of a node: all packets at once, read literally.

Why: the proof compares the kernel with the specification, not with the engine that wrote the kernel's rules. So this
shares no code with `haechi.engine`: rules are read as `haechi.reference` reads them, one policy after the other, only
with sets of addresses and ports in the place of single packets. Promises (tested) that `Meaning.traffic` holds exactly
the packets that `haechi.reference.side` allows. Like there, what cannot be read allows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from haechi.model import (
    Direction,
    LabelSelector,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    PodKey,
    PolicyKey,
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
from haechi.sets import AddressSet, PortSet, Traffic
from haechi.verify.population import Kind, NamedPorts
from haechi.verify.state import State

Rule = NetworkPolicyIngressRule | NetworkPolicyEgressRule
_V6_START = 1 << 32


class Meant(NamedTuple):
    """The pods that some peers mean: their addresses, and the same by the port names that they have."""

    addresses: AddressSet
    by_ports: tuple[tuple[NamedPorts, AddressSet], ...]


class RuleOf(NamedTuple):
    """A rule of a policy: whose, its direction and its number."""

    policy: PolicyKey
    direction: Direction
    number: int

    @property
    def path(self) -> str:
        """Where it stands in the policy."""
        return f"spec.{self.direction.value.lower()}[{self.number}]"


class Meaning:
    """What the policies of a cluster mean, as long as it does not change."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.population = state.population
        self._peers: dict[tuple[str, bytes], Meant] = {}
        self._sides: dict[tuple[Kind, Direction], Traffic | None] = {}
        self._within: dict[AddressSet, dict[Kind, list[int]]] = {}

    def traffic(self, key: PodKey, direction: Direction, within: AddressSet = AddressSet.ALL) -> Traffic | None:
        """What a pod may do in one direction, by the address of the other end, for other ends among `within`.

        None if it is not isolated. Itself is always among what an isolated pod may reach.
        """
        resident = self.population.residents()[key]
        if within is AddressSet.ALL:
            asked = (resident.kind, direction)
            if asked not in self._sides:
                self._sides[asked] = self._side(resident.kind, direction, within)
            found = self._sides[asked]
        else:
            found = self._side(resident.kind, direction, within)
        if found is None:
            return None
        own = [address for address in self.population.own(key) if address in within]
        return found | Traffic.of(AddressSet.of(*own), PortSet.ALL) if own else found

    def _side(self, kind: Kind, direction: Direction, within: AddressSet) -> Traffic | None:
        policies = self.state.isolating(kind, direction)
        if not policies:
            return None
        terms = [
            term
            for _, policy in policies
            for rule in rules(policy, direction)
            for term in self.terms(rule, policy.namespace, kind, within)
        ]
        return Traffic.from_terms(terms) if terms else Traffic.NONE

    def rules_for(
        self, key: PodKey, direction: Direction, remote: int, protocol: int, port: int
    ) -> tuple[list[PolicyKey], list[RuleOf]]:
        """The policies that isolate a pod, and those of their rules that allow one packet from or to `remote`."""
        kind = self.population.residents()[key].kind
        policies = self.state.isolating(kind, direction)
        allowing = [
            RuleOf(name, direction, number)
            for name, policy in policies
            for number, rule in enumerate(rules(policy, direction))
            if Traffic.from_terms(self.terms(rule, policy.namespace, kind, AddressSet.of(remote))).contains(
                remote, protocol, port
            )
        ]
        return [name for name, _ in policies], allowing

    def terms(self, rule: Rule, namespace: str, subject: Kind, within: AddressSet) -> list[tuple[AddressSet, PortSet]]:
        """What one rule allows the subject, for other ends among `within`; nothing if a part of it cannot be read."""
        egress = isinstance(rule, NetworkPolicyEgressRule)
        try:
            blocks, meant = self._meant(rule.peers, namespace, within)
            anyone = blocks | meant.addresses if rule.peers else within
            if not anyone:
                return []
            numbered = [_numbered(port) for port in rule.ports]
        except Unreadable:
            return []
        if not rule.ports:
            return [(anyone, PortSet.ALL)]
        found = [(anyone, PortSet.union_all([ports for ports in numbered if ports is not None]))]
        names = [(protocol_of(port), port.port) for port in rule.ports if isinstance(port.port, str)]
        if not names:
            return found
        if not egress:
            return [*found, (anyone, _behind(names, subject.ports))]
        if not rule.peers:
            meant = self._pods(_ANY_POD, namespace, within)
        return [*found, *((addresses, _behind(names, ports)) for ports, addresses in meant.by_ports)]

    def _meant(
        self, peers: tuple[NetworkPolicyPeer, ...], namespace: str, within: AddressSet
    ) -> tuple[AddressSet, Meant]:
        """The ipBlocks of some peers, and the pods that they mean."""
        blocks: list[AddressSet] = []
        pods: list[Meant] = []
        for peer in peers:
            if peer.ip_block is not None:
                if peer.pod_selector is not None or peer.namespace_selector is not None:
                    raise Unreadable
                blocks.append(_block(peer.ip_block.cidr, peer.ip_block.except_) & within)
            elif peer.pod_selector is None and peer.namespace_selector is None:
                raise Unreadable
            else:
                pods.append(self._pods(peer, namespace, within))
        if len(pods) < 2:
            return AddressSet.union_all(blocks), pods[0] if pods else _NOBODY
        by_ports: dict[NamedPorts, list[AddressSet]] = {}
        for each in pods:
            for ports, addresses in each.by_ports:
                by_ports.setdefault(ports, []).append(addresses)
        joined = tuple((ports, AddressSet.union_all(sets)) for ports, sets in by_ports.items())
        return AddressSet.union_all(blocks), Meant(AddressSet.union_all([each.addresses for each in pods]), joined)

    def _pods(self, peer: NetworkPolicyPeer, namespace: str, within: AddressSet) -> Meant:
        for selector in (peer.pod_selector, peer.namespace_selector):
            if selector is not None and not all(map(is_readable, expressions(selector))):
                raise Unreadable
        if within is not AddressSet.ALL:
            return self._pods_within(peer, namespace, within)
        asked = (namespace if peer.namespace_selector is None else "", msgspec.msgpack.encode(peer))
        found = self._peers.get(asked)
        if found is None:
            points_of: dict[NamedPorts, list[int]] = {}
            for kind in self._kinds(peer, namespace):
                points_of.setdefault(kind.ports, []).extend(self.population.addresses_of(kind))
            found = self._peers[asked] = _meant(points_of)
        return found

    def _kinds(self, peer: NetworkPolicyPeer, namespace: str) -> Iterator[Kind]:
        """The kinds of pods that a peer means."""
        names: Iterable[str] = (namespace,)
        if peer.namespace_selector is not None:
            scope = peer.namespace_selector
            names = [name for name in self.population.namespaces() if selects(scope, self.state.labels(name))]
        for name in names:
            for kind in self.population.kinds(name):
                if peer.pod_selector is None or _selected(peer.pod_selector, kind):
                    yield kind

    def _pods_within(self, peer: NetworkPolicyPeer, namespace: str, within: AddressSet) -> Meant:
        points_of: dict[NamedPorts, list[int]] = {}
        for kind, addresses in self._owners(within).items():
            if self._is_meant(peer, namespace, kind):
                points_of.setdefault(kind.ports, []).extend(addresses)
        return _meant(points_of) if points_of else _NOBODY

    def _owners(self, within: AddressSet) -> dict[Kind, list[int]]:
        """The addresses among these that belong to pods, by kind."""
        found = self._within.get(within)
        if found is None:
            found = self._within[within] = {}
            residents = self.population.residents()
            for address, key in self.population.owners_within(within):
                found.setdefault(residents[key].kind, []).append(address)
        return found

    def _is_meant(self, peer: NetworkPolicyPeer, namespace: str, kind: Kind) -> bool:
        if peer.namespace_selector is None:
            if kind.namespace != namespace:
                return False
        elif not selects(peer.namespace_selector, self.state.labels(kind.namespace)):
            return False
        return peer.pod_selector is None or _selected(peer.pod_selector, kind)


_NOBODY = Meant(AddressSet.NONE, ())
_ANY_POD = NetworkPolicyPeer(namespace_selector=LabelSelector())


def _selected(selector: LabelSelector, kind: Kind) -> bool:
    return selects(selector, dict(kind.labels))


def _meant(points_of: Mapping[NamedPorts, list[int]]) -> Meant:
    by_ports = tuple((ports, AddressSet.of(*found)) for ports, found in points_of.items())
    return Meant(AddressSet.union_all([addresses for _, addresses in by_ports]), by_ports)


@lru_cache(maxsize=4096)
def _block(cidr: str, exceptions: tuple[str, ...]) -> AddressSet:
    """In the CIDR and in none of its exceptions."""
    first, *rest = [_network(text) for text in (cidr, *exceptions)]
    return first - AddressSet.union_all(rest)


@lru_cache(maxsize=4096)
def _network(text: str) -> AddressSet:
    found = network(text)
    base = _V6_START if found.version == 6 else 0
    return AddressSet([(base + int(found.network_address), base + int(found.broadcast_address))])


def protocol_of(port: NetworkPolicyPort) -> int:
    """The protocol number of an item of `ports`. Raises `Unreadable`."""
    found = PROTOCOLS.get("TCP" if port.protocol is None else port.protocol)
    if found is None:
        raise Unreadable
    return found


def _numbered(port: NetworkPolicyPort) -> PortSet | None:
    """The ports that an item of `ports` means; None if it is a name. Raises `Unreadable`."""
    protocol = protocol_of(port)
    if isinstance(port.port, int):
        last = port.port if port.end_port is None else port.end_port
        if not 1 <= port.port <= last <= 65535:
            raise Unreadable
        return PortSet.port(protocol, port.port, last)
    if port.port == "" or port.end_port is not None:
        raise Unreadable
    return PortSet.protocol(protocol) if port.port is None else None


def _behind(names: list[tuple[int, str]], ports: NamedPorts) -> PortSet:
    """The numbers that a pod with these named ports gives to some names."""
    return PortSet.union_all([PortSet.port(number, port) for number, name, port in ports if (number, name) in names])
