"""Compares a node's table with the meaning of its policies, slice by slice.

Why: the packets of a node are too many to compare in one step, and a proof must be interruptible. So the work is cut
into slices that together cover every packet:

    others             neither end is a pod of the node, or there is no connection
    from an address    its connections to addresses outside of the node
    to an address      all connections to it, also from pods of the node: then both ends must allow

        from / to           pods of the node       outside
        pods of the node    to an address          from an address
        outside             to an address          others

After a change the same is done for the affected addresses, a few at a time, and then "from an address" covers its
connections to pods of the node as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from haechi.model import PodKey
from haechi.sets import AddressSet, PortSet, Traffic, port_point
from haechi.verify.budget import Budget
from haechi.verify.change import AffectedPackets
from haechi.verify.counterexample import Counterexample, PacketEnd, decisions, likely
from haechi.verify.gap import ProofGap, RulePosition
from haechi.verify.meaning import Meaning
from haechi.verify.packets import (
    CONNECTIONS,
    DIRECT,
    ICMP_TRAFFIC,
    NEIGHBOUR_DISCOVERY,
    UNCONNECTED,
    Context,
    PacketSet,
    connections,
    errors,
    merged,
    remainder,
    unconnected,
)
from haechi.verify.reading import Reading
from haechi.verify.walk import Walk, WalkResult, unmodelled

Projection = Callable[[list[PacketSet]], Traffic]
"""Packets with one address at one end, as a function of the other end's address."""
MOST_COUNTEREXAMPLES = 10
_BATCH = 8
"""So many affected addresses are walked together: most packets of a few addresses go the same way."""


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """An address of the node's pods.

    Attributes:
        address: a point of the address line.
        pod: the pod that has it; None if several claim it.
        excluded: the addresses of the pod's own node, with which it never exchanges forwarded packets.
        egress: what it may send; None if everything.
        ingress: what it may receive; None if everything.
    """

    address: int
    pod: PodKey | None
    excluded: AddressSet
    egress: Traffic | None
    ingress: Traffic | None

    @property
    def is_isolated(self) -> bool:
        """Whether policies restrict it in any direction."""
        return self.egress is not None or self.ingress is not None


