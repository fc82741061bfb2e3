"""Whether assertions about connectivity hold, why not, and which rules nobody asserts anything about.

Why: policies are code, so they need tests that say what is meant, in words that survive a rewrite of the policies.
Promises the answer for every packet that an assertion means, not for samples: all pods, every address of a range, every
port; it equals `haechi.engine.verdict` on each of them. An assertion that means nobody fails, unless it allows that.

    Suite ──▶ checks ──▶ pivots ──▶ World.passing ──▶ differences, exercised rules
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import NamedTuple

from haechi.analysis.assertion_check import Pivot, checks
from haechi.analysis.assertion_file import Assertion, Suite
from haechi.analysis.assertion_reach import RuleKey, World
from haechi.engine import point, verdict
from haechi.model import Location
from haechi.model.verdict import Address, Direction, Packet, PolicyKey, Verdict
from haechi.sets import AddressSet, PortSet, Traffic, point_to_text

MOST_DIFFERENCES = 10
"""How many pairs of one failing assertion are kept."""


class End(NamedTuple):
    """One end of a pair: a pod or host by `name`, or outside addresses, whose name is empty."""

    name: str
    addresses: AddressSet

    def __str__(self) -> str:
        return self.name or str(self.addresses)


@dataclass(frozen=True, slots=True)
class Difference:
    """A pair that does otherwise than was asserted.

    Attributes:
        source: the client.
        destination: the server.
        ports: on which ports.
        allowed: what the packets do.
        packet: one of them.
        verdict: what both sides say to that one, and their policies.
        rules: if it is allowed, the rules that allow it.
    """

    source: End
    destination: End
    ports: PortSet
    allowed: bool
    packet: Packet
    verdict: Verdict
    rules: tuple[RuleKey, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of an assertion.

    Attributes:
        suite: the name of its test.
        title: its name, or its place in the test.
        assertion: itself.
        location: where it is written.
        empty: what in it means nobody, in words.
        differences: the first pairs that differ, at most `MOST_DIFFERENCES`.
        has_more: whether there are others.
    """

    suite: str
    title: str
    assertion: Assertion
    location: Location
    empty: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    has_more: bool = False

    @property
    def holds(self) -> bool:
        """Whether it holds and says something."""
        return not self.differences and (not self.empty or self.assertion.allow_empty)


