"""Rules: ordered expressions and a comment.

A rule must load again from its print. nft reads some loads only after certain comparisons (an address field only after
the family, ``ct … proto-src`` only after the transport protocol) and merges some adjacent expressions; rules that would
not be the same after that are refused by `Rule.check`, which depends on the table's family.
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
        expressions: its matches and statements, in order; a verdict that ends the rule comes last.
        comment: at most 128 bytes.

    Raises:
        NounError: no expression, an expression after a final verdict, or an impossible comment.
    """

    expressions: tuple[Expression, ...]
    comment: str = ""

    def __post_init__(self) -> None:
        check_comment("rule", self.comment)
        if not self.expressions:
            raise NounError("rule", "expressions", "", "must not be empty")
        for each in self.expressions[:-1]:
            if isinstance(each, Verdict | VerdictMap | Unknown):
                raise NounError("rule", "expressions", each, "must be the last expression")

    def __str__(self) -> str:
        words = " ".join(map(str, self.expressions))
        return f'{words} comment "{self.comment}"' if self.comment else words

    def encode(self, table: str, chain: str) -> bytes:
        """The attributes of NFT_MSG_NEWRULE. Raises `NounError` for a rule with an `Unknown`."""
        comment = attributes.attribute(USERDATA, encode_userdata(_COMMENT, self.comment)) if self.comment else b""
        return (
            attributes.text(TABLE, table)
            + attributes.text(CHAIN, chain)
            + attributes.nested(EXPRESSIONS, *(each.encode() for each in self.expressions))
            + comment
        )

    @classmethod
    def decode(cls, fields: Fields) -> Rule:
        """A rule of a dump, with an `Unknown` for what is not supported. Raises `DecodeError`."""
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
        """The chains that the rule itself jumps or goes to."""
        return (each.chain for each in self.expressions if isinstance(each, Verdict) and each.chain)

    def check(self, family: Family) -> None:
        """Raise `NounError` unless nft would load this rule, in a table of ``family``, as exactly this rule."""
        for one, other in pairwise(self.expressions):
            _check_neighbours(one, other)
        context = _KnownPacket({Family.IP: 2, Family.IP6: 10}.get(family))
        for each in self.expressions:
            context.read(each)


def _loads(expression: Expression) -> tuple[Load, ...]:
    if isinstance(expression, Compare | InRange):
        return (expression.load,)
    if isinstance(expression, Lookup | VerdictMap):
        return expression.loads
    if isinstance(expression, HasState):
        return (Ct(CtKey.STATE),)
    return (Ct(CtKey.STATUS),) if isinstance(expression, HasStatus) else ()


class _KnownPacket:
    """What is known of a packet within a rule: the family and transport protocol that it has compared so far."""

    def __init__(self, family: int | None) -> None:
        self.family = family
        self.compared: set[Load] = set()
        self.protocol: int | None = None

    def read(self, expression: Expression) -> None:
        """Read the next expression. Raises `NounError` if nft would refuse it or add something."""
        for load in _loads(expression):
            self._check_payload(load)
            self._check_connection(load)
        if isinstance(expression, Reject) and expression.kind is RejectKind.TCP_RESET and self.protocol != 6:
            raise NounError("rule", "expressions", expression, "needs 'meta l4proto tcp' before it")
        if isinstance(expression, Compare) and expression.operator is Operator.EQ:
            self._learn(expression)

    def _learn(self, compare: Compare) -> None:
        if compare.load in (Meta(MetaKey.NFPROTO), Meta(MetaKey.L4PROTO)):
            if compare.load in self.compared:
                raise NounError("rule", "expressions", compare, "was compared before")
            self.compared.add(compare.load)
        if compare.load == Meta(MetaKey.L4PROTO):
            self.protocol = compare.value[0]
        if compare.load in (Meta(MetaKey.NFPROTO), Ct(CtKey.L3PROTOCOL)):
            self._agree(compare, compare.value[0])

    def _agree(self, what: object, family: int) -> None:
        if self.family is not None and self.family != family:
            raise NounError("rule", "expressions", what, "is of another family than the rule")
        self.family = family

    def _check_payload(self, load: Load) -> None:
        if not isinstance(load, Payload):
            return
        if load.field.family is not None and load.field.family != self.family:
            word = "ipv4" if load.field.family == 2 else "ipv6"
            raise NounError("rule", "expressions", load, f"needs 'meta nfproto {word}' before it")
        if load.field.protocol is not None and load.field.protocol != self.protocol:
            word = "icmp" if load.field.protocol == 1 else "icmpv6"
            raise NounError("rule", "expressions", load, f"needs 'meta l4proto {word}' before it")

    def _check_connection(self, load: Load) -> None:
        if not isinstance(load, Ct):
            return
        if load.key in (CtKey.PROTO_SRC, CtKey.PROTO_DST) and self.protocol not in _TRANSPORTS:
            raise NounError("rule", "expressions", load, "needs 'meta l4proto' tcp, udp or another transport before it")
        if load.key in _FAMILY_OF:
            self._agree(load, _FAMILY_OF[load.key])


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
        raise NounError("rule", "expressions", f"{one} {other}", "nft merges these comparisons: look up both in a set")
