"""Assertions judged on connections that were tried, instead of on every packet that they mean.

`judge` evaluates policies; this shows whether a cluster that enforces them agrees. An assertion is judged on every
tried connection that one of its checks is about. If there is none, it fails, unless it allows that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from haechi.analysis.assertions.check import AssertionCheck, checks
from haechi.analysis.assertions.file import Suite
from haechi.analysis.assertions.judging import (
    MOST_VIOLATIONS,
    AssertionOutcome,
    Judgement,
    NamedEnd,
    Violation,
    allowing,
)
from haechi.analysis.assertions.world import World
from haechi.engine import point
from haechi.model import AnyRuleRef, Packet, PacketVerdict, RuleRef
from haechi.sets import AddressSet, PortSet


@dataclass(frozen=True, slots=True)
class ObservedConnection:
    """A connection that was tried.

    Attributes:
        source: the client's name.
        destination: the server's name.
        packet: its first packet, of a protocol with ports.
        verdict: of the policies.
        arrived: whether the server received it.
        replied: whether the client received the answer.
    """

    source: str
    destination: str
    packet: Packet
    verdict: PacketVerdict
    arrived: bool
    replied: bool

    def satisfies(self, allowed: bool) -> bool:
        """Whether it satisfies the assertion: an allowed one is answered, of a denied one nothing arrives."""
        return self.arrived and self.replied if allowed else not self.arrived

    def violation(self, rules: tuple[AnyRuleRef, ...], *, allowed: bool) -> Violation:
        """The violation that it shows."""
        source = NamedEnd(self.source, AddressSet.of(point(self.packet.source)))
        destination = NamedEnd(self.destination, AddressSet.of(point(self.packet.destination)))
        ports = PortSet.port(self.packet.protocol, self.packet.port)
        return Violation(source, destination, ports, allowed, self.packet, self.verdict, rules)


def judge_observed(world: World, suites: Iterable[Suite], observed: Iterable[ObservedConnection]) -> Judgement:
    """Judge every assertion of some tests on connections that were tried."""
    tried = list(observed)
    exercised: set[RuleRef] = set()
    outcomes = []
    for suite in suites:
        for number, (assertion, location) in enumerate(zip(suite.assertions, suite.locations, strict=True)):
            asked, empty = checks(world, assertion, suite.namespace)
            outcome = AssertionOutcome(suite.name, assertion.title(number), assertion, location, empty)
            outcomes.append(_judged(world, outcome, list(_about(world, asked, tried)), exercised))
    return Judgement(tuple(outcomes), tuple(world.rules), frozenset(exercised), world.tier_rule_count)


def _about(
    world: World, asked: Iterable[AssertionCheck], tried: Iterable[ObservedConnection]
) -> Iterator[tuple[AssertionCheck, ObservedConnection]]:
    """The connections that the checks are about."""
    some = list(asked)
    for one in tried:
        source, destination = point(one.packet.source), point(one.packet.destination)
        for check in some:
            if check.between(world, source, destination).contains(one.packet.protocol, one.packet.port):
                yield check, one


def _judged(
    world: World,
    outcome: AssertionOutcome,
    about: list[tuple[AssertionCheck, ObservedConnection]],
    exercised: set[RuleRef],
) -> AssertionOutcome:
    found: list[Violation] = []
    for check, one in about:
        rules = tuple(allowing(world, one.packet)) if one.arrived else ()
        exercised.update(rule for rule in rules if isinstance(rule, RuleRef))
        if not one.satisfies(check.allowed):
            found.append(one.violation(rules, allowed=not check.allowed))
    empty = outcome.empty
    if not about and not empty:
        empty = ("no connection that it is about was tried",)
    has_more = len(found) > MOST_VIOLATIONS
    return replace(outcome, empty=empty, violations=tuple(found[:MOST_VIOLATIONS]), has_more=has_more)
