"""Where a check finds something wrong: every packet that it asks about, judged by kinds of addresses.

Why: pair by pair an assertion about everybody is a hundred million questions. Promises exactly the addresses of pods
with whom something is otherwise than asserted, and that every rule which an asserted and passing packet exercises is
struck out. Where a pod has the address of a node, kinds are no help: then it goes address by address.

    Crowd of clients ─┐
                      ├── kind by kind ──▶ what passes ──▶ wrong addresses, exercised rules
    Crowd of servers ─┘
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from haechi.analysis.assertions.check import Check, Group, Pivot
from haechi.analysis.assertions.coverage import Coverage, beyond
from haechi.analysis.assertions.kinds import Crowd, Kinds
from haechi.analysis.assertions.world import World
from haechi.analysis.reach import AddressKind, Row
from haechi.model import Direction
from haechi.sets import AddressSet, PortSet, Traffic

_Sender = tuple[Row | None, tuple[AddressKind, ...]]


class Sweep:
    """Judges the checks of a world one after the other."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kinds = Kinds(world)
        self.coverage = Coverage(world, self._kinds)

    def wrong(self, check: Check) -> Iterator[Pivot]:
        """What is asked about each address with whom something is wrong, in the order of `Check.pivots`."""
        world = self._world
        everyone = (check.sources.addresses | check.destinations.addresses) & world.claimed
        if everyone.isdisjoint(world.nodes):
            found = [*_Swept(world, self._kinds, self.coverage, check).wrong()]
        else:
            found = [*self._one_by_one(check)]
        found.sort(key=lambda place: (place[0] is Direction.EGRESS, world.order[place[1]]))
        return (check.pivot(world, direction, address) for direction, address in found)

    def _one_by_one(self, check: Check) -> Iterator[tuple[Direction, int]]:
        for pivot in check.pivots(self._world):
            passing = self._world.passing(pivot.address, pivot.direction, pivot.asked)
            self.coverage.exercise(pivot, passing)
            if (pivot.asked - passing) if check.allowed else passing:
                yield pivot.direction, pivot.address


class _Swept:
    """One check."""

    def __init__(self, world: World, kinds: Kinds, coverage: Coverage, check: Check) -> None:
        self._world, self._kinds, self._coverage, self._check = world, kinds, coverage, check
        self._clients = kinds.crowd(check.sources.addresses)
        self._servers = kinds.crowd(check.destinations.addresses)
        self._senders = {family: [*self._by_egress(family)] for family in (AddressSet.V4, AddressSet.V6)}
        self._named: dict[PortSet, PortSet] = {}
        self._passing: dict[tuple[int, int, int], PortSet] = {}

    def wrong(self) -> Iterator[tuple[Direction, int]]:
        """Direction and address of every pivot with whom something is wrong."""
        check = self._check
        for spot, addresses in self._servers.kinds.items():
            for ports, some in self._by_ports(addresses):
                for address in self._received(spot, ports, some):
                    yield Direction.INGRESS, address
        for spot, addresses in self._clients.kinds.items() if self._servers.outside else ():
            for address in self._outside(spot, Direction.EGRESS, check.ports.numbers, addresses):
                yield Direction.EGRESS, address
        if check.allowed and check.ports.numbers:  # nothing passes at a disputed address
            for address in _points(self._servers.disputed):
                if check.sources.addresses & _family(address):
                    yield Direction.INGRESS, address
            for address in _points(self._clients.disputed):
                if self._servers.outside & _family(address):
                    yield Direction.EGRESS, address

    def _by_ports(self, addresses: tuple[int, ...]) -> Iterable[tuple[PortSet, tuple[int, ...]]]:
        """The servers' addresses by the ports that the check means on them."""
        asked = self._check.ports
        if not asked.names:
            return [(asked.numbers, addresses)]
        found: dict[PortSet, list[int]] = {}
        for address in addresses:
            some = asked.on(self._world.engine.owner(address))
            found.setdefault(self._named.setdefault(some, some), []).append(address)
        return [(ports, tuple(servers)) for ports, servers in found.items()]

    def _received(self, spot: AddressKind, ports: PortSet, servers: tuple[int, ...]) -> Iterable[int]:
        """Those of some servers of one kind for whom something is wrong."""
        if not ports:
            return ()
        passing, complete = self._between(spot, ports, servers)
        self._coverage.exercise_between(spot, passing)
        outside = self._outside(spot, Direction.INGRESS, ports, servers)
        disputed = self._clients.disputed & self._kinds.family(spot)
        if passing if not self._check.allowed else disputed or not complete:
            return servers
        return outside

    # -- from pods ---------------------------------------------------------------------------------------------------

    def _by_egress(self, family: AddressSet) -> Iterator[_Sender]:
        """The kinds of clients of a family, together if they have the same egress policies."""
        found: dict[int, list[AddressKind]] = {}
        for spot in self._clients.kinds:
            if self._kinds.family(spot) is family:
                found.setdefault(id(self._kinds.pods(spot).egress), []).append(spot)
        for spots in found.values():
            policies = self._kinds.pods(spots[0]).egress
            yield None if policies is None else self._kinds.row(policies), tuple(spots)

    def _between(
        self, spot: AddressKind, ports: PortSet, servers: tuple[int, ...]
    ) -> tuple[dict[AddressKind, PortSet], bool]:
        """What passes from each kind of client, and whether that is all that is asked."""
        policies, nothing = self._kinds.pods(spot).ingress, PortSet.NONE
        received = None if policies is None else self._kinds.row(policies)
        passing: dict[AddressKind, PortSet] = {}
        complete = True
        for row, clients in self._senders[self._kinds.family(spot)]:
            sent = PortSet.ALL if row is None else row.get(spot, nothing)
            for client in clients:
                if client.number == spot.number and self._is_alone(client, servers):
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

    def _outside(self, spot: AddressKind, direction: Direction, ports: PortSet, pods: tuple[int, ...]) -> Iterable[int]:
        """Those of some pods' addresses of one kind for whom something is wrong with outside addresses."""
        group, crowd = self._others(direction)
        remote = crowd.outside & self._kinds.family(spot)
        if not remote or not ports:
            return ()
        one = self._kinds.pods(spot)
        asked = Traffic.of(remote, ports)
        passing = asked & self._kinds.outside(one.ingress if direction is Direction.INGRESS else one.egress)
        self._coverage.exercise_outside(spot, direction, passing, pods)
        wrong = asked - passing if self._check.allowed else passing
        found = beyond(self._world, wrong.addresses, pods)
        own = group.single & remote & self._world.nodes
        return {*found, *self._with_own_node(direction, ports, own, pods)} if own else found

    def _others(self, direction: Direction) -> tuple[Group, Crowd]:
        """The other end of the packets that pods receive or send."""
        if direction is Direction.INGRESS:
            return self._check.sources, self._clients
        return self._check.destinations, self._servers

    def _with_own_node(
        self, direction: Direction, ports: PortSet, nodes: AddressSet, pods: Sequence[int]
    ) -> Iterator[int]:
        """Those whose own node is asked about: everything passes there."""
        for address in pods:
            owner = self._world.engine.owner(address)
            here = nodes & self._world.near(owner) if owner is not None else nodes
            if here:
                asked = Traffic.of(here, ports)
                self._coverage.exercise(Pivot(address, owner, direction, asked), asked)
                if not self._check.allowed:
                    yield address


def _points(addresses: AddressSet) -> Iterator[int]:
    return (point for first, last in addresses.intervals for point in range(first, last + 1))


def _family(address: int) -> AddressSet:
    return AddressSet.V4 if address in AddressSet.V4 else AddressSet.V6
