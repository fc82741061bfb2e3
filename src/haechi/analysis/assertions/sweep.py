"""The violations of a check: every packet that it asks about, judged by kinds of addresses.

Pair by pair, an assertion about all pods is a hundred million questions. This finds exactly the addresses of pods that
violate it, and removes every rule that an asserted and passing packet exercises from those still waiting. Where a pod
has the address of a node, kinds do not help, and each address is judged by itself.

    clients by kind ─┐
                     ├── pairs of kinds ──▶ what passes ──▶ violating addresses, exercised rules
    servers by kind ─┘
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from haechi.analysis.assertions.check import AddressQuestion, AssertionCheck, CheckedEnd
from haechi.analysis.assertions.coverage import RuleCoverage, beyond
from haechi.analysis.assertions.kinds import AddressGroup, Kinds
from haechi.analysis.assertions.world import World
from haechi.analysis.reach import AddressKind, Row
from haechi.model import Direction, PodKey
from haechi.sets import AddressSet, PortSet, Traffic

_Sender = tuple[Row | None, tuple[AddressKind, ...]]


class Sweep:
    """Judges the checks of a world one after the other."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kinds = Kinds(world)
        self.coverage = RuleCoverage(world, self._kinds)

    def wrong(self, check: AssertionCheck) -> Iterator[AddressQuestion]:
        """What is asked about each violating address, in the order of `AssertionCheck.questions`."""
        world = self._world
        everyone = (check.sources.addresses | check.destinations.addresses) & world.claimed
        if everyone.isdisjoint(world.nodes):
            found = [*_Swept(world, self._kinds, self.coverage, check).wrong()]
        else:
            found = [*self._one_by_one(check)]
        found.sort(key=lambda place: (place[0] is Direction.EGRESS, world.order[place[1]]))
        return (check.question(world, direction, address) for direction, address in found)

    def _one_by_one(self, check: AssertionCheck) -> Iterator[tuple[Direction, int]]:
        for question in check.questions(self._world):
            passing = self._world.passing(question.address, question.direction, question.asked)
            self.coverage.exercise(question, passing)
            if (question.asked - passing) if check.allowed else passing:
                yield question.direction, question.address


