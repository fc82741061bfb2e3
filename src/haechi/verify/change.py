"""Which packets a changed table may judge differently than before.

Why: after a change only the packets that it can affect are compared again. Every other packet takes the same path
through both tables, except ICMP errors about connections, which are always compared.

How far a change reaches follows from the verdict maps of addresses, by which packets come to the chains of their pods:

    judge (base chain)                     everything
      ├─ @clients4 { 10.0.0.1 : goto eg_a  from 10.0.0.1
      │              10.0.0.2 : goto eg_b  from 10.0.0.2
      │              10.0.0.3 : goto eg_b  from 10.0.0.3
      └─ @servers4 { 10.0.0.1 : goto in_c  to 10.0.0.1
    eg_b ── jump shared                    from 10.0.0.2, 10.0.0.3
    in_c ── jump shared                    to 10.0.0.1: shared is reached by all of these

    what changed                                    affected packets
    a rule of eg_b                                  all that reach eg_b: from 10.0.0.2, 10.0.0.3
    10.0.0.9 in @pods4, looked up as reply saddr    to 10.0.0.9: the elements that differ, where they are looked up
    80 in @ports, looked up in shared               all that reach shared, for a set that holds no addresses
    a verdict of 10.0.0.2 in @clients4              from 10.0.0.2

The first thing that differs on a packet's path is reached by the same path in both tables, so the reach in the new
table is enough; only a base chain may be reached in the old table alone. Anything else (a load that reads something
free, chains that lead back to themselves, flags of the table) affects everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from haechi.nft import Chain, Element, Load, Lookup, Map, Set, VerdictMap
from haechi.sets import V6_START, AddressSet
from haechi.verify.cached import AnyRuleset, RulesetChange, set_or_map
from haechi.verify.coordinate import Coordinate, family_of, joint_coordinates
from haechi.verify.packets import CONNECTIONS, UNCONNECTED
from haechi.verify.reading import field_ranges


@dataclass(frozen=True, slots=True)
class AffectedPackets:
    """Packets from any of `clients` and packets to any of `servers`."""

    clients: AddressSet = AddressSet.NONE
    servers: AddressSet = AddressSet.NONE

    @classmethod
    def between(cls, addresses: AddressSet) -> AffectedPackets:
        """Packets from and to these addresses."""
        return cls(addresses, addresses)

    def __or__(self, other: AffectedPackets) -> AffectedPackets:
        return _union([self, other])

    @property
    def is_everything(self) -> bool:
        """Whether every packet is affected."""
        return self == EVERYTHING


NOTHING = AffectedPackets()
EVERYTHING = AffectedPackets(AddressSet.ALL, AddressSet.ALL)


class ChainReferences(NamedTuple):
    """The chains to which a chain's own verdicts lead, and its lookups."""

    targets: frozenset[str]
    lookups: tuple[Lookup | VerdictMap, ...]

    @classmethod
    def of(cls, chain: Chain) -> ChainReferences:
        """The references of a chain."""
        targets = frozenset(target for rule in chain.rules for target in rule.targets())
        return cls(targets, tuple(each for rule in chain.rules for each in rule.lookups()))


Users = Mapping[str, list[tuple[str, tuple[Load, ...]]]]
"""For each set and map the chains that look it up, with what they look up."""


@dataclass(slots=True)
class ChainGraph:
    """How packets reach the chains of a table, and which chains look up which sets and maps.

    Attributes:
        ruleset: the table.
        chains: the references of each chain.
        users: the chains that look up each set and map.
    """

    ruleset: AnyRuleset
    chains: Mapping[str, ChainReferences]
    users: Users
    _reaching: dict[str, AffectedPackets] = field(default_factory=dict)

    @classmethod
    def of(cls, ruleset: AnyRuleset) -> ChainGraph:
        """The graph of a table."""
        chains = {name: ChainReferences.of(chain) for name, chain in ruleset.chains.items()}
        return cls(ruleset, chains, _users(chains))

    def updated(self, ruleset: AnyRuleset, change: RulesetChange) -> ChainGraph:
        """The graph of the next table; only changed chains are read."""
        if not change.chains:
            return ChainGraph(ruleset, self.chains, self.users)
        chains = {
            name: ChainReferences.of(chain) if name in change.chains else self.chains[name]
            for name, chain in ruleset.chains.items()
        }
        return ChainGraph(ruleset, chains, _users(chains))

    def reaching(self, chain: str) -> AffectedPackets:
        """The packets that can reach a chain, as far as verdict maps of addresses show; none if it does not exist."""
        if not self._reaching:
            self._reaching = _reaching(self)
        return self._reaching.get(chain, NOTHING)


def _users(chains: Mapping[str, ChainReferences]) -> Users:
    users: dict[str, list[tuple[str, tuple[Load, ...]]]] = {}
    for name, chain in chains.items():
        for each in chain.lookups:
            users.setdefault(each.set if isinstance(each, Lookup) else each.map, []).append((name, each.loads))
    return users


