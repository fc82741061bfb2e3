"""Words to rules.

A rule is read from left to right, as nft loads it: comparisons that the text leaves out (see
`haechi.nft.parsing.loads`) are inserted. A rule is supported as a whole or not at all, because an unsupported word may
change the meaning of the others.

In some cases nft prints less than the kernel's rule; the text is read as nft would load it. nft 1.0.6 leaves out ``ct
l3proto`` and ``ct protocol`` if the rule compares a transport protocol or an address later, prints an ICMPv6 type alike
with and without a comparison of the family, and prints a plain ``reject`` in an inet table for ``icmpx
port-unreachable`` only. The first two cannot be distinguished in text, only in a dump of the kernel; Haechi does not
create such rules.

Not supported are two ``!=`` of a packet's ports, because nft prints them alike whether the kernel compares them
separately or at once, which has another meaning; and ``ct protocol tcp`` before a field of TCP, after which nft adds
``meta l4proto`` in some tables only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from haechi.nft.compare import BITS, Compare, CtState, CtStatus, HasState, HasStatus, InRange, Operator
from haechi.nft.datatype import DataType
from haechi.nft.expression import Expression
from haechi.nft.load import Ct, CtKey, Load, Meta, MetaKey, Payload, PayloadField
from haechi.nft.lookup import Lookup, VerdictMap
from haechi.nft.parsing.errors import NotUnderstoodError
from haechi.nft.parsing.loads import ConditionalLoad, read_loads
from haechi.nft.parsing.scanner import unquoted
from haechi.nft.parsing.values import number, span, value, verdict
from haechi.nft.rule import Rule
from haechi.nft.statement import (
    Counter,
    Limit,
    LimitKind,
    LimitUnit,
    Log,
    LogLevel,
    Notrack,
    Reject,
    RejectKind,
    SetMark,
)
from haechi.nft.table import Family

_T = TypeVar("_T")

_HEXADECIMAL: Final = re.compile(r"0x[0-9a-f]{1,8}", re.ASCII)
_NETWORK: Final = Meta(MetaKey.NFPROTO)
_TRANSPORT: Final = Meta(MetaKey.L4PROTO)
_CONNECTION_NETWORK: Final = Ct(CtKey.L3PROTOCOL)
_CONNECTION_TRANSPORT: Final = Ct(CtKey.PROTOCOL)
_MOST_WORDS: Final = 2_000
"""The kernel's rules have at most 128 expressions (NFT_RULE_MAXEXPRS); none is printed as more than twelve words."""
_PORTS: Final = frozenset((Payload(PayloadField.TH_SPORT), Payload(PayloadField.TH_DPORT)))
_TCP: Final = 6
_OPERATORS: Final = {
    "==": Operator.EQ, "!=": Operator.NE, "<": Operator.LT, "<=": Operator.LE, ">": Operator.GT, ">=": Operator.GE,
}  # fmt: skip
_VERDICT_WORDS: Final = {"accept": 1, "drop": 1, "continue": 1, "return": 1, "jump": 2, "goto": 2}
_UNITS: Final = {each.name.lower(): each for each in LimitUnit}
_BYTES: Final = {"bytes": 1, "kbytes": 1 << 10, "mbytes": 1 << 20}
_LEVELS: Final = {each.name.lower(): each for each in LogLevel}
_REJECTS: Final = {each.words: each for each in RejectKind} | {
    f"icmpx {each.code}": each for each in RejectKind if each is not RejectKind.TCP_RESET
}
_STATES: Final = {each.name.lower(): int(each) for each in CtState if each.name}
_STATUS: Final = {each.name.lower().replace("_", "-"): int(each) for each in CtStatus if each.name}


def read_rule(words: list[str], family: Family) -> Rule:
    """The rule of these words in a table of a family. Raises `NotUnderstoodError` or `NounError`."""
    if len(words) > _MOST_WORDS:
        raise NotUnderstoodError(f"more than {_MOST_WORDS} words")
    return _RuleReader(words, family).rule()