@dataclass(slots=True)
class Comparison:
    """Compares, and collects what it finds.

    Attributes:
        affected: the packets that are compared: all, or those that a change affects.
        comparisons: how many stretches of addresses with equal ports were compared.
    """

    reading: Reading
    meaning: Meaning
    node: str
    affected: AffectedPackets
    locals: Mapping[int, LocalAddress]
    comparisons: int = 0
    counterexamples: list[Counterexample] = field(default_factory=list)
    gaps: dict[ProofGap, None] = field(init=False)
    _budget: Budget = field(init=False)
    _walk: Walk = field(init=False)
    _exact_walk: Walk = field(init=False)
    _addresses: AddressSet = field(init=False)

    def __post_init__(self) -> None:
        self.gaps = dict.fromkeys(unmodelled(self.reading.ruleset))
        self._budget = Budget.for_weight(self.reading.weight(), len(self.locals))
        self._walk = Walk(self.reading, self._budget, reuse=self.affected.is_everything)
        self._exact_walk = Walk(self.reading, self._budget)
        self._addresses = AddressSet.of(*self.locals)

    @property
    def fails(self) -> bool:
        """Whether anything was found that prevents a proof."""
        return bool(self.counterexamples or self.gaps)

    def is_over(self) -> bool:
        """Whether there are enough counterexamples, or the budget is spent."""
        return len(self.counterexamples) >= MOST_COUNTEREXAMPLES or self._budget.is_spent

    def slices(self) -> Iterator[None]:
        """Compare everything that is affected; stops after each slice."""
        self._compare_others()
        yield
        if self.is_over():
            return
        outside = AddressSet.ALL - self._addresses
        for clients in self._batches(self.affected.clients):
            self._compare_clients(clients, outside)
            yield
            if self.is_over():
                return
        for servers in self._batches(self.affected.servers):
            self._compare_servers(servers)
            yield
            if self.is_over():
                return

    def _batches(self, affected: AddressSet) -> Iterator[tuple[int, ...]]:
        if self.affected.is_everything:
            yield from ((address,) for address in self.locals)
            return
        points = [point for first, last in affected.intervals for point in range(first, last + 1)]
        yield from (tuple(points[start : start + _BATCH]) for start in range(0, len(points), _BATCH))

    # -- no pod of the node at either end, or no connection ----------------------------------------------------------

    def _compare_others(self) -> None:
        outside = AddressSet.ALL - self._addresses
        isolated = AddressSet.of(*(each.address for each in self.locals.values() if each.is_isolated))
        free = AddressSet.ALL - isolated
        passing = [*errors()]
        stopped: list[PacketSet] = []
        if self.affected.is_everything:
            passing += connections(outside, outside)
        for clients, servers in self._affected(free, free):
            passing += unconnected(clients, servers)
        for ours, theirs in ((isolated, AddressSet.ALL), (free, isolated)):
            for clients, servers in self._affected(ours, theirs):
                passing += unconnected(clients & AddressSet.V6, servers, NEIGHBOUR_DISCOVERY)
                stopped += unconnected(clients & AddressSet.V4, servers)
                stopped += unconnected(clients & AddressSet.V6, servers, PortSet.ALL - NEIGHBOUR_DISCOVERY)
        found = self._forward(passing, reuse=False)
        self._report_any([packets for packets, _ in found.dropped], found, accepted=False)
        found = self._forward(stopped, reuse=False)
        self._report_any([packets for packets, _ in found.accepted], found, accepted=True)

    def _affected(self, clients: AddressSet, servers: AddressSet) -> Iterator[tuple[AddressSet, AddressSet]]:
        """Those of these clients and servers that have affected packets, each pair once."""
        if self.affected.is_everything:
            yield clients, servers
            return
        yield clients & self.affected.clients, servers
        yield clients - self.affected.clients, servers & self.affected.servers

    def _report_any(self, wrong: list[PacketSet], found: WalkResult, *, accepted: bool) -> None:
        """Report one of the wrong packets that is not undecided, if there is one."""
        undecided = merged([packets for packets, _ in found.undecided])
        for packets in wrong:
            left = remainder(packets, undecided)
            if left:
                contexts, clients, traffic = left[0]
                client = likely(clients, self.meaning)
                server = likely(traffic.addresses, self.meaning, client)
                self._report(client, server, traffic.at(server), contexts, accepted=accepted)
                return

    # -- connections of a few addresses -------------------------------------------------------------------------------

    def _compare_clients(self, clients: tuple[int, ...], outside: AddressSet) -> None:
        """Connections of some clients: their egress, and the ingress of servers that are on the node."""
        others = outside if self.affected.is_everything else AddressSet.ALL
        result = self._forward([*connections(AddressSet.of(*clients), others)])
        sides = [(each.address, each.ingress) for each in self.locals.values()]
        for client in clients:
            local = self.locals.get(client)
            servers = others & _family(client)
            expected = _restricted(_among(local.egress if local else None, servers), client, servers, sides)
            mine = _of_client(result, client)
            found = self._compare(mine, client, expected, self._excluded(client, servers), _by_server)
            if found is not None and not self.is_over():
                server, ports, contexts, accepted = found
                self._report(client, server, ports, contexts, accepted=accepted)

    def _compare_servers(self, servers: tuple[int, ...]) -> None:
        """Connections to some servers: their ingress, and the egress of clients that are on the node."""
        result = self._forward([*connections(AddressSet.ALL, AddressSet.of(*servers))])
        sides = [(each.address, each.egress) for each in self.locals.values()]
        for server in servers:
            local = self.locals.get(server)
            clients = _family(server)
            expected = _restricted(_among(local.ingress if local else None, clients), server, clients, sides)
            mine = _to_server(result, server)
            found = self._compare(mine, server, expected, self._excluded(server, clients), _by_client)
            if found is not None and not self.is_over():
                client, ports, contexts, accepted = found
                self._report(client, server, ports, contexts, accepted=accepted)

    def _excluded(self, address: int, others: AddressSet) -> AddressSet:
        """The addresses with which this one never exchanges forwarded packets: a node and its own pods."""
        local = self.locals.get(address)
        own = local.excluded if local else AddressSet.NONE
        pods = [each.address for each in self.locals.values() if address in each.excluded]
        return (own | AddressSet.of(*pods)) & others

    def _compare(
        self, result: WalkResult, address: int, expected: Traffic, excluded: AddressSet, projection: Projection
    ) -> tuple[int, PortSet, int, bool] | None:
        """Where kernel and policies differ: the other end, the port, the contexts, and whether the kernel accepts."""
        self.comparisons += len(expected.steps)
        for contexts, accepted, allowed in _by_context(result, expected):
            kernel = projection(accepted)
            if kernel == allowed:
                continue
            undecided = projection([packets for packets, _ in result.undecided if packets.contexts & contexts])
            difference = (kernel ^ allowed) - undecided - Traffic.of(excluded, PortSet.ALL)
            if difference:
                other = likely(difference.addresses, self.meaning, address)
                protocol, port = difference.at(other).witness()
                return other, _single(protocol, port), contexts, kernel.contains(other, protocol, port)
        return None

    # -- walking and reporting ---------------------------------------------------------------------------------------

    def _forward(self, region: list[PacketSet], *, reuse: bool = True) -> WalkResult:
        """Walk. With `reuse` the result lacks dropped packets (`haechi.verify.walk.Walk`)."""
        walk = self._walk if reuse else self._exact_walk
        result = walk.forward(region)
        if result.forks and walk.reuse:
            result = self._exact_walk.forward(region)
        for _, gap in result.undecided:
            self.gaps[gap] = None
        return result

    def _report(self, client: int, server: int, ports: PortSet, contexts: int, *, accepted: bool) -> None:
        protocol, port = ports.witness()
        context = Context(contexts & -contexts)
        source, destination = (PacketEnd.of(address, self.meaning, self.node) for address in (client, server))
        decided = decisions(
            self.meaning, self.node, client, server, protocol, port, unconnected=bool(context & UNCONNECTED)
        )
        position = self._deciding_rule(client, server, protocol, port, context, accepted=accepted)
        self.counterexamples.append(
            Counterexample(source, destination, protocol, port, context, accepted, position, decided)
        )

    def _deciding_rule(
        self, client: int, server: int, protocol: int, port: int, context: Context, *, accepted: bool
    ) -> RulePosition:
        """The rule that decides about one packet."""
        traffic = Traffic.of(AddressSet.of(server), _single(protocol, port))
        result = self._exact_walk.forward([PacketSet(int(context), AddressSet.of(client), traffic)])
        decided = result.accepted if accepted else result.dropped
        return decided[0][1] if decided else RulePosition("", None, "undetermined (budget exhausted)")