def affected_packets(change: RulesetChange, old: ChainGraph, new: ChainGraph) -> AffectedPackets:
    """The packets that two tables may judge differently, given what differs between them."""
    if (old.ruleset.table.family, old.ruleset.table.flags) != (new.ruleset.table.family, new.ruleset.table.flags):
        return EVERYTHING
    found = [graph.reaching(name) for name in change.chains for graph in (old, new)]
    for name, elements in change.containers.items():
        container = set_or_map(new.ruleset, name)
        by_loads: dict[tuple[Load, ...], AffectedPackets | None] = {}
        for chain, loads in new.users.get(name, ()):
            if loads not in by_loads:
                by_loads[loads] = _with_addresses(container, elements, loads)
            packets = by_loads[loads]
            found.append(new.reaching(chain) if packets is None else packets)
    return _union(found)


def _reaching(graph: ChainGraph) -> dict[str, AffectedPackets]:
    """For each chain the packets that can reach it."""
    ruleset = graph.ruleset
    onward: dict[str, set[str]] = {name: set(references.targets) for name, references in graph.chains.items()}
    entering: dict[str, list[AffectedPackets]] = {name: [] for name in onward}
    for name, references in graph.chains.items():
        if ruleset.chains[name].base is not None:
            entering[name].append(EVERYTHING)
        for each in references.lookups:
            if isinstance(each, VerdictMap):
                entries = list(_entries(ruleset.maps[each.map], each.loads))
                for target, packets in entries:
                    entering[target].append(packets)
                if not entries:
                    onward[name].update(one.verdict.chain for one in ruleset.maps[each.map].elements if one.verdict)
    return _spread(onward, entering)


def _entries(container: Map, loads: tuple[Load, ...]) -> Iterator[tuple[str, AffectedPackets]]:
    """The chains to which a map of addresses leads, each with the packets that it leads there."""
    if len(loads) != 1 or not family_of(loads[0].type):
        return
    by_chain: dict[str, set[Element]] = {}
    for element in container.elements:
        if element.verdict is not None and element.verdict.chain:
            by_chain.setdefault(element.verdict.chain, set()).add(element)
    for name, elements in by_chain.items():
        packets = _with_addresses(container, elements, loads)
        yield name, NOTHING if packets is None else packets


def _spread(onward: dict[str, set[str]], entering: dict[str, list[AffectedPackets]]) -> dict[str, AffectedPackets]:
    """What enters a chain reaches all chains to which it leads: a topological sort, so each chain is visited once.

    Chains on a circle are never ready; everything reaches them.
    """
    reaching: dict[str, AffectedPackets] = {}
    waiting = dict.fromkeys(onward, 0)
    for targets in onward.values():
        targets.intersection_update(onward)
        for target in targets:
            waiting[target] += 1
    ready = [name for name, count in waiting.items() if not count]
    while ready:
        name = ready.pop()
        packets = reaching[name] = _union(entering[name])
        for target in onward[name]:
            entering[target].append(packets)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for name in onward.keys() - reaching.keys():
        reaching[name] = EVERYTHING
    return reaching


def _union(found: list[AffectedPackets]) -> AffectedPackets:
    if EVERYTHING in found or len(found) < 2:
        return EVERYTHING if EVERYTHING in found else next(iter(found), NOTHING)
    clients, servers = zip(*((each.clients, each.servers) for each in found), strict=True)
    return AffectedPackets(_addresses(clients), _addresses(servers))


def _addresses(sets: Iterable[AddressSet]) -> AddressSet:
    """The union; everything is always the one object `AddressSet.ALL`, by which it is recognised."""
    union = AddressSet.union_all(sets)
    return AddressSet.ALL if union == AddressSet.ALL else union


def _with_addresses(
    container: Set | Map | None, elements: Iterable[Element] | None, loads: tuple[Load, ...]
) -> AffectedPackets | None:
    """The packets whose addresses are in some elements; None if the elements hold no addresses or are not known."""
    if container is None or elements is None:
        return None
    field_number = next((number for number, load in enumerate(loads) if family_of(load.type)), None)
    if field_number is None:
        return None
    base = V6_START if family_of(loads[field_number].type) == 6 else 0
    ranges = [each[field_number] for each in field_ranges(container, elements)]
    addresses = AddressSet([(base + first, base + last) for first, last in ranges])
    clients = servers = AddressSet.NONE
    for contexts, read in joint_coordinates(loads):
        if not contexts & (CONNECTIONS | UNCONNECTED):
            continue
        match read[field_number]:
            case Coordinate.CLIENT:
                clients = addresses
            case Coordinate.SERVER:
                servers = addresses
            case Coordinate.NEVER:
                pass
            case _:
                return EVERYTHING
    return AffectedPackets(clients, servers)