class _RuleReader:
    """A rule that is being read."""

    def __init__(self, words: list[str], family: Family) -> None:
        self.words = words
        self.position = 0
        self.table = family
        self.family: int | None = {Family.IP: 2, Family.IP6: 10}.get(family)
        self.protocol: int | None = None
        self.ambiguous = False
        self.found: list[Expression] = []

    def rule(self) -> Rule:
        comment = ""
        while self.position < len(self.words):
            if self._take("comment"):
                comment = self._string()
                if self.position < len(self.words):
                    raise NotUnderstoodError("words after a comment")
                break
            self._statement()
        rule = Rule(tuple(self.found), comment)
        rule.check(self.table)
        _check_ports(rule)
        return rule

    def _statement(self) -> None:
        word = self.words[self.position]
        length = _VERDICT_WORDS.get(word)
        if length is not None:
            decided = verdict(self.words[self.position : self.position + length])
            if decided is None:
                raise NotUnderstoodError(f"{word} without a chain")
            self.position += length
            self.found.append(decided)
        elif word in _STATEMENTS:
            self.position += 1
            self.found.append(_STATEMENTS[word](self))
        elif self.words[self.position : self.position + 3] == ["meta", "mark", "set"]:
            self.position += 3
            self.found.append(SetMark(int.from_bytes(value(DataType.MARK, self._next()), "big")))
        else:
            self._match()

    # -- words ---------------------------------------------------------------------------------------------------

    def _next(self) -> str:
        if self.position >= len(self.words):
            raise NotUnderstoodError("unexpected end")
        self.position += 1
        return self.words[self.position - 1]

    def _take(self, word: str) -> bool:
        """Whether the next word is this one; if so, it is read."""
        if self.words[self.position : self.position + 1] != [word]:
            return False
        self.position += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise NotUnderstoodError(f"{word!a} is missing")

    def _string(self) -> str:
        word = self._next()
        text = unquoted(word)
        if text is None:
            raise NotUnderstoodError(f"{word!a} is not between quotes")
        return text

    # -- matches -------------------------------------------------------------------------------------------------

    def _require(self, family: int | None, protocol: int | None) -> None:
        """Insert the comparisons that nft leaves out, unless the rule has them.

        In bridges nft compares the Ethernet type instead; for ICMP with a known protocol it never compares the family.
        """
        new = protocol is None or self.protocol is None
        if family is not None and self.family is None and new and self.table is Family.INET:
            self._append(Compare(_NETWORK, Operator.EQ, bytes((family,))))
        if protocol is not None and self.protocol is None:
            if self.ambiguous:
                raise NotUnderstoodError("what nft compares after 'ct protocol' is ambiguous")
            self._append(Compare(_TRANSPORT, Operator.EQ, bytes((protocol,))))
        if protocol is not None and self.protocol != protocol:
            raise NotUnderstoodError("fields of two transport protocols")

    def _append(self, expression: Expression) -> None:
        self.found.append(expression)
        if isinstance(expression, Compare) and expression.operator is Operator.EQ:
            if expression.load in (_NETWORK, _CONNECTION_NETWORK):
                self.family = expression.value[0]
            elif expression.load == _TRANSPORT:
                self.protocol = expression.value[0]
            self.ambiguous |= expression.load == _CONNECTION_TRANSPORT

    def _match(self) -> None:
        found, self.position = read_loads(self.words, self.position)
        for each in found:
            self._require(each.family, each.protocol)
        self._append(self._condition(found))

    def _condition(self, found: list[ConditionalLoad]) -> Expression:
        loads = tuple(each.load for each in found)
        if self._take("vmap"):
            return VerdictMap(loads, self._name())
        if len(loads) == 1 and loads[0].type in BITS:
            return self._bits(loads[0])
        operator = Operator.EQ
        if self.position < len(self.words) and self.words[self.position] in _OPERATORS:
            operator = _OPERATORS[self._next()]
        if self.position < len(self.words) and self.words[self.position].startswith("@"):
            if operator > Operator.NE:
                raise NotUnderstoodError("a set cannot be ordered")
            return Lookup(loads, self._name(), operator is Operator.NE)
        if len(loads) != 1:
            raise NotUnderstoodError("a concatenation that is not looked up in a named set")
        return self._comparison(loads[0], operator)

    def _name(self) -> str:
        word = self._next()
        if not word.startswith("@"):
            raise NotUnderstoodError(f"{word!a} is not the name of a set or map")
        return word[1:]

    def _comparison(self, load: Load, operator: Operator) -> Expression:
        first, last = span(load.type, self._next())
        if last is None:
            return Compare(load, operator, first)
        if operator > Operator.NE:
            raise NotUnderstoodError("a range cannot be ordered")
        return InRange(load, first, last, operator is Operator.NE)

    def _bits(self, load: Load) -> Expression:
        negated = self._take("!")
        state = load.type is DataType.CT_STATE
        known = _STATES if state else _STATUS
        bits = self._bit(known)
        while self._take(","):
            bits |= self._bit(known)
        return HasState(CtState(bits), negated) if state else HasStatus(CtStatus(bits), negated)

    def _bit(self, known: dict[str, int]) -> int:
        word = self._next()
        if word in known:
            return known[word]
        bit = int(word, 16) if _HEXADECIMAL.fullmatch(word) else number(word, 0xFFFFFFFF)
        if bit not in known.values():
            raise NotUnderstoodError(f"the state {word!a}")
        return bit

    # -- statements ----------------------------------------------------------------------------------------------

    def _counter(self) -> Expression:
        if not self._take("packets"):
            return Counter()
        packets = number(self._next())
        self._expect("bytes")
        return Counter(packets, number(self._next()))

    def _limit(self) -> Expression:
        self._expect("rate")
        over = self._take("over")
        rate, slash, unit = self._next().partition("/")
        if slash:
            burst = number(self._next()) if self._take("burst") else None
            if burst is not None:
                self._expect("packets")
            return Limit(number(rate), _known(_UNITS, unit), 5 if burst is None else burst, over)
        size, _, unit = self._next().partition("/")
        rate_bytes = number(rate) * _known(_BYTES, size)
        burst = number(self._next()) * _known(_BYTES, self._next()) if self._take("burst") else 0
        return Limit(rate_bytes, _known(_UNITS, unit), burst, over, LimitKind.BYTES)

    def _log(self) -> Expression:
        prefix, level, numbers = "", LogLevel.WARN, dict[str, int]()
        while self.position < len(self.words) and self.words[self.position] in _LOG_WORDS:
            word = self._next()
            if word == "prefix":
                prefix = self._string()
            elif word == "level":
                level = _known(_LEVELS, self._next())
            else:
                numbers[word] = number(self._next())
        return Log(prefix, numbers.get("group"), numbers.get("snaplen", 0), level, numbers.get("queue-threshold", 0))

    def _reject(self) -> Expression:
        if not self._take("with"):
            if self.table is not Family.INET:
                raise NotUnderstoodError("a reject by ICMP of one family")
            return Reject()
        words = self._next()
        self._take("type")
        kind = _known(_REJECTS, f"{words} {self._next()}")
        if kind is RejectKind.TCP_RESET:
            self._require(None, _TCP)
        return Reject(kind)


_LOG_WORDS: Final = frozenset(("prefix", "level", "group", "snaplen", "queue-threshold"))
_STATEMENTS: Final[dict[str, Callable[[_RuleReader], Expression]]] = {
    "counter": _RuleReader._counter,
    "limit": _RuleReader._limit,
    "log": _RuleReader._log,
    "reject": _RuleReader._reject,
    "notrack": lambda _: Notrack(),
}


def _known(words: dict[str, _T], word: str) -> _T:
    if word not in words:
        raise NotUnderstoodError(f"{word!a}")
    return words[word]


def _check_ports(rule: Rule) -> None:
    differing = [each for each in rule.expressions if isinstance(each, Compare) and each.operator is Operator.NE]
    if sum(each.load in _PORTS for each in differing) > 1:
        raise NotUnderstoodError("two comparisons of ports, which nft may have merged with another meaning")