@dataclass(frozen=True)
class Judgement:
    """All assertions, and the rules of all policies with those that some asserted and allowed packet matches."""

    outcomes: tuple[Outcome, ...]
    rules: tuple[RuleKey, ...]
    exercised: frozenset[RuleKey]

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The assertions that do not hold."""
        return tuple(outcome for outcome in self.outcomes if not outcome.holds)

    @property
    def unexercised(self) -> tuple[RuleKey, ...]:
        """The rules that no assertion would miss."""
        return tuple(rule for rule in self.rules if rule not in self.exercised)


def judge(world: World, suites: Iterable[Suite]) -> Judgement:
    """Judge every assertion of some tests."""
    coverage = _Coverage(world)
    outcomes = []
    for suite in suites:
        for number, (assertion, location) in enumerate(zip(suite.assertions, suite.locations, strict=True)):
            outcome = Outcome(suite.name, assertion.title(number), assertion, location)
            outcomes.append(_judged(world, outcome, suite.namespace, coverage))
    return Judgement(tuple(outcomes), tuple(world.rules), frozenset(world.rules) - coverage.waiting)


def _judged(world: World, outcome: Outcome, namespace: str, coverage: _Coverage) -> Outcome:
    asked, empty = checks(world, outcome.assertion, namespace)
    found: dict[_Pair, Difference] = {}
    has_more = False
    for check in asked:
        for pivot in check.pivots(world):
            passing = world.passing(pivot.address, pivot.direction, pivot.asked)
            coverage.exercise(pivot, passing)
            wrong = pivot.asked - passing if check.allowed else passing
            for difference in _differences(world, pivot, wrong, allowed=not check.allowed) if wrong else ():
                if has_more := len(found) > MOST_DIFFERENCES:
                    break
                _add(found, difference)
    shown = tuple(_explained(world, difference) for difference in list(found.values())[:MOST_DIFFERENCES])
    return replace(outcome, empty=empty, differences=shown, has_more=has_more or len(found) > MOST_DIFFERENCES)


_Pair = tuple[str, str, PortSet, Verdict]


def _add(found: dict[_Pair, Difference], new: Difference) -> None:
    """Put a pair to the others; the families of a pair, and outside addresses that are alike, are one."""
    key = (new.source.name, new.destination.name, new.ports, new.verdict)
    old = found.get(key)
    if old is not None:
        source, destination = (
            End(one.name, one.addresses | other.addresses)
            for one, other in ((old.source, new.source), (old.destination, new.destination))
        )
        new = replace(old, source=source, destination=destination)
    found[key] = new


def _differences(world: World, pivot: Pivot, wrong: Traffic, *, allowed: bool) -> Iterator[Difference]:
    here = End(world.names[pivot.address], AddressSet.of(pivot.address))
    for there, ports in _ends(world, wrong):
        ingress = pivot.direction is Direction.INGRESS
        source, destination = (there, here) if ingress else (here, there)
        protocol, port = ports.witness()
        packet = Packet(_address(source), _address(destination), protocol, port)
        yield Difference(source, destination, ports, allowed, packet, verdict(world.engine, packet))


def _ends(world: World, some: Traffic) -> Iterator[tuple[End, PortSet]]:
    """Everyone in a traffic: those who have a name one by one, then the others by their ports."""
    outside: dict[PortSet, list[AddressSet]] = {}
    for first, last, ports in some.pieces:
        region = AddressSet([(first, last)])
        known = region & world.known
        for low, high in known.intervals:
            for address in range(low, high + 1):
                yield End(world.names[address], AddressSet.of(address)), ports
        if rest := region - known:
            outside.setdefault(ports, []).append(rest)
    for ports, regions in outside.items():
        yield End("", AddressSet.union_all(regions)), ports


def _address(end: End) -> Address:
    return ip_address(point_to_text(end.addresses.min))


def _explained(world: World, difference: Difference) -> Difference:
    """With the rules that allow it."""
    if not difference.allowed:
        return difference
    return replace(difference, rules=tuple(allowing(world, difference.packet)))


def allowing(world: World, packet: Packet) -> Iterator[RuleKey]:
    """The rules that allow a packet, on either side."""
    source, destination = point(packet.source), point(packet.destination)
    sides = ((source, destination, Direction.EGRESS), (destination, source, Direction.INGRESS))
    for address, remote, direction in sides:
        endpoint = world.engine.owner(address)
        for key in world.rules_of(endpoint, direction) if endpoint is not None else ():
            if world.allowed_by(key, endpoint).contains(remote, packet.protocol, packet.port):
                yield key


class _Coverage:
    """The rules that no asserted and allowed packet has matched so far."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.waiting = set(world.rules)
        engine = world.engine
        self._senders: dict[PolicyKey, AddressSet] = {}
        for key in world.rules:
            if key.direction is Direction.EGRESS and key.policy not in self._senders:
                members = engine.members(engine.policies[key.policy].subject)
                self._senders[key.policy] = AddressSet.of(*[a for _, addresses in members for a in addresses])

    def exercise(self, pivot: Pivot, passing: Traffic) -> None:
        """Strike out the rules that a passing packet matches."""
        if not passing or not self.waiting or pivot.endpoint is None:
            return
        for key in self.world.rules_of(pivot.endpoint, pivot.direction):
            if key in self.waiting and passing & self.world.allowed_by(key, pivot.endpoint):
                self.waiting.discard(key)
        if pivot.direction is Direction.INGRESS:
            self._exercise_senders(pivot.address, passing)

    def _exercise_senders(self, address: int, passing: Traffic) -> None:
        for key in [key for key in self.waiting if key.direction is Direction.EGRESS]:
            ports = self.world.allowed_by(key).at(address)
            if ports and passing.restricted(self._senders[key.policy], ports):
                self.waiting.discard(key)
