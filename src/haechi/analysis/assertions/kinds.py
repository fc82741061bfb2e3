"""A world by kinds of addresses: pods that no rule distinguishes are evaluated once.

An assertion may be about every pair of ten thousand pods, which are a few hundred kinds. For two kinds this gives the
ports on which policies allow a packet from any address of one to any of the other, and the rules that allow it. What
is not the same for all addresses of a kind is left to the caller: a pod and itself, a pod and its own node, addresses
that several pods claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from haechi.analysis.assertions.world import World
from haechi.analysis.reach import AddressKind, PodClass, PodClasses, Row, Rows
from haechi.engine import Endpoint, Stages, outside
from haechi.model import Direction, RuleRef
from haechi.sets import AddressSet, PortSet, Traffic


@dataclass(frozen=True, slots=True)
class AddressGroup:
    """Addresses by what they belong to.

    Attributes:
        kinds: those that belong to one pod, by kind.
        disputed: those that several pods claim.
        outside: those that belong to no pod.
    """

    kinds: dict[AddressKind, tuple[int, ...]]
    disputed: AddressSet
    outside: AddressSet


class Reached(NamedTuple):
    """An egress rule that matches a kind of address: on which ports, and the kinds of its senders."""

    rule: RuleRef
    ports: PortSet
    senders: tuple[AddressKind, ...]


@dataclass(frozen=True)
class Kinds:
    """The kinds of addresses of a world, and what policies allow them."""

    world: World
    _rows: dict[int, tuple[Stages, Row]] = field(default_factory=dict, repr=False, compare=False)
    _outside: dict[int, tuple[Stages, Traffic]] = field(default_factory=dict, repr=False, compare=False)
    _groups: dict[AddressSet, AddressGroup] = field(default_factory=dict, repr=False, compare=False)
    _ports: dict[PortSet, PortSet] = field(default_factory=dict, repr=False, compare=False)
    _rules: dict[tuple[int, Direction], tuple[RuleRef, ...]] = field(default_factory=dict, repr=False, compare=False)

    # -- who ---------------------------------------------------------------------------------------------------------

    @cached_property
    def _classes(self) -> PodClasses:
        return PodClasses.of(self.world.engine, by_rule=True)

    @cached_property
    def _policies(self) -> Rows:
        return Rows(self.world.engine, self._classes)

    @cached_property
    def _kind_of(self) -> dict[int, AddressKind]:
        """By address of a pod alone."""
        engine, classes = self.world.engine, self._classes
        found: dict[int, AddressKind] = {}
        for one in classes.all:
            places = {classes.segment(point): place for place, point in enumerate(one.addresses)}
            for key in one.members:
                endpoint = engine.endpoint(key)
                for address in endpoint.addresses if endpoint is not None else ():
                    if engine.owner(address) is endpoint:
                        found[address] = AddressKind(one.number, places[classes.segment(address)])
        return found

    def pods(self, kind: AddressKind) -> PodClass:
        """The pods that have such an address."""
        return self._classes.all[kind.number]

    def one(self, kind: AddressKind) -> Endpoint:
        """One of them."""
        found = self.world.engine.endpoint(self.pods(kind).members[0])
        assert found is not None  # a class has members, all of them known
        return found

    def family(self, kind: AddressKind) -> AddressSet:
        """All addresses of its family."""
        return AddressSet.V4 if self.pods(kind).addresses[kind.address_index] in AddressSet.V4 else AddressSet.V6

    def group(self, addresses: AddressSet) -> AddressGroup:
        """Some addresses by what they belong to."""
        found = self._groups.get(addresses)
        if found is None:
            world, kind_of = self.world, self._kind_of
            kinds: dict[AddressKind, list[int]] = {}
            for first, last in (addresses & world.claimed).intervals:
                for address in range(first, last + 1):
                    kind = kind_of.get(address)
                    if kind is not None:
                        kinds.setdefault(kind, []).append(address)
            sorted_out = {kind: tuple(some) for kind, some in kinds.items()}
            found = AddressGroup(sorted_out, addresses & world.disputed, addresses - world.claimed)
            self._groups[addresses] = found
        return found

    # -- what passes -------------------------------------------------------------------------------------------------

    def row(self, stages: Stages) -> Row:
        """What stages allow, by kind. Equal ports are one object."""
        found = self._rows.get(id(stages))
        if found is None:  # keeping the stages keeps their identity unique
            row = {kind: self._ports.setdefault(ports, ports) for kind, ports in self._policies.of(stages).items()}
            found = self._rows[id(stages)] = (stages, row)
        return found[1]

    def outside(self, stages: Stages) -> Traffic:
        """What stages allow from or to addresses outside the pods."""
        found = self._outside.get(id(stages))
        if found is None:
            found = self._outside[id(stages)] = (stages, outside(self.world.engine, stages))
        return found[1]

    # -- rules -------------------------------------------------------------------------------------------------------

    def rules_of(self, kind: AddressKind, direction: Direction) -> tuple[RuleRef, ...]:
        """The rules of the policies that isolate these pods."""
        found = self._rules.get((kind.number, direction))
        if found is None:
            found = self._rules[kind.number, direction] = tuple(self.world.rules_of(self.one(kind), direction))
        return found

    def alone(self, key: RuleRef, kind: AddressKind) -> Stages:
        """What one of their rules allows these pods."""
        return self.world.alone(key, self.one(kind))

    def reached(self, kind: AddressKind) -> tuple[Reached, ...]:
        """The egress rules that match such an address."""
        return self._reached.get(kind, ())

    @cached_property
    def _reached(self) -> dict[AddressKind, tuple[Reached, ...]]:
        found: dict[AddressKind, list[Reached]] = {}
        for rule in self.world.rules:
            senders = tuple(self._subjects(rule)) if rule.direction is Direction.EGRESS else ()
            for kind, ports in self.row(self.world.alone(rule)).items() if senders else ():
                found.setdefault(kind, []).append(Reached(rule, ports, senders))
        return {kind: tuple(rules) for kind, rules in found.items()}

    def _subjects(self, key: RuleRef) -> Iterator[AddressKind]:
        """The kinds of addresses of the pods that a rule's policy isolates."""
        for number in self._classes.selected[self.world.engine.policies[key.policy].subject]:
            for place in range(len(self._classes.all[number].addresses)):
                yield AddressKind(number, place)
