"""Which packets a changed table may judge otherwise than before.

Why: to prove again only what a change touched. Promises that a packet of a connection between a client and a server
of which neither is named here takes the same way through both tables. A set or map that changed touches the addresses
of the elements that differ, where it is asked for addresses; a chain that changed touches the addresses of the
verdict maps that lead to it; whatever is not so simple touches everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from haechi.nft import Chain, Element, Load, Lookup, Map, Ruleset, Set, VerdictMap
from haechi.sets import AddressSet
from haechi.verify.coordinate import Coordinate, family_of, together
from haechi.verify.reading import spans
from haechi.verify.space import CONNECTIONS

_V6_START = 1 << 32


@dataclass(frozen=True, slots=True)
class Touched:
    """Packets from any of `clients`, and packets to any of `servers`."""

    clients: AddressSet = AddressSet.NONE
    servers: AddressSet = AddressSet.NONE

    def __or__(self, other: Touched) -> Touched:
        return Touched(_either(self.clients, other.clients), _either(self.servers, other.servers))

    @property
    def is_everything(self) -> bool:
        """Whether no packet is left out."""
        return self == EVERYTHING


def _either(one: AddressSet, other: AddressSet) -> AddressSet:
    union = one | other
    return AddressSet.ALL if union == AddressSet.ALL else union


NOTHING = Touched()
EVERYTHING = Touched(AddressSet.ALL, AddressSet.ALL)


def about(addresses: AddressSet) -> Touched:
    """Packets from and to these addresses."""
    return Touched(addresses, addresses)


@dataclass(slots=True)
class Ways:
    """How the chains of a table are reached, and which chains ask which set or map, for what.

    Attributes:
        reach: for each chain the packets that can get there, as far as the keys of verdict maps tell.
        users: for each set and map, the chains that look it up and the loads.
    """

    reach: dict[str, Touched] = field(default_factory=dict)
    users: dict[str, list[tuple[str, tuple[Load, ...]]]] = field(default_factory=dict)

    @classmethod
    def of(cls, ruleset: Ruleset) -> Ways:
        """The ways of a table."""
        return _ways(ruleset)


@dataclass(frozen=True, slots=True)
class Change:
    """What two tables differ in.

    Attributes:
        chains: the names of chains whose rules differ.
        nouns: the names of sets and maps that differ.
        touched: the packets for which the two may differ.
    """

    chains: frozenset[str]
    nouns: frozenset[str]
    touched: Touched

    @classmethod
    def between(cls, old: Ruleset, old_ways: Ways, new: Ruleset, new_ways: Ways) -> Change:
        """What a table and the one after it differ in."""
        chains = frozenset(_changed(old.chains, new.chains))
        nouns = frozenset((*_changed(old.sets, new.sets), *_changed(old.maps, new.maps)))
        if (old.table.family, old.table.flags) != (new.table.family, new.table.flags):
            return cls(chains, nouns, EVERYTHING)
        sides = ((old, old_ways), (new, new_ways))
        found = NOTHING
        for name in chains:
            for ruleset, ways in sides:
                if name in ruleset.chains:
                    found |= _reached(ruleset.chains[name], ways)
        for name in nouns:
            one = old.sets.get(name) or old.maps.get(name)
            other = new.sets.get(name) or new.maps.get(name)
            for _, ways in sides:
                for user, loads in ways.users.get(name, ()):
                    where = _looked_up(one, other, loads)
                    found |= ways.reach.get(user, NOTHING) if where is None else where
        return cls(chains, nouns, found)


def _changed(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    """The names whose nouns differ, or are not in both."""
    for name in old.keys() | new.keys():
        one, other = old.get(name), new.get(name)
        if one is not other and one != other:
            yield name


def _ways(ruleset: Ruleset) -> Ways:
    """For each chain, the packets that can get there, as far as the keys of verdict maps tell."""
    ways = Ways()
    onward: dict[str, set[str]] = {name: set() for name in ruleset.chains}
    entered: dict[str, list[Touched]] = {name: [] for name in ruleset.chains}
    for chain in ruleset.chains.values():
        if chain.base is not None:
            entered[chain.name].append(EVERYTHING)
        for rule in chain.rules:
            onward[chain.name].update(rule.targets())
            for asked in rule.lookups():
                name = asked.set if isinstance(asked, Lookup) else asked.map
                ways.users.setdefault(name, []).append((chain.name, asked.loads))
                if isinstance(asked, VerdictMap):
                    keyed = list(_entries(ruleset.maps[name], asked.loads))
                    for target, those in keyed:
                        entered[target].append(those)
                    if not keyed:
                        onward[chain.name].update(
                            each.verdict.chain for each in ruleset.maps[name].elements if each.verdict
                        )
    _spread(ways.reach, onward, entered)
    return ways


def _entries(held: Map, loads: tuple[Load, ...]) -> Iterator[tuple[str, Touched]]:
    """The chains that a map of addresses leads to, each with the packets that it leads there."""
    if len(loads) != 1 or not family_of(loads[0].type):
        return
    by_chain: dict[str, set[Element]] = {}
    for element in held.elements:
        if element.verdict is not None and element.verdict.chain:
            by_chain.setdefault(element.verdict.chain, set()).add(element)
    for name, elements in by_chain.items():
        found = _addresses(held, elements, loads)
        yield name, NOTHING if found is None else found


def _spread(reach: dict[str, Touched], onward: dict[str, set[str]], entered: dict[str, list[Touched]]) -> None:
    """What enters a chain gets to all that it leads to. Chains that lead to themselves are reached by everything."""
    before = dict.fromkeys(onward, 0)
    for targets in onward.values():
        targets.intersection_update(onward)
        for target in targets:
            before[target] += 1
    ready = [name for name, count in before.items() if not count]
    while ready:
        name = ready.pop()
        those = reach[name] = _union(entered[name])
        for target in onward[name]:
            entered[target].append(those)
            before[target] -= 1
            if not before[target]:
                ready.append(target)
    for name in onward.keys() - reach.keys():
        reach[name] = EVERYTHING


def _union(some: list[Touched]) -> Touched:
    if EVERYTHING in some or len(some) < 2:
        return EVERYTHING if EVERYTHING in some else next(iter(some), NOTHING)
    clients, servers = zip(*((each.clients, each.servers) for each in some), strict=True)
    return Touched(AddressSet.union_all(clients), AddressSet.union_all(servers))


def _reached(chain: Chain, way: Ways) -> Touched:
    return EVERYTHING if chain.base is not None else way.reach.get(chain.name, NOTHING)


def _looked_up(one: Set | Map | None, other: Set | Map | None, loads: tuple[Load, ...]) -> Touched | None:
    """Where two states of a set or map differ, for who looks `loads` up in it; None if no address is asked for."""
    if one is None or other is None or one.shape != other.shape:
        return None
    return _addresses(one, one.elements ^ other.elements, loads)


def _addresses(held: Set | Map, elements: Iterable[Element], loads: tuple[Load, ...]) -> Touched | None:
    """The packets whose addresses are in some elements; None if they are not asked for any."""
    place = next((number for number, load in enumerate(loads) if family_of(load.type)), None)
    if place is None:
        return None
    base = _V6_START if family_of(loads[place].type) == 6 else 0
    values = AddressSet([(base + each[place][0], base + each[place][1]) for each in spans(held, elements)])
    found = NOTHING
    for contexts, coordinates in together(loads):
        if not contexts & CONNECTIONS:
            continue
        match coordinates[place]:
            case Coordinate.CLIENT:
                found |= Touched(clients=values)
            case Coordinate.SERVER:
                found |= Touched(servers=values)
            case Coordinate.NEVER:
                pass
            case _:
                return EVERYTHING
    return found
