"""Rules: expressions in their order, and a comment.

A rule must load again from its print. nft reads some questions only after others (an address field only after the
family, ``ct … proto-src`` only after the transport protocol) and rewrites some neighbours into one instruction; rules
that would not come back as they were are refused by `Rule.check`, which knows the table's family.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from haechi.nft import attributes
from haechi.nft.attributes import Fields
from haechi.nft.bytecode import decode_bytecodes
from haechi.nft.compare import Compare, HasState, HasStatus, InRange, Operator
from haechi.nft.datatype import PROTOCOLS
from haechi.nft.errors import NounError
from haechi.nft.expression import Expression, decode_expressions
from haechi.nft.load import Ct, CtKey, Load, Meta, MetaKey, Payload
from haechi.nft.lookup import Lookup, VerdictMap
from haechi.nft.names import check_comment, decode_comment, encode_userdata
from haechi.nft.statement import Reject, RejectKind
from haechi.nft.table import Family
from haechi.nft.unknown import Unknown
from haechi.nft.verdict import Verdict

TABLE, CHAIN, EXPRESSIONS, COMPAT, USERDATA = 1, 2, 4, 5, 7
_COMMENT: Final = 0
_TRANSPORTS: Final = frozenset(PROTOCOLS[name] for name in ("tcp", "udp", "udplite", "dccp", "sctp"))
_FAMILY_OF: Final = {
    CtKey.SADDR_IP: 2, CtKey.DADDR_IP: 2, CtKey.SADDR_IP6: 10, CtKey.DADDR_IP6: 10,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        expressions: what it asks and does, in order; a verdict that ends the rule comes last.
        comment: at most 128 bytes.

    Raises:
        NounError: no expression, an expression after a final verdict, or an impossible comment.
    """

    expressions: tuple[Expression, ...]
    comment: str = ""

    def __post_init__(self) -> None:
        check_comment("rule", self.comment)
        if not self.expressions:
            raise NounError("rule", "expressions", "", "a rule asks or does something")
        for each in self.expressions[:-1]:
            if isinstance(each, Verdict | VerdictMap | Unknown):
                raise NounError("rule", "expressions", each, "must be the last expression")

    def __str__(self) -> str:
        words = " ".join(map(str, self.expressions))
        return f'{words} comment "{self.comment}"' if self.comment else words

    def encode(self, table: str, chain: str) -> bytes:
        """The attributes of NFT_MSG_NEWRULE. Raises `NounError` for a rule that was not understood."""
        comment = attributes.attribute(USERDATA, encode_userdata(_COMMENT, self.comment)) if self.comment else b""
        return (
            attributes.text(TABLE, table)
            + attributes.text(CHAIN, chain)
            + attributes.nested(EXPRESSIONS, *(each.encode() for each in self.expressions))
            + comment
        )

    @classmethod
    def decode(cls, fields: Fields) -> Rule:
        """A rule of a dump. What it does and is not understood is in it as `Unknown`. Raises `DecodeError`."""
        codes = decode_bytecodes(fields.raw(EXPRESSIONS)) if EXPRESSIONS in fields else ()
        comment = decode_comment(fields.raw(USERDATA), _COMMENT, "rule") if USERDATA in fields else ""
        raw = b"".join(code.encode() for code in codes)
        if COMPAT in fields:
            return cls((Unknown("rule", raw, "made by iptables"),), comment)
        try:
            return cls(decode_expressions(codes), comment)
        except NounError as error:
            return cls((Unknown("rule", raw, str(error)),))

    def lookups(self) -> Iterator[Lookup | VerdictMap]:
        """The expressions that need a set or map."""
        return (each for each in self.expressions if isinstance(each, Lookup | VerdictMap))

    def targets(self) -> Iterator[str]:
        """The chains that the rule's own verdict goes to."""
        return (each.chain for each in self.expressions if isinstance(each, Verdict) and each.chain)

    def check(self, family: Family) -> None:
        """Raise `NounError` unless nft would load this rule, in a table of ``family``, as exactly this rule."""
        for one, other in pairwise(self.expressions):
            _check_neighbours(one, other)
        known = {MetaKey.NFPROTO: {Family.IP: 2, Family.IP6: 10}.get(family), MetaKey.L4PROTO: None}
        for each in self.expressions:
            for load in _loads(each):
                _check_load(load, known[MetaKey.NFPROTO], known[MetaKey.L4PROTO])
            if isinstance(each, Reject) and each.kind is RejectKind.TCP_RESET and known[MetaKey.L4PROTO] != 6:
                raise NounError("rule", "expressions", each, "needs 'meta l4proto tcp' before it")
            if isinstance(each, Compare) and each.operator is Operator.EQ and isinstance(each.load, Meta):
                if known.get(each.load.key) is not None:
                    raise NounError("rule", "expressions", each, "was known before")
                if each.load.key in known:
                    known[each.load.key] = each.value[0]


def _loads(expression: Expression) -> tuple[Load, ...]:
    if isinstance(expression, Compare | InRange):
        return (expression.load,)
    if isinstance(expression, Lookup | VerdictMap):
        return expression.loads
    if isinstance(expression, HasState):
        return (Ct(CtKey.STATE),)
    return (Ct(CtKey.STATUS),) if isinstance(expression, HasStatus) else ()


def _check_load(load: Load, family: int | None, protocol: int | None) -> None:
    if isinstance(load, Payload):
        if load.field.family is not None and load.field.family != family:
            word = "ipv4" if load.field.family == 2 else "ipv6"
            raise NounError("rule", "expressions", load, f"needs 'meta nfproto {word}' before it")
        if load.field.protocol is not None and load.field.protocol != protocol:
            word = "icmp" if load.field.protocol == 1 else "icmpv6"
            raise NounError("rule", "expressions", load, f"needs 'meta l4proto {word}' before it")
    if isinstance(load, Ct):
        if load.key in (CtKey.PROTO_SRC, CtKey.PROTO_DST) and protocol not in _TRANSPORTS:
            raise NounError("rule", "expressions", load, "needs 'meta l4proto' tcp, udp or another transport before it")
        needed = _FAMILY_OF.get(load.key)
        if needed is not None and family is not None and family != needed:
            raise NounError("rule", "expressions", load, "is of another family than the rule's")


def _check_neighbours(one: Expression, other: Expression) -> None:
    if not isinstance(one, Compare) or not isinstance(other, Compare):
        return
    if one.load == other.load and {one.operator, other.operator} == {Operator.GE, Operator.LE}:
        raise NounError("rule", "expressions", f"{one} {other}", "is a range: use InRange")
    if (
        isinstance(one.load, Payload)
        and isinstance(other.load, Payload)
        and one.operator == other.operator == Operator.EQ
        and one.load.field.base == other.load.field.base
    ):
        raise NounError(
            "rule", "expressions", f"{one} {other}", "nft makes one comparison of these: look up both in a set"
        )