class _Swept:
    """One check."""

    def __init__(self, world: World, kinds: Kinds, coverage: RuleCoverage, check: AssertionCheck) -> None:
        self._world, self._kinds, self._coverage, self._check = world, kinds, coverage, check
        self._clients = kinds.group(check.sources.addresses)
        self._servers = kinds.group(check.destinations.addresses)
        self._senders = {family: [*self._by_egress(family)] for family in (AddressSet.V4, AddressSet.V6)}
        self._named: dict[PortSet, PortSet] = {}
        self._passing: dict[tuple[int, int, int], PortSet] = {}

    def wrong(self) -> Iterator[tuple[Direction, int]]:
        """Direction and address of every question with a violation."""
        check = self._check
        for kind, addresses in self._servers.kinds.items():
            for ports, some in self._by_ports(addresses):
                for servers in self._apart(kind, some):
                    for address in self._received(kind, ports, servers):
                        yield Direction.INGRESS, address
        for kind, addresses in self._clients.kinds.items() if self._servers.outside else ():
            for address in self._outside(kind, Direction.EGRESS, check.ports.numbers, addresses):
                yield Direction.EGRESS, address
        if check.allowed and check.ports.numbers:  # nothing passes at a disputed address
            for address in self._servers.disputed.points():
                if check.sources.addresses & _family(address):
                    yield Direction.INGRESS, address
            for address in self._clients.disputed.points():
                if self._servers.outside & _family(address):
                    yield Direction.EGRESS, address

    def _by_ports(self, addresses: tuple[int, ...]) -> Iterable[tuple[PortSet, tuple[int, ...]]]:
        """The servers' addresses by the ports that the check asks about."""
        asked = self._check.ports
        if not asked.names:
            return [(asked.numbers, addresses)]
        found: dict[PortSet, list[int]] = {}
        for address in addresses:
            some = asked.on(self._world.engine.owner(address))
            found.setdefault(self._named.setdefault(some, some), []).append(address)
        return [(ports, tuple(servers)) for ports, servers in found.items()]

    def _apart(self, kind: AddressKind, servers: tuple[int, ...]) -> Iterable[tuple[int, ...]]:
        """The same servers, those apart that are the only client of their class: a pod is not asked about itself."""
        alone: set[PodKey] = set()
        for client, addresses in self._clients.kinds.items():
            if client.number == kind.number:
                owners = {
                    owner.key for address in addresses if (owner := self._world.engine.owner(address)) is not None
                }
                alone |= owners if len(owners) == 1 else set()
        if not alone or len(servers) == 1:
            return [servers]
        parts: dict[PodKey | None, list[int]] = {}
        for server in servers:
            owner = self._world.engine.owner(server)
            parts.setdefault(owner.key if owner is not None and owner.key in alone else None, []).append(server)
        return [tuple(part) for part in parts.values()]

    def _received(self, kind: AddressKind, ports: PortSet, servers: tuple[int, ...]) -> Iterable[int]:
        """The violating ones of some servers of one kind."""
        if not ports:
            return ()
        passing, complete = self._between(kind, ports, servers)
        self._coverage.exercise_between(kind, passing)
        outside = self._outside(kind, Direction.INGRESS, ports, servers)
        disputed = self._clients.disputed & self._kinds.family(kind)
        if passing if not self._check.allowed else disputed or not complete:
            return servers
        return outside

    # -- from pods ---------------------------------------------------------------------------------------------------

    def _by_egress(self, family: AddressSet) -> Iterator[_Sender]:
        """The kinds of clients of a family, together if they have the same egress policies."""
        found: dict[int, list[AddressKind]] = {}
        for kind in self._clients.kinds:
            if self._kinds.family(kind) is family:
                found.setdefault(id(self._kinds.pods(kind).egress), []).append(kind)
        for kinds in found.values():
            stages = self._kinds.pods(kinds[0]).egress
            yield self._kinds.row(stages) if stages else None, tuple(kinds)

    def _between(
        self, kind: AddressKind, ports: PortSet, servers: tuple[int, ...]
    ) -> tuple[dict[AddressKind, PortSet], bool]:
        """What passes from each kind of client, and whether that is all that is asked."""
        stages, nothing = self._kinds.pods(kind).ingress, PortSet.NONE
        received = self._kinds.row(stages) if stages else None
        passing: dict[AddressKind, PortSet] = {}
        complete = True
        for row, clients in self._senders[self._kinds.family(kind)]:
            sent = PortSet.ALL if row is None else row.get(kind, nothing)
            for client in clients:
                if client.number == kind.number and self._is_alone(client, servers):
                    continue
                let_in = PortSet.ALL if received is None else received.get(client, nothing)
                both = nothing if sent is nothing or let_in is nothing else self._both(sent, let_in, ports)
                if both is not nothing:
                    passing[client] = both
                complete = complete and both is ports
        return passing, complete

    def _is_alone(self, client: AddressKind, servers: tuple[int, ...]) -> bool:
        """Whether clients and servers are one pod, so that nothing is asked."""
        owner = self._world.engine.owner
        first = owner(servers[0])
        return all(owner(address) is first for some in (servers, self._clients.kinds[client]) for address in some)

    def _both(self, sent: PortSet, received: PortSet, ports: PortSet) -> PortSet:
        """What both ends allow of what is asked; `ports` itself if that is all, `PortSet.NONE` if it is nothing."""
        key = (id(sent), id(received), id(ports))  # all of them live as long as this
        found = self._passing.get(key)
        if found is None:
            both = sent & received & ports
            found = self._passing[key] = ports if both == ports else both or PortSet.NONE
        return found

    # -- from and to outside -----------------------------------------------------------------------------------------

    def _outside(self, kind: AddressKind, direction: Direction, ports: PortSet, pods: tuple[int, ...]) -> Iterable[int]:
        """The addresses of one kind that violate the check with outside addresses."""
        group, others = self._others(direction)
        remote = others.outside & self._kinds.family(kind)
        if not remote or not ports:
            return ()
        one = self._kinds.pods(kind)
        asked = Traffic.of(remote, ports)
        passing = asked & self._kinds.outside(one.stages(direction))
        self._coverage.exercise_outside(kind, direction, passing, pods)
        wrong = asked - passing if self._check.allowed else passing
        found = beyond(self._world, wrong.addresses, pods)
        own = group.single & remote & self._world.nodes
        return {*found, *self._with_own_node(direction, ports, own, pods)} if own else found

    def _others(self, direction: Direction) -> tuple[CheckedEnd, AddressGroup]:
        """The other end of the packets that pods receive or send."""
        if direction is Direction.INGRESS:
            return self._check.sources, self._clients
        return self._check.destinations, self._servers

    def _with_own_node(
        self, direction: Direction, ports: PortSet, nodes: AddressSet, pods: Sequence[int]
    ) -> Iterator[int]:
        """The addresses whose own node is asked about: everything passes there."""
        for address in pods:
            owner = self._world.engine.owner(address)
            here = nodes & self._world.near(owner) if owner is not None else nodes
            if here:
                asked = Traffic.of(here, ports)
                self._coverage.exercise(AddressQuestion(address, owner, direction, asked), asked)
                if not self._check.allowed:
                    yield address


def _family(address: int) -> AddressSet:
    return AddressSet.V4 if address in AddressSet.V4 else AddressSet.V6
