"""Statements to chains: their hooks, and the words of their rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from haechi.nft.chain import BaseChain, Chain, ChainPolicy, Hook
from haechi.nft.errors import NounError
from haechi.nft.parsing.errors import NotUnderstoodError
from haechi.nft.parsing.scanner import Scanner, Statement, comment_of
from haechi.nft.parsing.values import number
from haechi.nft.table import Family

_HOOKS: Final = {each.name.lower(): each for each in Hook}
_POLICIES: Final = {each.name.lower(): each for each in ChainPolicy}
_PRIORITIES: Final = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
_BRIDGE_PRIORITIES: Final = {"dstnat": -300, "filter": -200, "out": 100, "srcnat": 300}
_HOOKED: Final = frozenset((Family.INET, Family.IP, Family.IP6, Family.BRIDGE))
_HIGHEST: Final = (1 << 31) - 1
_CHAIN_WORDS: Final = frozenset(("type", "policy", "device", "devices", "flags"))


def read_base(words: list[str], family: Family) -> BaseChain:
    """``type TYPE hook HOOK priority PRIORITY``. Raises `NotUnderstoodError` or `NounError`."""
    if len(words) < 6 or words[0::2][:3] != ["type", "hook", "priority"] or words[3] not in _HOOKS:
        raise NotUnderstoodError(" ".join(words))
    if family not in _HOOKED:
        raise NotUnderstoodError(f"hooks of {family} chains")
    return BaseChain(words[1], _HOOKS[words[3]], _priority(words[5:], family))


def read_policy(words: list[str]) -> ChainPolicy:
    """``policy POLICY``. Raises `NotUnderstoodError`."""
    if len(words) != 2 or words[1] not in _POLICIES:
        raise NotUnderstoodError(" ".join(words))
    return _POLICIES[words[1]]


def _priority(words: list[str], family: Family) -> int:
    """``-150``, ``mangle`` or ``filter + 10``; the names are those of nft's std_prios."""
    names = _BRIDGE_PRIORITIES if family is Family.BRIDGE else _PRIORITIES
    if len(words) == 3 and words[1] in ("+", "-") and words[0] in names:
        distance = number(words[2], _HIGHEST)
        return names[words[0]] + (distance if words[1] == "+" else -distance)
    if len(words) != 1:
        raise NotUnderstoodError(f"the priority {' '.join(words)!a}")
    if words[0] in names:
        return names[words[0]]
    negative = words[0].startswith("-")
    return -number(words[0][1:], _HIGHEST + 1) if negative else number(words[0], _HIGHEST)


@dataclass
class ChainReading:
    """A chain whose rules have not been read yet.

    Attributes:
        rules: the statements of the rules, in order.
        reason: why the chain is not supported, empty if it is.
    """

    name: str
    base: BaseChain | None = None
    policy: ChainPolicy | None = None
    comment: str = ""
    rules: list[Statement] = field(default_factory=list)
    reason: str = ""

    def read(self, scanner: Scanner, family: Family) -> None:
        """Read everything up to the closing brace. Raises `ParseError`."""
        opened = scanner.position - 1
        while True:
            line = _line(scanner)
            if line.words:
                self._statement(line, family)
            if line.end == "":
                raise scanner.error("this brace is not closed", opened)
            if line.end == "}":
                return

    def noun(self) -> Chain:
        """The chain without its rules. Raises `NotUnderstoodError` or `NounError`."""
        if self.policy is not None and self.base is None:
            self.reason = self.reason or "a policy without a hook"
        if self.reason:
            raise NotUnderstoodError(self.reason)
        base = self.base
        if base is not None and self.policy is not None:
            base = replace(base, policy=self.policy)
        return Chain(self.name, (), base, self.comment)

    def _statement(self, line: Statement, family: Family) -> None:
        comment = comment_of(line.words)
        try:
            if comment is not None:
                self.comment = comment
            elif line.words[0] == "type" and self.base is None:
                self.base = read_base(line.words, family)
            elif line.words[0] == "policy" and self.policy is None:
                self.policy = read_policy(line.words)
            elif line.words[0] in _CHAIN_WORDS:
                raise NotUnderstoodError(" ".join(line.words))
            else:
                self.rules.append(line)
        except (NotUnderstoodError, NounError) as error:
            self.reason = self.reason or str(error)


def _line(scanner: Scanner) -> Statement:
    """A statement in which blocks in braces are one word each, because no noun contains any."""
    line = scanner.statement()
    words, start, stop = line.words, line.start, line.stop
    while line.end == "{":
        scanner.skip_block()
        stop = scanner.position
        line = scanner.statement(rest=True)
        words += ["{}", *line.words]
        stop = line.stop if line.words else stop
    return Statement(words, line.end, start, stop)
