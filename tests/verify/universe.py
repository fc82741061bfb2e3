"""Packets one by one, many at a time: an oracle for what a table does, that shares nothing with the prover.

A universe is every combination of some addresses, protocols, ports and states. A set of its packets is one integer with
a bit for each packet, so a rule is a few operations on integers, and a table's verdict on every packet takes
milliseconds. Nothing is symbolic here: each packet has its own fields, and a load gives the bytes that the kernel
would load from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from haechi.nft import (
    Chain,
    ChainPolicy,
    Compare,
    Counter,
    Ct,
    CtDirection,
    CtKey,
    CtState,
    Element,
    HasState,
    Hook,
    InRange,
    Limit,
    Load,
    Log,
    Lookup,
    Map,
    Meta,
    MetaKey,
    Operator,
    Payload,
    PayloadField,
    Reject,
    Rule,
    Ruleset,
    Set,
    TableFlags,
    Verdict,
    VerdictKind,
    VerdictMap,
)
from haechi.verify.packets import Context

V6 = 1 << 32
ICMP = {4: 1, 6: 58}
MESSAGES = (1, 58)


@dataclass(frozen=True)
class Sent:
    """What does not depend on addresses: protocol, the server's port, an ICMP type."""

    protocol: int
    port: int = 0
    message: int = 0

    @property
    def number(self) -> int:
        """What a place of `haechi.verify` has as its number, without a connection."""
        return self.message << 8 if self.protocol in MESSAGES else self.port


@dataclass(frozen=True)
class Chosen:
    """What NAT and the client chose, the same for all packets: the address and port that were dialled, and the client's
    address and port after SNAT."""

    dialled: int = 0x0A636363
    dialled_port: int = 40001
    answered: int = 0x0A636364
    answered_port: int = 40000


