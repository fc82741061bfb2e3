"""Which packets a changed table may judge otherwise than before.

Why: to prove again only what a change touched. Promises that a packet of which neither the client nor the server is
named here takes the same way through both tables, ICMP errors about connections apart. A set or map that changed
touches the addresses of the elements that differ, where it is asked for addresses; a chain that changed touches the
addresses of the verdict maps that lead to it; whatever is not so simple touches everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from haechi.nft import Chain, Element, Load, Lookup, Map, Set, VerdictMap
from haechi.sets import AddressSet
from haechi.verify.coordinate import Coordinate, family_of, together
from haechi.verify.kept import Change, Held, noun
from haechi.verify.reading import spans
from haechi.verify.space import CONNECTIONS, LOOSE

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


class Asked(NamedTuple):
    """What a chain leads to by its own verdicts, and the sets and maps that it looks up."""

    targets: frozenset[str]
    lookups: tuple[Lookup | VerdictMap, ...]

    @classmethod
    def of(cls, chain: Chain) -> Asked:
        """What a chain asks."""
        targets = frozenset(target for rule in chain.rules for target in rule.targets())
        return cls(targets, tuple(asked for rule in chain.rules for asked in rule.lookups()))


Users = dict[str, list[tuple[str, tuple[Load, ...]]]]


@dataclass(slots=True)
class Ways:
    """How the chains of a table are reached, and which chains ask which set or map, for what.

    Attributes:
        held: the table.
        chains: what each chain asks.
        users: for each set and map, the chains that look it up and the loads.
    """

    held: Held
    chains: Mapping[str, Asked]
    users: Users
    _reach: dict[str, Touched] = field(default_factory=dict)

    @classmethod
    def of(cls, held: Held) -> Ways:
        """The ways of a table."""
        chains = {name: Asked.of(chain) for name, chain in held.chains.items()}
        return cls(held, chains, _users(chains))

    def followed(self, held: Held, change: Change) -> Ways:
        """The ways of the table after this one."""
        if not change.chains:
            return Ways(held, self.chains, self.users)
        chains = {
            name: Asked.of(chain) if name in change.chains else self.chains[name] for name, chain in held.chains.items()
        }
        return Ways(held, chains, _users(chains))

    def reached(self, name: str) -> Touched:
        """The packets that can get to a chain, as far as the keys of verdict maps tell; none if it is not there."""
        if not self._reach:
            self._reach = _reach(self)
        return self._reach.get(name, NOTHING)


def _users(chains: Mapping[str, Asked]) -> Users:
    users: Users = {}
    for name, chain in chains.items():
        for asked in chain.lookups:
            users.setdefault(looked_up(asked), []).append((name, asked.loads))
    return users


def looked_up(asked: Lookup | VerdictMap) -> str:
    """The name of the set or map."""
    return asked.set if isinstance(asked, Lookup) else asked.map


def touched(change: Change, old: Ways, new: Ways) -> Touched:
    """The packets for which two tables that differ so may differ."""
    if (old.held.table.family, old.held.table.flags) != (new.held.table.family, new.held.table.flags):
        return EVERYTHING
    found = [ways.reached(name) for name in change.chains for ways in (old, new)]
    sides = (new,) if old.users is new.users else (old, new)
    for name, elements in change.nouns.items():
        held = noun(new.held, name)
        known: dict[tuple[Load, ...], Touched | None] = {}
        for ways in sides:
            for user, loads in ways.users.get(name, ()):
                if loads not in known:
                    known[loads] = None if elements is None or held is None else _addresses(held, elements, loads)
                where = known[loads]
                found += [each.reached(user) for each in (old, new)] if where is None else [where]
    return _union(found)


def _reach(ways: Ways) -> dict[str, Touched]:
    """For each chain, the packets that can get there, as far as the keys of verdict maps tell."""
    held = ways.held
    onward: dict[str, set[str]] = {name: set(asked.targets) for name, asked in ways.chains.items()}
    entered: dict[str, list[Touched]] = {name: [] for name in onward}
    for name, asked in ways.chains.items():
        if held.chains[name].base is not None:
            entered[name].append(EVERYTHING)
        for each in asked.lookups:
            if isinstance(each, VerdictMap):
                keyed = list(_entries(held.maps[each.map], each.loads))
                for target, those in keyed:
                    entered[target].append(those)
                if not keyed:
                    onward[name].update(one.verdict.chain for one in held.maps[each.map].elements if one.verdict)
    return _spread(onward, entered)


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


def _spread(onward: dict[str, set[str]], entered: dict[str, list[Touched]]) -> dict[str, Touched]:
    """What enters a chain gets to all that it leads to. Chains that lead to themselves are reached by everything."""
    reach: dict[str, Touched] = {}
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
    return reach


def _union(some: list[Touched]) -> Touched:
    if EVERYTHING in some or len(some) < 2:
        return EVERYTHING if EVERYTHING in some else next(iter(some), NOTHING)
    clients, servers = zip(*((each.clients, each.servers) for each in some), strict=True)
    return Touched(_all(clients), _all(servers))


def _all(sets: Iterable[AddressSet]) -> AddressSet:
    union = AddressSet.union_all(sets)
    return AddressSet.ALL if union == AddressSet.ALL else union


def _addresses(held: Set | Map, elements: Iterable[Element], loads: tuple[Load, ...]) -> Touched | None:
    """The packets whose addresses are in some elements; None if they are not asked for any."""
    place = next((number for number, load in enumerate(loads) if family_of(load.type)), None)
    if place is None:
        return None
    base = _V6_START if family_of(loads[place].type) == 6 else 0
    values = AddressSet([(base + each[place][0], base + each[place][1]) for each in spans(held, elements)])
    found = NOTHING
    for contexts, coordinates in together(loads):
        if not contexts & (CONNECTIONS | LOOSE):
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
