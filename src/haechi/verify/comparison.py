"""A node's table beside the meaning of its policies, slice by slice.

Why: a slice is one address of the node with all its peers, or all that has no pod of the node at either end; each can
be compared on its own, so a proof can stop between two and be repeated where something changed: there a slice is a few
touched addresses with all others. Promises that the slices of all addresses cover every packet, also those between two
pods of the node: those are part of the server's slice, where both ends have their say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from haechi.model import PodKey
from haechi.sets import AddressSet, PortSet, Traffic
from haechi.verify.budget import Budget
from haechi.verify.change import Touched
from haechi.verify.difference import Difference, context_word, end, likely, opinions
from haechi.verify.finding import Finding, Place
from haechi.verify.meaning import Meaning
from haechi.verify.reading import Reading
from haechi.verify.space import (
    CONNECTIONS,
    DIRECT,
    DISCOVERY,
    MESSAGES,
    Piece,
    connections,
    errors,
    loose,
    merged,
    remainder,
)
from haechi.verify.walk import Outcome, Walk

Flat = Callable[[list[Piece]], Traffic]
"""Pieces with one address at one end, as a function of the other end's."""
MOST_DIFFERENCES = 10
_FEW = 8
"""Touched addresses that are walked together."""


@dataclass(frozen=True, slots=True)
class Local:
    """An address of the node.

    Attributes:
        address: a point on the line of addresses.
        pod: whose it is; None if several pods claim it.
        excluded: the addresses of the pod's own node, with which it never talks through the table.
        egress: what it may send, None if everything.
        ingress: what it may be sent, None if everything.
    """

    address: int
    pod: PodKey | None
    excluded: AddressSet
    egress: Traffic | None
    ingress: Traffic | None