def _single(protocol: int, port: int) -> PortSet:
    """One port, also of a protocol without ports."""
    point = port_point(protocol, port)
    return PortSet([(point, point)])


def _family(address: int) -> AddressSet:
    return AddressSet.V4 if address in AddressSet.V4 else AddressSet.V6


def _among(side: Traffic | None, others: AddressSet) -> Traffic:
    everything = Traffic.of(others, PortSet.ALL)
    return everything if side is None else side & everything


def _restricted(
    allowed: Traffic, address: int, others: AddressSet, sides: Iterable[tuple[int, Traffic | None]]
) -> Traffic:
    """What is left of `allowed`, a function of the other end, after the other end's own policies.

    Args:
        allowed: what `address` may exchange with each of the others.
        address: the end that is compared.
        others: the addresses at the other end.
        sides: what each address of the node allows in the other direction; None if everything.
    """
    by_ports: dict[PortSet, list[int]] = {}
    for other, side in sides:
        if side is not None and other in others:
            by_ports.setdefault(side.at(address), []).append(other)
    if not by_ports:
        return allowed
    limits = [(AddressSet.of(*addresses), ports) for ports, addresses in by_ports.items()]
    free = AddressSet.ALL - AddressSet.union_all([addresses for addresses, _ in limits])
    return allowed & Traffic.from_terms([*limits, (free, PortSet.ALL)])


def _of_client(result: WalkResult, client: int) -> WalkResult:
    """The part of a result about one client, without dropped packets."""
    accepted = [one for one in result.accepted if client in one[0].clients]
    return WalkResult(accepted, undecided=[one for one in result.undecided if client in one[0].clients])


def _to_server(result: WalkResult, server: int) -> WalkResult:
    """The part of a result about one server, without dropped packets."""
    accepted = [(packets, rule) for each, rule in result.accepted for packets in _only_to(each, server)]
    undecided = [(packets, gap) for each, gap in result.undecided for packets in _only_to(each, server)]
    return WalkResult(accepted, undecided=undecided)


def _only_to(packets: PacketSet, server: int) -> Iterator[PacketSet]:
    stretches = packets.traffic.steps
    if len(stretches) == 1 and stretches[0][0] == stretches[0][1] == server:
        yield packets
    elif ports := packets.traffic.at(server):
        yield packets._replace(traffic=Traffic.of(AddressSet.of(server), ports))


def _by_server(region: list[PacketSet]) -> Traffic:
    """Packets of one client, by server."""
    found = Traffic.NONE
    for packets in region:
        found |= packets.traffic
    return found


def _by_client(region: list[PacketSet]) -> Traffic:
    """Packets to one server, by client."""
    return Traffic.from_terms((packets.clients, ports) for packets in region for _, _, ports in packets.traffic.steps)


def _by_context(result: WalkResult, expected: Traffic) -> Iterator[tuple[int, list[PacketSet], Traffic]]:
    """Contexts (bits) with what the kernel accepts there and what it should accept.

    All contexts are one case where the kernel treats them alike. ICMP has no expected contexts, see `connections`.
    """
    region = [packets for packets, _ in result.accepted]
    if all(each.contexts == CONNECTIONS or (each.contexts == DIRECT and _is_icmp(each)) for each in region):
        yield DIRECT, region, expected
        return
    for contexts in (1 << place for place in range(CONNECTIONS.bit_length())):
        allowed = expected if contexts & DIRECT else expected - Traffic.of(AddressSet.ALL, ICMP_TRAFFIC)
        yield contexts, [packets for packets in region if packets.contexts & contexts], allowed


def _is_icmp(packets: PacketSet) -> bool:
    return all(ports <= ICMP_TRAFFIC for ports in {ports for _, _, ports in packets.traffic.steps})
