"""What a ruleset does to a packet, read from its nouns alone: a second pair of eyes for what the dataplane compiles.

It knows nothing of policies and shares nothing with the compiler but the nouns. It speaks the expressions that the
dataplane uses and stops at any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from haechi.nft import (
    Chain,
    Compare,
    Counter,
    Ct,
    CtDirection,
    CtKey,
    CtState,
    Element,
    HasState,
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
    Ruleset,
    Set,
    Verdict,
    VerdictKind,
    VerdictMap,
)
from haechi.nft import Rule as NftRule

Address = IPv4Address | IPv6Address
_FINAL = {VerdictKind.ACCEPT: True, VerdictKind.DROP: False}


@dataclass(frozen=True)
class Flow:
    """A packet and the connection that it belongs to.

    Attributes:
        client: the source of the connection's original tuple.
        server: the source of its reply tuple.
        protocol: the IP protocol.
        port: the source port of its reply tuple.
        state: of the connection, at this packet.
        source: the packet's own source; the client's by default.
        destination: the packet's own destination; the server's by default.
        kind: the ICMP type.
    """

    client: Address
    server: Address
    protocol: int
    port: int = 0
    state: CtState = CtState.NEW
    source: Address | None = None
    destination: Address | None = None
    kind: int = 0

    def load(self, load: Load) -> bytes | None:
        """The answer to one question; None where the kernel would give up the rule."""
        match load:
            case Meta(MetaKey.NFPROTO):
                return b"\2" if self.client.version == 4 else b"\x0a"
            case Meta(MetaKey.L4PROTO):
                return bytes([self.protocol])
            case Ct(CtKey.PROTO_SRC, CtDirection.REPLY):
                return self.port.to_bytes(2, "big")
            case Ct(CtKey.SADDR_IP | CtKey.SADDR_IP6 as key, direction):
                address = self.client if direction is CtDirection.ORIGINAL else self.server
                return address.packed if (address.version == 4) == (key is CtKey.SADDR_IP) else None
            case Payload(PayloadField.IP_SADDR | PayloadField.IP6_SADDR):
                return (self.source or self.client).packed
            case Payload(PayloadField.IP_DADDR | PayloadField.IP6_DADDR):
                return (self.destination or self.server).packed
            case Payload(PayloadField.ICMPV6_TYPE):
                return bytes([self.kind])
        raise NotImplementedError(load)

    def key(self, loads: Iterable[Load]) -> bytes | None:
        """The answers as the key of a set, each padded to four bytes if there are several."""
        found = [self.load(load) for load in loads]
        known = [each for each in found if each is not None]
        if len(known) < len(found):
            return None
        return known[0] if len(known) == 1 else b"".join(each + bytes(-len(each) & 3) for each in known)


class Interpreter:
    """The base chains of a ruleset, in order, with sets and maps made quick to ask."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.chains = ruleset.chains
        nouns: list[Set | Map] = [*ruleset.sets.values(), *ruleset.maps.values()]
        self.keys = {noun.name: _members(noun) for noun in nouns}
        bases = [(chain.base.priority, chain) for chain in ruleset.chains.values() if chain.base is not None]
        self.bases = [chain for _, chain in sorted(bases, key=lambda each: each[0])]

    def passes(self, flow: Flow) -> bool:
        """Whether the packet is accepted: by every base chain."""
        return all(self._base(chain, flow) for chain in self.bases)

    def _base(self, chain: Chain, flow: Flow) -> bool:
        assert chain.base is not None
        found = self._chain(chain, flow, 0)
        return bool(chain.base.policy) if found is None else found

    def _chain(self, chain: Chain, flow: Flow, depth: int) -> bool | None:
        """The end of it, or None: it returns."""
        assert depth < 16, "the kernel allows 16 jumps"
        for rule in chain.rules:
            verdict = self._rule(rule, flow)
            if verdict is None:
                continue
            if verdict.kind is VerdictKind.RETURN:
                return None
            if verdict.kind in _FINAL:
                return _FINAL[verdict.kind]
            found = self._chain(self.chains[verdict.chain], flow, depth + 1)
            if found is not None or verdict.kind is VerdictKind.GOTO:
                return found
        return None

    def _rule(self, rule: NftRule, flow: Flow) -> Verdict | None:
        """The verdict of a rule, None if it has none or does not match."""
        for each in rule.expressions:
            match each:
                case Verdict():
                    return each
                case VerdictMap(loads, name):
                    return self._find(name, flow.key(loads))[1]
                case Lookup(loads, name, negated=False):
                    matches = self._find(name, flow.key(loads))[0]
                case Compare(load, Operator.EQ, value):
                    matches = flow.load(load) == value
                case InRange(load, first, last, negated=False):
                    answer = flow.load(load)
                    matches = answer is not None and first <= answer <= last
                case HasState(states, negated=False):
                    matches = bool(flow.state & states)
                case Counter() | Log() | Limit():
                    matches = True
                case _:
                    raise NotImplementedError(each)
            if not matches:
                return None
        return None

    def _find(self, name: str, key: bytes | None) -> tuple[bool, Verdict | None]:
        single, intervals = self.keys[name]
        if key is None:
            return False, None
        if key in single:
            return True, single[key]
        return next(
            ((True, verdict) for first, last, verdict in intervals if first <= key <= (last or first)), (False, None)
        )


def _members(noun: Set | Map) -> tuple[dict[bytes, Verdict | None], list[Element]]:
    single = {each.key: each.verdict for each in noun.elements if each.last is None}
    return single, [each for each in noun.elements if each.last is not None]
