"""Whether assertions about connectivity hold, why not, and which rules no assertion exercises.

Policies are code, so they need tests that state the intent and survive a rewrite of the policies. The answer covers
every packet that an assertion is about, not samples: all pods, every address of a range, every
port; it equals `haechi.engine.verdict` on each of them. An assertion that matches nothing fails, unless it allows that.

    Suite ──▶ checks ──▶ Sweep ──▶ wrong questions ──▶ World.passing ──▶ violations
                           └─────▶ RuleCoverage ──▶ exercised rules
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import NamedTuple

from haechi.analysis.assertions.check import AddressQuestion, checks
from haechi.analysis.assertions.file import Assertion, Suite
from haechi.analysis.assertions.sweep import Sweep
from haechi.analysis.assertions.world import World
from haechi.engine import point, verdict
from haechi.model import Address, AnyRuleRef, Direction, Location, Packet, PacketVerdict, RuleRef
from haechi.sets import AddressSet, PortSet, Traffic, point_to_text

MOST_VIOLATIONS = 10
"""How many pairs of one failing assertion are reported."""


class NamedEnd(NamedTuple):
    """One end of a pair: a pod or host by `name`, or outside addresses, whose name is empty."""

    name: str
    addresses: AddressSet

    def __str__(self) -> str:
        return self.name or str(self.addresses)


@dataclass(frozen=True, slots=True)
class Violation:
    """A pair that violates an assertion.

    Attributes:
        source: the client.
        destination: the server.
        ports: on which ports.
        allowed: what the packets do.
        packet: one of them.
        verdict: that of both sides on that packet, with their policies.
        rules: those that allow it, on either end; of a denied pair, those of tiers that deny it.
    """

    source: NamedEnd
    destination: NamedEnd
    ports: PortSet
    allowed: bool
    packet: Packet
    verdict: PacketVerdict
    rules: tuple[AnyRuleRef, ...] = ()


@dataclass(frozen=True)
class AssertionOutcome:
    """The result of an assertion.

    Attributes:
        suite: the name of its test.
        title: its name, or its place in the test.
        assertion: itself.
        location: where it is written.
        empty: descriptions of what in it matches nothing.
        violations: the first pairs that differ, at most `MOST_VIOLATIONS`.
        has_more: whether there are others.
    """

    suite: str
    title: str
    assertion: Assertion
    location: Location
    empty: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    has_more: bool = False

    @property
    def holds(self) -> bool:
        """Whether it holds, and is about something."""
        return not self.violations and (not self.empty or self.assertion.allow_empty)


@dataclass(frozen=True)
class Judgement:
    """All assertions, and the rules of NetworkPolicies with those that some asserted and allowed packet matches.

    Rules of tiers are not among them; `uncounted` is their number.
    """

    outcomes: tuple[AssertionOutcome, ...]
    rules: tuple[RuleRef, ...]
    exercised: frozenset[RuleRef]
    uncounted: int = 0

    @property
    def failures(self) -> tuple[AssertionOutcome, ...]:
        """The assertions that do not hold."""
        return tuple(outcome for outcome in self.outcomes if not outcome.holds)

    @property
    def unexercised(self) -> tuple[RuleRef, ...]:
        """The rules that no assertion exercises."""
        return tuple(rule for rule in self.rules if rule not in self.exercised)


def judge(world: World, suites: Iterable[Suite]) -> Judgement:
    """Judge every assertion of some tests."""
    sweep = Sweep(world)
    outcomes = []
    for suite in suites:
        for number, (assertion, location) in enumerate(zip(suite.assertions, suite.locations, strict=True)):
            outcome = AssertionOutcome(suite.name, assertion.title(number), assertion, location)
            outcomes.append(_judged(world, outcome, suite.namespace, sweep))
    exercised = frozenset(world.rules) - sweep.coverage.waiting
    return Judgement(tuple(outcomes), tuple(world.rules), exercised, world.tier_rule_count)


def _judged(world: World, outcome: AssertionOutcome, namespace: str, sweep: Sweep) -> AssertionOutcome:
    asked, empty = checks(world, outcome.assertion, namespace)
    found: dict[_Pair, Violation] = {}
    for check in asked:
        violations = (one for question in sweep.wrong(check) for one in _violations(world, question, check.allowed))
        while len(found) <= MOST_VIOLATIONS and (violation := next(violations, None)) is not None:
            _add(found, violation)
    shown = tuple(_explained(world, violation) for violation in list(found.values())[:MOST_VIOLATIONS])
    return replace(outcome, empty=empty, violations=shown, has_more=len(found) > MOST_VIOLATIONS)


_Pair = tuple[str, str, PortSet, PacketVerdict]


def _add(found: dict[_Pair, Violation], new: Violation) -> None:
    """Add a pair; both families of a pair, and outside addresses with the same result, become one."""
    key = (new.source.name, new.destination.name, new.ports, new.verdict)
    old = found.get(key)
    if old is not None:
        source, destination = (
            NamedEnd(one.name, one.addresses | other.addresses)
            for one, other in ((old.source, new.source), (old.destination, new.destination))
        )
        new = replace(old, source=source, destination=destination)
    found[key] = new


def _violations(world: World, question: AddressQuestion, expected: bool) -> Iterator[Violation]:
    """The pairs of a question that differ from `expected`."""
    passing = world.passing(question.address, question.direction, question.asked)
    here = NamedEnd(world.names[question.address], AddressSet.of(question.address))
    for there, ports in _ends(world, question.asked - passing if expected else passing):
        ingress = question.direction is Direction.INGRESS
        source, destination = (there, here) if ingress else (here, there)
        protocol, port = ports.witness()
        packet = Packet(_address(source), _address(destination), protocol, port)
        yield Violation(source, destination, ports, not expected, packet, verdict(world.engine, packet))


def _ends(world: World, some: Traffic) -> Iterator[tuple[NamedEnd, PortSet]]:
    """The addresses of a traffic: those with a name one by one, then the others by their ports."""
    outside: dict[PortSet, list[AddressSet]] = {}
    for first, last, ports in some.steps:
        region = AddressSet([(first, last)])
        known = region & world.known
        for low, high in known.intervals:
            for address in range(low, high + 1):
                yield NamedEnd(world.names[address], AddressSet.of(address)), ports
        if rest := region - known:
            outside.setdefault(ports, []).append(rest)
    for ports, regions in outside.items():
        yield NamedEnd("", AddressSet.union_all(regions)), ports


def _address(end: NamedEnd) -> Address:
    return ip_address(point_to_text(end.addresses.min))


def _explained(world: World, violation: Violation) -> Violation:
    """With the rules behind it."""
    if not violation.allowed:
        sides = (violation.verdict.egress, violation.verdict.ingress)
        denying = [side.tier_rule for side in sides if side.tier_rule is not None and not side.allowed]
        return replace(violation, rules=tuple(denying))
    return replace(violation, rules=tuple(allowing(world, violation.packet)))


def allowing(world: World, packet: Packet) -> Iterator[AnyRuleRef]:
    """The rules that allow a packet, on either side: one of a tier, or those of NetworkPolicies."""
    source, destination = point(packet.source), point(packet.destination)
    both = verdict(world.engine, packet)
    sides = (
        (source, destination, Direction.EGRESS, both.egress),
        (destination, source, Direction.INGRESS, both.ingress),
    )
    for address, remote, direction, side in sides:
        endpoint = world.engine.owner(address)
        if side.tier_rule is not None:
            yield from (side.tier_rule,) if side.allowed else ()
            continue
        for key in world.rules_of(endpoint, direction) if endpoint is not None else ():
            if world.allowed_by(key, endpoint).contains(remote, packet.protocol, packet.port):
                yield key