@dataclass(slots=True)
class Comparison:
    """Compares and collects.

    Attributes:
        touched: the packets that are compared; all, or those that a change touched.
        boxes: how many stretches of addresses with equal ports were compared.
    """

    reading: Reading
    meaning: Meaning
    node: str
    touched: Touched
    locals: Mapping[int, Local]
    boxes: int = 0
    differences: list[Difference] = field(default_factory=list)
    findings: dict[Finding, None] = field(default_factory=dict)
    _budget: Budget = field(init=False)
    _walk: Walk = field(init=False)
    _exact: Walk = field(init=False)
    _addresses: AddressSet = field(init=False)

    def __post_init__(self) -> None:
        self._budget = Budget.for_weight(self.reading.weight(), len(self.locals))
        self._walk = Walk(self.reading, self._budget, hasty=self.touched.is_everything)
        self._exact = Walk(self.reading, self._budget)
        self._addresses = AddressSet.of(*self.locals)

    def is_over(self) -> bool:
        """Whether enough differences were found, or nothing more can be."""
        return len(self.differences) >= MOST_DIFFERENCES or self._budget.is_spent

    def slices(self) -> Iterator[None]:
        """Compare everything that is touched; stops after each slice."""
        self._others()
        yield
        if self.is_over():
            return
        outside = AddressSet.ALL - self._addresses
        for clients in self._batches(self.touched.clients):
            self._from(clients, outside)
            yield
            if self.is_over():
                return
        for servers in self._batches(self.touched.servers):
            self._to(servers)
            yield
            if self.is_over():
                return

    def _batches(self, touched: AddressSet) -> Iterator[tuple[int, ...]]:
        """The addresses to compare, a few at a time: most packets of a few addresses go the same way."""
        if self.touched.is_everything:
            yield from ((address,) for address in self.locals)
            return
        points = list(_points(touched))
        yield from (tuple(points[start : start + _FEW]) for start in range(0, len(points), _FEW))

    # -- what has no pod of the node at either end, or no connection ------------------------------------------------

    def _others(self) -> None:
        outside = AddressSet.ALL - self._addresses
        isolated = AddressSet.of(*(each.address for each in self.locals.values() if is_isolated(each)))
        free = AddressSet.ALL - isolated
        passing = [*errors()]
        stopped: list[Piece] = []
        if self.touched.is_everything:
            passing += connections(outside, outside)
        for clients, servers in self._touched(free, free):
            passing += loose(clients, servers)
        for ours, theirs in ((isolated, AddressSet.ALL), (free, isolated)):
            for clients, servers in self._touched(ours, theirs):
                passing += loose(clients & AddressSet.V6, servers, DISCOVERY)
                stopped += loose(clients & AddressSet.V4, servers)
                stopped += loose(clients & AddressSet.V6, servers, PortSet.ALL - DISCOVERY)
        self._all_pass(passing)
        self._none_passes(stopped)

    def _touched(self, clients: AddressSet, servers: AddressSet) -> Iterator[tuple[AddressSet, AddressSet]]:
        """Of these clients and servers those who have touched packets, each pair once."""
        if self.touched.is_everything:
            yield clients, servers
            return
        yield clients & self.touched.clients, servers
        yield clients - self.touched.clients, servers & self.touched.servers

    def _all_pass(self, pieces: list[Piece]) -> None:
        outcome = self._forward(pieces, hasty=False)
        self._wrong([piece for piece, _ in outcome.dropped], outcome, accepted=False)

    def _none_passes(self, pieces: list[Piece]) -> None:
        outcome = self._forward(pieces, hasty=False)
        self._wrong([piece for piece, _ in outcome.accepted], outcome, accepted=True)

    def _wrong(self, pieces: list[Piece], outcome: Outcome, *, accepted: bool) -> None:
        unclear = merged([piece for piece, _ in outcome.undecided])
        for piece in pieces:
            left = remainder(piece, unclear)
            if left:
                contexts, clients, traffic = left[0]
                client, server = likely(clients, self.meaning), likely(traffic.addresses, self.meaning)
                self._differ(client, server, traffic.at(server), contexts, accepted=accepted)
                return

    # -- connections of a few addresses -------------------------------------------------------------------------------

    def _from(self, clients: tuple[int, ...], outside: AddressSet) -> None:
        """Connections of some clients: their egress, and the ingress of those servers that are of this node.

        Of everything, servers of this node have slices of their own.
        """
        others = outside if self.touched.is_everything else AddressSet.ALL
        outcome = self._forward([*connections(AddressSet.of(*clients), others)])
        sides = [(each.address, each.ingress) for each in self.locals.values()]
        for client in clients:
            local = self.locals.get(client)
            servers = others & _family(client)
            expected = _limited(_within(local.egress if local else None, servers), client, servers, sides)
            mine = _of_client(outcome, client)
            found = self._compare(mine, expected, self._excluded(client, servers), _by_server)
            if found is not None and not self.is_over():
                server, ports, contexts, accepted = found
                self._differ(client, server, ports, contexts, accepted=accepted)

    def _to(self, servers: tuple[int, ...]) -> None:
        """Connections to some servers: their ingress, and the egress of those clients that are of this node."""
        outcome = self._forward([*connections(AddressSet.ALL, AddressSet.of(*servers))])
        sides = [(each.address, each.egress) for each in self.locals.values()]
        for server in servers:
            local = self.locals.get(server)
            clients = _family(server)
            expected = _limited(_within(local.ingress if local else None, clients), server, clients, sides)
            mine = _to_server(outcome, server)
            found = self._compare(mine, expected, self._excluded(server, clients), _by_client)
            if found is not None and not self.is_over():
                client, ports, contexts, accepted = found
                self._differ(client, server, ports, contexts, accepted=accepted)

    def _excluded(self, address: int, others: AddressSet) -> AddressSet:
        """Those with which an address never talks through the table: nodes and their own pods."""
        local = self.locals.get(address)
        own = local.excluded if local else AddressSet.NONE
        pods = [each.address for each in self.locals.values() if address in each.excluded]
        return (own | AddressSet.of(*pods)) & others

    def _compare(
        self, outcome: Outcome, expected: Traffic, excluded: AddressSet, flat: Flat
    ) -> tuple[int, PortSet, int, bool] | None:
        """Where kernel and policies differ: the other end, the ports, the contexts, and whether the kernel accepts."""
        self.boxes += len(expected.pieces)
        for contexts, pieces, said in _by_context(outcome, expected):
            kernel = flat(pieces)
            if kernel == said:
                continue
            unclear = flat([piece for piece, _ in outcome.undecided if piece.contexts & contexts])
            difference = (kernel ^ said) - unclear - Traffic.of(excluded, PortSet.ALL)
            if difference:
                other = likely(difference.addresses, self.meaning)
                protocol, port = difference.at(other).witness()
                point = protocol * 65536 + port
                return other, PortSet([(point, point)]), contexts, kernel.contains(other, protocol, port)
        return None

    # -- walking and telling -----------------------------------------------------------------------------------------

    def _forward(self, pieces: list[Piece], *, hasty: bool = True) -> Outcome:
        """Walk; a hasty walk does not tell what was dropped."""
        walk = self._walk if hasty else self._exact
        outcome = walk.forward(pieces)
        if outcome.forks and walk.hasty:
            outcome = self._exact.forward(pieces)
        for _, finding in outcome.undecided:
            self.findings[finding] = None
        return outcome

    def _differ(self, client: int, server: int, ports: PortSet, contexts: int, *, accepted: bool) -> None:
        protocol, port = ports.witness()
        said = opinions(self.meaning, self.node, client, server, protocol, port)
        word = context_word(contexts)
        place = self._place(client, server, protocol, port, contexts, accepted=accepted)
        ends = end(client, self.meaning), end(server, self.meaning)
        self.differences.append(Difference(*ends, protocol, port, word, accepted, place, said))

    def _place(self, client: int, server: int, protocol: int, port: int, contexts: int, *, accepted: bool) -> Place:
        """The rule that decides about one packet."""
        point = protocol * 65536 + port
        one = Traffic.of(AddressSet.of(server), PortSet([(point, point)]))
        outcome = self._exact.forward([Piece(contexts & -contexts, AddressSet.of(client), one)])
        decided = outcome.accepted if accepted else outcome.dropped
        return decided[0][1] if decided else Place("", None, "too many ways to say where")


