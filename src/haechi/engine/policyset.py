"""What several policies together allow a pod in one direction: one stage of a side's verdict.

Why: policies are additive, so a pod's verdict depends on the *set* of policies that select it. All pods with the same
set (and, for ingress, the same numbers for the port names in it) are one class and share one value, for which the
kernel has one chain. Overlapping rules are split and merged into a canonical function from ports to peers, so a packet
needs one look-up by port and one by peer, however many policies there are. For example:

    from X, ports 80-90          ├─────────────────┤
    from Y, ports 85-99                   ├──────────────────┤
    from X, port 99                                          │
    from Z, every port       ─────────────────────────────────────────

    everywhere   Z
    by_ports     {80-84: X}, {85-90, 99: X and Y}, {91-98: Y}

It decides everything for the pods that it isolates; all other pods have no policy set. Ordered tiers come before and
after it (`haechi.engine.tierset`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from haechi.engine.endpoint import NamedPort
from haechi.engine.policy import Policy, PolicyRule
from haechi.engine.selection import NO_PEERS, NamedPeer, Peers, PodSelection
from haechi.model import Direction, PolicyKey
from haechi.sets import AddressSet, PortSet


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The union of the rules of some policies in one direction.

    Attributes:
        direction: of the connection, as the isolated pod sees it.
        policies: which policies, sorted.
        everywhere: peers allowed on every port of every protocol.
        by_ports: further peers on some ports: disjoint port sets with different peers, by lowest port.
        named: egress only: pods allowed on the number that they themselves give to a port name.
    """

    direction: Direction
    policies: tuple[PolicyKey, ...]
    everywhere: Peers = NO_PEERS
    by_ports: tuple[tuple[PortSet, Peers], ...] = ()
    named: frozenset[NamedPeer] = frozenset()

    @classmethod
    def of(cls, direction: Direction, policies: Iterable[Policy], ports: tuple[NamedPort, ...]) -> PolicySet:
        """Merge policies; `ports` are the named ports of the isolated pod, on which ingress names are looked up."""
        chosen = sorted(policies, key=lambda policy: policy.key)
        rules = [rule for policy in chosen for rule in policy.rules(direction)]
        keys = tuple(policy.key for policy in chosen)
        ingress = direction is Direction.INGRESS
        grouped: dict[PortSet, list[Peers]] = {}
        for rule in rules:
            allowed = _resolved(rule, ports) if ingress else rule.ports
            if allowed:
                grouped.setdefault(allowed, []).append(rule.peers)
        everywhere = Peers.union(grouped.pop(PortSet.ALL, []))
        if everywhere.anywhere:
            return cls(direction, keys, everywhere)
        named = frozenset() if ingress else _named(everywhere, (peer for rule in rules for peer in rule.named_peers()))
        groups = [(allowed, Peers.union(peers).without(everywhere)) for allowed, peers in grouped.items()]
        return cls(direction, keys, everywhere, _by_ports(groups), named)

    def at(self, protocol: int, port: int) -> Iterator[Peers]:
        """The peers allowed on one port; named peers not included."""
        yield self.everywhere
        for ports, peers in self.by_ports:
            if ports.contains(protocol, port):
                yield peers
                return

    def selections(self) -> set[PodSelection]:
        """All selections among the peers."""
        found = set(self.everywhere.selections)
        for _, peers in self.by_ports:
            found |= peers.selections
        return found | {peer.selection for peer in self.named}


def _named(everywhere: Peers, peers: Iterable[NamedPeer]) -> frozenset[NamedPeer]:
    """The union of `peers`, canonical, without what is allowed everywhere."""
    within: dict[tuple[PodSelection, int, str], list[AddressSet]] = {}
    for peer in peers:
        if peer.selection not in everywhere.selections:
            within.setdefault(peer[:3], []).append(peer.within)
    found: set[NamedPeer] = set()
    for key, addresses in within.items():
        meant = AddressSet.ALL if AddressSet.ALL in addresses else AddressSet.union_all(addresses) - everywhere.blocks
        if meant:
            found.add(NamedPeer(*key, meant))
    return frozenset(found)


def _resolved(rule: PolicyRule, ports: tuple[NamedPort, ...]) -> PortSet:
    """The rule's ports, with its names resolved on the isolated pod; a name that the pod does not have adds nothing."""
    if not rule.names:
        return rule.ports
    return rule.ports | ports_by_name(ports, rule.names)


def ports_by_name(ports: Iterable[NamedPort], names: Collection[tuple[int, str]]) -> PortSet:
    """A pod's ports that have one of these names, each an IP protocol and a port name."""
    found = [PortSet.port(port.protocol, port.number) for port in ports if (port.protocol, port.name) in names]
    return PortSet.union_all(found)


def _by_ports(groups: list[tuple[PortSet, Peers]]) -> tuple[tuple[PortSet, Peers], ...]:
    """Split overlapping groups into disjoint intervals, then join those with the same peers (see the module)."""
    if len(groups) < 2:
        return tuple(group for group in groups if group[1])
    found: dict[Peers, list[tuple[int, int]]] = {}
    unions: dict[frozenset[int], Peers] = {}
    for first, last, active in sweep([ports for ports, _ in groups]):
        peers = unions.get(active)
        if peers is None:
            peers = unions[active] = Peers.union([groups[number][1] for number in active])
        if peers:
            found.setdefault(peers, []).append((first, last))
    joined = [(PortSet(intervals), peers) for peers, intervals in found.items()]
    return tuple(sorted(joined, key=lambda each: each[0].min))


def sweep(sets: Sequence[PortSet] | Sequence[AddressSet]) -> Iterator[tuple[int, int, frozenset[int]]]:
    """Every interval of the line within which the same sets of ports or of addresses apply, with their indexes."""
    flips: dict[int, list[int]] = {}
    for number, ports in enumerate(sets):
        for first, last in ports.intervals:
            flips.setdefault(first, []).append(number)
            flips.setdefault(last + 1, []).append(number)
    active: frozenset[int] = frozenset()
    start = 0
    for point in sorted(flips):
        if active:
            yield start, point - 1, active
        active, start = active.symmetric_difference(flips[point]), point