class Universe:
    """All packets of one family between some addresses."""

    def __init__(self, family: int, addresses: Iterable[int], ports: Iterable[int]) -> None:
        self.family = family
        self.addresses = sorted(set(addresses))
        self.contexts = list(Context)
        numbers = sorted(set(ports))
        self.chosen = Chosen()
        self.sent = [Sent(protocol, port) for protocol in (6, 17, 132) for port in numbers]
        self.sent += [Sent(47), Sent(1, 0, 8), Sent(58, 0, 128)]
        self.sent += [Sent(58, 0, message) for message in (1, 132, 133, 135, 137, 138) if family == 6]
        self._steps = len(self.sent), len(self.addresses), len(self.addresses), len(self.contexts)
        self._asked: dict[object, object] = {}

    # -- bits --------------------------------------------------------------------------------------------------------

    def _axis(self, place: int, value: int) -> int:
        """The packets with the value of this number on an axis: sent, servers, clients, contexts."""
        stride = 1
        for length in self._steps[:place]:
            stride *= length
        period = stride * self._steps[place]
        whole = period
        for length in self._steps[place + 1 :]:
            whole *= length
        block = ((1 << stride) - 1) << (stride * value)
        return block * (((1 << whole) - 1) // ((1 << period) - 1))

    @cached_property
    def all(self) -> int:
        """Every packet that there can be."""
        found = 0
        for number, context in enumerate(self.contexts):
            for place, sent in enumerate(self.sent):
                message = sent.protocol in MESSAGES
                error = context is Context.ERROR and sent.protocol == ICMP[self.family]
                related = context in (Context.RELATED, Context.RELATED_REPLY)
                discovery = self.family == 6 and sent.protocol == 58 and sent.message in (*range(130, 138), 143)
                loose = context in (Context.INVALID, Context.UNTRACKED)
                if (context is Context.ERROR and not error) or (related and message) or (discovery and not loose):
                    continue
                found |= self._axis(3, number) & self._axis(0, place)
        return found

    def numbered(self) -> Iterator[tuple[int, tuple[Context, int, int, Sent]]]:
        """Every packet that there can be, with the number of its bit: context, client, server, what is sent."""
        every = product(self.contexts, self.addresses, self.addresses, self.sent)
        return ((number, packet) for number, packet in enumerate(every) if self.all >> number & 1)

    def of(self, contexts: int, clients: Iterable[bool], servers: Iterable[bool], sent: Iterable[bool]) -> int:
        """The packets in some contexts with these clients, servers and things sent (True for each that counts)."""
        found = self._any(3, (bool(contexts & context) for context in self.contexts))
        return found & self._any(2, clients) & self._any(1, servers) & self._any(0, sent)

    def _any(self, place: int, chosen: Iterable[bool]) -> int:
        found = 0
        for number, is_chosen in enumerate(chosen):
            if is_chosen:
                found |= self._masks[place][number]
        return found

    @cached_property
    def _masks(self) -> list[list[int]]:
        return [[self._axis(place, value) for value in range(length)] for place, length in enumerate(self._steps)]

    # -- what a packet holds ------------------------------------------------------------------------------------------

    def values(self, load: Load) -> dict[bytes, int]:
        """Each value that a load can give, with the packets that give it; others give none (NFT_BREAK)."""
        found = self._asked.get((load, self.chosen))
        if found is None:
            found = self._asked[load, self.chosen] = self._values(load)
        assert isinstance(found, dict)
        return found

    def _values(self, load: Load) -> dict[bytes, int]:
        found: dict[bytes, int] = {}
        for number, context in enumerate(self.contexts):
            mask = self._masks[3][number] & self.all
            for value, bits in self._in_context(load, context):
                found[value] = found.get(value, 0) | (bits & mask)
        return {value: bits for value, bits in found.items() if bits}

    def _in_context(self, load: Load, context: Context) -> Iterator[tuple[bytes, int]]:
        loose = context in (Context.INVALID, Context.UNTRACKED)
        back = context in (Context.REPLY, Context.RELATED_REPLY)
        match load:
            case Meta(key=MetaKey.NFPROTO):
                yield bytes((2 if self.family == 4 else 10,)), self.all
            case Meta(key=MetaKey.L4PROTO):
                yield from self._of_sent(lambda sent: bytes((sent.protocol,)))
            case Ct() if loose:
                return
            case Ct(key=CtKey.SADDR_IP | CtKey.SADDR_IP6) if self._is_ours(load):
                yield from self._of_address(2 if load.direction is CtDirection.ORIGINAL else 1)
            case Ct(key=CtKey.DADDR_IP | CtKey.DADDR_IP6) if self._is_ours(load):
                original = load.direction is CtDirection.ORIGINAL
                yield self._bytes(self.chosen.dialled if original else self.chosen.answered), self.all
            case Ct(key=CtKey.PROTO_SRC, direction=CtDirection.REPLY):
                yield from self._of_sent(lambda sent: sent.port.to_bytes(2, "big"))
            case Ct(key=CtKey.PROTO_DST, direction=CtDirection.ORIGINAL):
                yield self.chosen.dialled_port.to_bytes(2, "big"), self.all
            case Ct(key=CtKey.PROTO_SRC | CtKey.PROTO_DST):
                yield self.chosen.answered_port.to_bytes(2, "big"), self.all
            case Payload(field=PayloadField.IP_SADDR | PayloadField.IP6_SADDR) if self._is_ours(load):
                yield from self._of_address(1 if back else 2)
            case Payload(field=PayloadField.IP_DADDR | PayloadField.IP6_DADDR) if self._is_ours(load):
                yield from self._of_address(2 if back else 1)
            case Payload(field=PayloadField.ICMPV6_TYPE | PayloadField.ICMP_TYPE):
                yield from self._of_sent(lambda sent: bytes((sent.message,)))

    def _is_ours(self, load: Load) -> bool:
        return load.type.width == (4 if self.family == 4 else 16)

    def _of_address(self, place: int) -> Iterator[tuple[bytes, int]]:
        for number, address in enumerate(self.addresses):
            yield self._bytes(address), self._masks[place][number]

    def _bytes(self, address: int) -> bytes:
        return address.to_bytes(4, "big") if self.family == 4 else max(address - V6, 0).to_bytes(16, "big")

    def _of_sent(self, value: object) -> Iterator[tuple[bytes, int]]:
        assert callable(value)
        for number, sent in enumerate(self.sent):
            yield value(sent), self._masks[0][number]

    # -- what a rule asks ---------------------------------------------------------------------------------------------

    def holds(self, asked: Compare | InRange | HasState | Lookup, ruleset: Ruleset) -> int:
        """The packets for which a condition holds."""
        match asked:
            case HasState():
                inside = self._any(3, (bool(_state(context) & asked.states) for context in self.contexts))
                return self.all & ~inside if asked.negated else self.all & inside
            case Compare():
                return self._such((asked.load,), lambda value: _compares(value, asked.operator, asked.value))
            case InRange():
                return self._such(
                    (asked.load,), lambda value: (asked.first <= value <= asked.last) is not asked.negated
                )
            case Lookup():
                key = (asked.loads, id(ruleset.sets[asked.set]), asked.negated, self.chosen)
                known = self._asked.get(key)
                if known is None or known[0] is not ruleset.sets[asked.set]:  # type: ignore[index]
                    bits = self.looked_up(asked.loads, ruleset.sets[asked.set].elements, ruleset.sets[asked.set])
                    if asked.negated:
                        bits = self._such(asked.loads[:1], lambda _: True) & ~bits
                    known = self._asked[key] = (ruleset.sets[asked.set], bits)
                return known[1]  # type: ignore[index, no-any-return]

    def _such(self, loads: tuple[Load, ...], test: object) -> int:
        assert callable(test)
        (load,) = loads
        found = 0
        for value, bits in self.values(load).items():
            if test(value):
                found |= bits
        return found

    def looked_up(self, loads: tuple[Load, ...], elements: Iterable[Element], container: Set | Map) -> int:
        """The packets whose values are in any of the elements of a set or map."""
        found = 0
        for element in elements:
            bits = self.all
            last = element.key if element.last is None else element.last
            ends = zip(loads, container.shape.fields(element.key), container.shape.fields(last), strict=True)
            for load, (_, low), (_, high) in ends:
                values = self.values(load)
                if low == high:
                    bits &= values.get(low, 0)
                else:
                    bits &= self._such((load,), lambda value, low=low, high=high: low <= value <= high)
            found |= bits
        return found

    def choices(self, ruleset: Ruleset) -> Iterator[Chosen]:
        """Every way for what is chosen to be one, or two, of the addresses and ports that matter, or to be in a set."""
        ports = sorted({sent.port for sent in self.sent})
        addresses = self.addresses
        for number in range(max(len(ports), len(addresses))):
            one, other = addresses[number % len(addresses)], addresses[(number + 1) % len(addresses)]
            port = ports[number % len(ports)]
            yield Chosen(one, port, one, port)
            yield Chosen(one, port, other, 40000)
            yield Chosen(other, 40000, one, port)
        for address, port in sorted(self._pairs(ruleset)):
            yield Chosen(address, port, address, port)

    def _pairs(self, ruleset: Ruleset) -> set[tuple[int, int]]:
        """The pairs of an address and a port that sets of such pairs begin or end with."""
        found: set[tuple[int, int]] = set()
        every: list[Set | Map] = [*ruleset.sets.values(), *ruleset.maps.values()]
        for container in every:
            if [kind.width for kind in container.shape.types] != [4 if self.family == 4 else 16, 2]:
                continue
            for element in container.elements:
                for key in (element.key, element.last or element.key):
                    address, port = (int.from_bytes(value, "big") for _, value in container.shape.fields(key))
                    found.add((address if self.family == 4 else V6 + address, port))
        return found

    # -- what a table does --------------------------------------------------------------------------------------------

    def accepted(self, ruleset: Ruleset) -> int:
        """The packets that pass where they are forwarded."""
        left = self.all
        if TableFlags.DORMANT in ruleset.table.flags:
            return left
        chains = [each for each in ruleset.chains.values() if each.base is not None and each.base.hook is Hook.FORWARD]
        for chain in chains:
            assert chain.base is not None
            passed, returned = self._run(ruleset, chain, left)
            left = passed | returned if chain.base.policy is ChainPolicy.ACCEPT else passed
        return left

    def _run(self, ruleset: Ruleset, chain: Chain, bits: int) -> tuple[int, int]:
        """Of these packets, those that the chain accepts and those that come back from it."""
        accepted = returned = 0
        for rule in chain.rules:
            if not bits:
                break
            inside = bits
            for each in _conditions(rule):
                inside &= self.holds(each, ruleset)
            if not inside:
                continue
            last = rule.expressions[-1]
            for verdict, those in self._verdicts(ruleset, last, inside):
                if verdict.kind is VerdictKind.CONTINUE:
                    continue
                bits &= ~those
                if verdict.kind is VerdictKind.ACCEPT:
                    accepted |= those
                elif verdict.kind is VerdictKind.RETURN:
                    returned |= those
                elif verdict.kind in (VerdictKind.JUMP, VerdictKind.GOTO):
                    passed, back = self._run(ruleset, ruleset.chains[verdict.chain], those)
                    accepted |= passed
                    if verdict.kind is VerdictKind.JUMP:
                        bits |= back
                    else:
                        returned |= back
        return accepted, returned | bits

    def _verdicts(self, ruleset: Ruleset, last: object, inside: int) -> Iterator[tuple[Verdict, int]]:
        if isinstance(last, Verdict):
            yield last, inside
        elif isinstance(last, Reject):
            yield Verdict(VerdictKind.DROP), inside
        elif isinstance(last, VerdictMap):
            for verdict, bits in self._cases(ruleset.maps[last.map], last.loads):
                if bits & inside:
                    yield verdict, bits & inside

    def _cases(self, container: Map, loads: tuple[Load, ...]) -> list[tuple[Verdict, int]]:
        key = (loads, id(container), self.chosen)
        known = self._asked.get(key)
        if known is None or known[0] is not container:  # type: ignore[index]
            cases = [
                (each.verdict, self.looked_up(loads, [each], container)) for each in container.elements if each.verdict
            ]
            known = self._asked[key] = (container, cases)
        return known[1]  # type: ignore[index, no-any-return]


def _conditions(rule: Rule) -> Iterator[Compare | InRange | HasState | Lookup]:
    for each in rule.expressions:
        if isinstance(each, Compare | InRange | HasState | Lookup):
            yield each
        else:
            assert isinstance(each, Counter | Log | Limit | Verdict | VerdictMap | Reject), each


def _state(context: Context) -> CtState:
    return {
        Context.NEW: CtState.NEW,
        Context.ORIGINAL: CtState.ESTABLISHED,
        Context.REPLY: CtState.ESTABLISHED,
        Context.INVALID: CtState.INVALID,
        Context.UNTRACKED: CtState.UNTRACKED,
    }.get(context, CtState.RELATED)


def _compares(value: bytes, operator: Operator, other: bytes) -> bool:
    return {
        Operator.EQ: value == other,
        Operator.NE: value != other,
        Operator.LT: value < other,
        Operator.LE: value <= other,
        Operator.GT: value > other,
        Operator.GE: value >= other,
    }[operator]


def points(ruleset: Ruleset) -> tuple[set[int], set[int], set[int]]:
    """IPv4 addresses, IPv6 addresses and ports at which anything in a table begins or ends, and their neighbours."""
    ends: dict[int, set[int]] = {4: set(), 16: set(), 2: set()}
    every: list[Set | Map] = [*ruleset.sets.values(), *ruleset.maps.values()]
    for container in every:
        for element in container.elements:
            for key in (element.key, element.last or element.key):
                for kind, value in container.shape.fields(key):
                    if kind.width in ends:
                        ends[kind.width].add(int.from_bytes(value, "big"))
    near = {width: {value + step for value in values for step in (-1, 0, 1)} for width, values in ends.items()}
    return (
        {value for value in near[4] if 0 <= value < V6},
        {V6 + value for value in near[16] if 0 <= value < 1 << 128},
        {value for value in near[2] if 0 <= value < 65536},
    )


def universes(ruleset: Ruleset) -> list[Universe]:
    """One for each family, with all addresses and ports that matter to a table and one of each that does not."""
    v4, v6, ports = points(ruleset)
    return [
        Universe(4, {*v4, 0x08080808, 0x0A000009}, {*ports, 80, 9999}),
        Universe(6, {*v6, V6 + (0x2001 << 112), V6 + (0xFD00 << 112) + 9}, {*ports, 80, 9999}),
    ]