def is_isolated(local: Local) -> bool:
    """Whether any policy isolates an address."""
    return local.egress is not None or local.ingress is not None


def _family(address: int) -> AddressSet:
    return AddressSet.V4 if address in AddressSet.V4 else AddressSet.V6


def _within(side: Traffic | None, others: AddressSet) -> Traffic:
    everything = Traffic.of(others, PortSet.ALL)
    return everything if side is None else side & everything


def _limited(
    allowed: Traffic, address: int, others: AddressSet, sides: Iterable[tuple[int, Traffic | None]]
) -> Traffic:
    """What is left of `allowed`, a function of other ends, where those that have a side of their own have their say."""
    by_ports: dict[PortSet, list[int]] = {}
    for other, side in sides:
        if side is not None and other in others:
            by_ports.setdefault(side.at(address), []).append(other)
    if not by_ports:
        return allowed
    limited = [(AddressSet.of(*addresses), ports) for ports, addresses in by_ports.items()]
    free = AddressSet.ALL - AddressSet.union_all([addresses for addresses, _ in limited])
    return allowed & Traffic.from_terms([*limited, (free, PortSet.ALL)])


def _points(addresses: AddressSet) -> Iterator[int]:
    for first, last in addresses.intervals:
        yield from range(first, last + 1)


def _of_client(outcome: Outcome, client: int) -> Outcome:
    """What happened to the packets of one client, as far as that is compared."""
    accepted = [one for one in outcome.accepted if client in one[0].clients]
    return Outcome(accepted, undecided=[one for one in outcome.undecided if client in one[0].clients])


def _to_server(outcome: Outcome, server: int) -> Outcome:
    """What happened to the packets to one server, as far as that is compared."""
    accepted = [(piece, place) for each, place in outcome.accepted for piece in _narrowed(each, server)]
    undecided = [(piece, finding) for each, finding in outcome.undecided for piece in _narrowed(each, server)]
    return Outcome(accepted, undecided=undecided)


def _narrowed(piece: Piece, server: int) -> Iterator[Piece]:
    """The packets of a piece that go to one server."""
    ends = piece.traffic.pieces
    if len(ends) == 1 and ends[0][0] == ends[0][1] == server:
        yield piece
    elif ports := piece.traffic.at(server):
        yield piece._replace(traffic=Traffic.of(AddressSet.of(server), ports))


def _by_server(pieces: list[Piece]) -> Traffic:
    """Pieces of one client, by server."""
    found = Traffic.NONE
    for piece in pieces:
        found |= piece.traffic
    return found


def _by_client(pieces: list[Piece]) -> Traffic:
    """Pieces of one server, by client."""
    return Traffic.from_terms((piece.clients, ports) for piece in pieces for _, _, ports in piece.traffic.pieces)


def _by_context(outcome: Outcome, expected: Traffic) -> Iterator[tuple[int, list[Piece], Traffic]]:
    """Contexts (bits) with what the kernel accepts there and what it should.

    All contexts are one case where the kernel makes no difference between them: messages have no related state here.
    """
    pieces = [piece for piece, _ in outcome.accepted]
    if all(piece.contexts == CONNECTIONS or (piece.contexts == DIRECT and _is_message(piece)) for piece in pieces):
        yield DIRECT, pieces, expected
        return
    for contexts in (1 << place for place in range(CONNECTIONS.bit_length())):
        said = expected if contexts & DIRECT else expected - Traffic.of(AddressSet.ALL, MESSAGES)
        yield contexts, [piece for piece in pieces if piece.contexts & contexts], said


def _is_message(piece: Piece) -> bool:
    return all(ports <= MESSAGES for ports in {ports for _, _, ports in piece.traffic.pieces})
