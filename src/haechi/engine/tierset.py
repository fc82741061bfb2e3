"""What the policies of one tier together do with a pod's connections in one direction.

Why: their rules are ordered, but a packet should not be compared with each of them. So the port line is cut where rules
begin and end, and in each piece the rules that apply become the shortest list of entries, each an action and peers,
that is to be asked in order. Rules move together where order does not matter: an entry may pass others of another
action if they cannot match the same address. For example, for all ports:

    Accept  app=a                      Accept  app=a, 10.0.0.0/9
    Deny    10.128.0.0/9        ──▶    Deny    10.128.0.0/9, app=b
    Accept  10.0.0.0/9
    Deny    app=b, app=a                       app=a never gets here: it is accepted before

What remains in order are peers that really may overlap. Entries that can never be reached and a Pass with nothing
after it are left out, since what no entry matches goes on to the next tier as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from haechi.engine.endpoint import NamedPort
from haechi.engine.policyset import ports_by_name, sweep
from haechi.engine.selection import NamedPeer, Peers, PodSelection
from haechi.engine.tierpolicy import OrderedPolicy, OrderedRule
from haechi.model import Action, ClusterPolicyKey, Direction, Tier
from haechi.sets import PortSet

_MOST_COMPARED = 300
"""Entries up to which rules are moved together."""


@dataclass(frozen=True, slots=True)
class TierEntry:
    """What becomes of connections with some peers; `named` are pods on the numbers that they give to port names."""

    action: Action
    peers: Peers
    named: frozenset[NamedPeer] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.peers) or bool(self.named)


Entries = tuple[TierEntry, ...]


@dataclass(frozen=True, slots=True)
class TierSet:
    """The rules of some policies of a tier in one direction, united.

    Attributes:
        tier: which.
        direction: of the connection, as the pod sees it.
        policies: which policies, in order.
        everywhere: the entries on all other ports and protocols.
        by_ports: the entries on some ports: disjoint port sets with different lists, by lowest port.
    """

    tier: Tier
    direction: Direction
    policies: tuple[ClusterPolicyKey, ...]
    everywhere: Entries = ()
    by_ports: tuple[tuple[PortSet, Entries], ...] = ()

    @classmethod
    def of(
        cls, tier: Tier, direction: Direction, policies: Iterable[OrderedPolicy], ports: tuple[NamedPort, ...]
    ) -> TierSet:
        """Unite policies; `ports` are the named ports of the pod, on which names of ingress rules are looked up."""
        chosen = sorted(policies, key=lambda policy: policy.order)
        rules = [rule for policy in chosen for rule in policy.rules(direction)]
        ingress = direction is Direction.INGRESS
        resolved = [_resolved(rule, ports) if ingress else rule.ports for rule in rules]
        named = [frozenset[NamedPeer]() if ingress else frozenset(rule.named_peers()) for rule in rules]
        always = frozenset(number for number, own in enumerate(resolved) if own == PortSet.ALL or named[number])
        limited = [number for number, own in enumerate(resolved) if own and own != PortSet.ALL]

        def entries(active: frozenset[int]) -> Entries:
            listed = [
                TierEntry(
                    rules[number].action,
                    rules[number].peers if resolved[number] == PortSet.ALL or number in active else Peers(),
                    named[number],
                )
                for number in sorted(always | active)
            ]
            return united(listed)

        everywhere = entries(frozenset())
        found: dict[Entries, list[tuple[int, int]]] = {}
        known: dict[frozenset[int], Entries] = {}
        for first, last, places in sweep([resolved[number] for number in limited]):
            active = frozenset(limited[place] for place in places)
            if active not in known:
                known[active] = entries(active)
            if known[active] != everywhere:
                found.setdefault(known[active], []).append((first, last))
        by_ports = [(PortSet(intervals), listed) for listed, intervals in found.items()]
        keys = tuple(policy.key for policy in chosen)
        return cls(tier, direction, keys, everywhere, tuple(sorted(by_ports, key=lambda each: each[0].min)))

    def at(self, protocol: int, port: int) -> Entries:
        """The entries on one port, in order."""
        for ports, entries in self.by_ports:
            if ports.contains(protocol, port):
                return entries
        return self.everywhere

    def lists(self) -> Iterator[Entries]:
        """Every list of entries."""
        yield self.everywhere
        yield from (entries for _, entries in self.by_ports)

    def pieces(self) -> Iterator[tuple[PortSet, Entries]]:
        """Every list of entries, with the ports on which it decides."""
        yield PortSet.ALL - PortSet.union_all([ports for ports, _ in self.by_ports]), self.everywhere
        yield from self.by_ports

    def selections(self) -> set[PodSelection]:
        """All selections among the peers."""
        listed = [entry for entries in self.lists() for entry in entries]
        found = {selection for entry in listed for selection in entry.peers.selections}
        return found | {named.selection for entry in listed for named in entry.named}


def _resolved(rule: OrderedRule, ports: tuple[NamedPort, ...]) -> PortSet:
    return rule.ports | ports_by_name(ports, [*rule.protocol_names()]) if rule.names else rule.ports


def united(entries: Iterable[TierEntry]) -> Entries:
    """The shortest list with the same meaning that this module finds."""
    found: list[TierEntry] = []
    for entry in _reachable(entries):
        place = _place(found, entry) if len(found) <= _MOST_COMPARED else len(found)
        if place < len(found):
            found[place] = _union(found[place], entry)
        else:
            found.append(entry)
    while found and found[-1].action is Action.PASS:
        found.pop()
    return tuple(found)


def _reachable(entries: Iterable[TierEntry]) -> Iterator[TierEntry]:
    """The entries without peers that earlier ones match on every port."""
    selections: set[PodSelection] = set()
    before = Peers()
    for entry in entries:
        peers = entry.peers.without(before)
        new = frozenset(one for one in peers.selections if not _is_implied(one, selections))
        named = frozenset(one for one in entry.named if not _is_implied(one.selection, selections))
        left = TierEntry(entry.action, Peers(peers.anywhere, new, peers.blocks, peers.nodes), named)
        if left:
            yield left
        if peers.anywhere:
            return
        selections |= peers.selections
        before = Peers.union([before, entry.peers])


def _is_implied(selection: PodSelection, by: set[PodSelection]) -> bool:
    return selection in by or (len(by) <= _MOST_COMPARED and any(_implies(selection, one) for one in by))


@lru_cache(maxsize=65_536)
def _implies(selection: PodSelection, other: PodSelection) -> bool:
    return selection.implies(other)


@lru_cache(maxsize=65_536)
def _excludes(selection: PodSelection, other: PodSelection) -> bool:
    return selection.excludes(other)


def _place(found: list[TierEntry], entry: TierEntry) -> int:
    """The earliest entry of the same action that it can join; the length of the list if there is none."""
    place = len(found)
    for number in range(len(found) - 1, -1, -1):
        if found[number].action is entry.action:
            place = number
        elif not _are_disjoint(found[number], entry):
            break
    return place


def _are_disjoint(one: TierEntry, other: TierEntry) -> bool:
    """Whether no address of any cluster can match both."""
    if one.peers.anywhere or other.peers.anywhere:
        return False
    mine, theirs = _pods(one), _pods(other)
    addresses = bool(one.peers.blocks or one.peers.nodes), bool(other.peers.blocks or other.peers.nodes)
    if (addresses[0] and theirs) or (addresses[1] and mine):
        return False  # a pod may have any address
    if (one.peers.nodes and addresses[1]) or (other.peers.nodes and addresses[0]):
        return False
    return one.peers.blocks.isdisjoint(other.peers.blocks) and all(_excludes(a, b) for a in mine for b in theirs)


def _pods(entry: TierEntry) -> frozenset[PodSelection]:
    return entry.peers.selections | {named.selection for named in entry.named}


def _union(one: TierEntry, other: TierEntry) -> TierEntry:
    return TierEntry(one.action, Peers.union([one.peers, other.peers]), one.named | other.named)
