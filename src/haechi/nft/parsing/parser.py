"""A saved ruleset in nft syntax to the nouns that a dump of the kernel would be decoded to.

The input is what ``nft list ruleset`` and ``nft list table`` print (1.0.6 and later, with ``-s``, ``-n``, ``-a`` or
without), or what `Ruleset` itself prints. Valid syntax that is not supported (anonymous sets, timeouts, names of
services, chains of devices) becomes an `Unknown` with its text for each rule, set or chain. Invalid syntax, and
commands other than tables, which would change what has been read, are a `ParseError`.

What a tool does not print is missing: ``nft --terse`` prints every set empty, and it is read as empty; see also
`haechi.nft.parsing.rules`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from haechi.nft.chain import Chain
from haechi.nft.errors import NounError
from haechi.nft.lookup import Lookup
from haechi.nft.map import Map
from haechi.nft.parsing.chains import ChainReading
from haechi.nft.parsing.errors import NotUnderstoodError, ParseError
from haechi.nft.parsing.rules import read_rule
from haechi.nft.parsing.scanner import MARKER, Scanner, Statement, comment_of
from haechi.nft.parsing.sets import SetReading
from haechi.nft.rule import Rule
from haechi.nft.ruleset import Ruleset
from haechi.nft.set import Set
from haechi.nft.table import Family, Table, TableFlags
from haechi.nft.unknown import Unknown

_FAMILIES: Final = {str(each): each for each in Family}
_TABLE_FLAGS: Final = {str(each.name).lower(): each for each in TableFlags}


def parse(text: str | bytes, table: str | None = None, family: Family = Family.INET) -> Ruleset:
    """One table of a saved ruleset.

    Args:
        text: the file, UTF-8 if in bytes.
        table: the table's name; None for the only table of the file, of any family.
        family: the table's family, if it is given by name.

    Raises:
        ParseError: text that is not a ruleset in nft syntax, or that does not contain this table exactly once.
    """
    scanner = Scanner(text)
    found = _headings(scanner)
    wanted = [each for each in found if table is None or (each.family, each.name) == (str(family), table)]
    if len(wanted) != 1:
        raise _none_or_many(scanner, found, wanted, table, family)
    scanner.position = wanted[0].body
    heading = wanted[0]
    if heading.family not in _FAMILIES:
        raise scanner.error(f"{heading.family!a} is not a family of tables", heading.start)
    try:
        return _TableReading(scanner, heading).read()
    except NounError as error:
        raise scanner.error(str(error), heading.start) from error


def tables(text: str | bytes) -> tuple[str, ...]:
    """The tables of a saved ruleset, such as ``inet haechi``, in their order. Raises `ParseError`."""
    return tuple(str(each) for each in _headings(Scanner(text)))


class _Heading(NamedTuple):
    """A table's position in the text, and that of the first character within its braces."""

    family: str
    name: str
    start: int
    body: int

    def __str__(self) -> str:
        return f"{self.family} {self.name}"


def _headings(scanner: Scanner) -> list[_Heading]:
    found: list[_Heading] = []
    while True:
        read = scanner.statement()
        if not read.words and read.end == "":
            return found
        if read.words == ["flush", "ruleset"] and read.end in "\n;" and not found:
            continue  # at the beginning of saved files: only the tables that follow exist
        if read.end != "{" or read.words[:1] != ["table"] or not 2 <= len(read.words) <= 3:
            raise scanner.error(_unexpected(read), read.start)
        family = read.words[1] if len(read.words) == 3 else str(Family.IP)
        found.append(_Heading(family, read.words[-1], read.start, scanner.position))
        scanner.skip_block()


def _unexpected(read: Statement) -> str:
    if not read.words:
        return "unmatched closing brace" if read.end == "}" else "unexpected opening brace"
    return f"{' '.join(read.words)[:60]!a} is not a table: only tables, as nft lists them, are supported"


def _none_or_many(
    scanner: Scanner, found: list[_Heading], wanted: list[_Heading], table: str | None, family: Family
) -> ParseError:
    what = "table" if table is None else f"table {family} {table}"
    if wanted:
        return scanner.error(f"a second {what}: the text must contain exactly one", wanted[1].start)
    others = f", only {', '.join(map(str, found[:10]))}" if found else ", which has no tables"
    return scanner.error(f"there is no {what} in the text{others}")


def _are_flags(words: list[str]) -> bool:
    return bool(words) and set(words[::2]) <= _TABLE_FLAGS.keys() and set(words[1::2]) <= {","}


class _TableReading:
    """A table that is being read: first its nouns, then rules, which refer to them."""

    def __init__(self, scanner: Scanner, heading: _Heading) -> None:
        self.scanner = scanner
        self.name = heading.name
        self.family = _FAMILIES[heading.family]
        self.comment = ""
        self.flags = TableFlags(0)
        self.chains: dict[str, Chain] = {}
        self.sets: dict[str, Set] = {}
        self.maps: dict[str, Map] = {}
        self.unknown: set[Unknown] = set()
        self._chain_readings: list[ChainReading] = []
        self._set_readings: list[tuple[SetReading, int, int]] = []
        self._names: set[tuple[bool, str]] = set()

    def read(self) -> Ruleset:
        """Read the table up to its closing brace. Raises `ParseError`, or `NounError` for an impossible table."""
        while self._item():
            pass
        for reading in self._chain_readings:
            self._rules(reading)
        table = Table(self.name, self.family, self.flags, self.comment)
        return Ruleset(table, self.chains, self.sets, self.maps, frozenset(self.unknown))

    def _text(self, start: int, stop: int) -> str:
        return self.scanner.text[start:stop]

    def _not_understood(self, what: str, start: int, stop: int, reason: str) -> None:
        self.unknown.add(Unknown(what, self._text(start, stop).encode(), reason))

    # -- contents ------------------------------------------------------------------------------------------------

    def _item(self) -> bool:
        """Read a statement or a block, and return whether there may be more."""
        read = self.scanner.statement()
        if read.end == "{":
            self._block(read)
        elif read.words:
            self._statement(read)
        if read.end == "}":
            self._finish_sets()
            return False
        return True

    def _statement(self, read: Statement) -> None:
        comment = comment_of(read.words)
        if comment is not None:
            self.comment = comment
        elif read.words[0] == "flags" and _are_flags(read.words[1:]):
            for word in read.words[1::2]:
                self.flags |= _TABLE_FLAGS[word]
        else:
            self._not_understood(" ".join(read.words).removeprefix(MARKER).strip(), read.start, read.stop, "")

    def _block(self, read: Statement) -> None:
        kind = read.words[0] if len(read.words) == 2 else ""
        if kind == "chain":
            self._chain(read)
        elif kind in ("set", "map"):
            self._set(read)
        else:
            self.scanner.skip_block()
            what = " ".join(read.words) or "a block without a name"
            self._not_understood(what, read.start, self.scanner.position, "not a chain, set or map")

    def _once(self, read: Statement) -> None:
        name = (read.words[0] == "chain", read.words[1])
        if name in self._names:
            raise self.scanner.error(f"a second {' '.join(read.words)}", read.start)
        self._names.add(name)

    def _set(self, read: Statement) -> None:
        self._once(read)
        reading = SetReading(read.words[1], verdicts=read.words[0] == "map")
        reading.read(self.scanner)
        self._set_readings.append((reading, read.start, self.scanner.position))

    def _finish_sets(self) -> None:
        """Complete sets and maps once all chains are known that verdicts may go to."""
        for reading, start, stop in self._set_readings:
            try:
                noun = reading.noun()
                if isinstance(noun, Map):
                    self._check_targets({each.verdict.chain for each in noun.elements if each.verdict is not None})
                    self.maps[noun.name] = noun
                else:
                    self.sets[noun.name] = noun
            except (NotUnderstoodError, NounError) as error:
                self._not_understood(f"set {reading.name}", start, stop, str(error))

    # -- chains --------------------------------------------------------------------------------------------------

    def _chain(self, read: Statement) -> None:
        self._once(read)
        reading = ChainReading(read.words[1])
        reading.read(self.scanner, self.family)
        try:
            self.chains[reading.name] = reading.noun()
            self._chain_readings.append(reading)
        except (NotUnderstoodError, NounError) as error:
            self._not_understood(f"chain {reading.name}", read.start, self.scanner.position, str(error))

    def _rules(self, reading: ChainReading) -> None:
        listed = tuple(self._rule(line) for line in reading.rules)
        self.chains[reading.name] = replace(self.chains[reading.name], rules=listed)

    def _rule(self, line: Statement) -> Rule:
        try:
            rule = read_rule(line.words, self.family)
            self._check_targets(set(rule.targets()))
            for lookup in rule.lookups():
                found = self.sets.get(lookup.set) if isinstance(lookup, Lookup) else self.maps.get(lookup.map)
                if found is None or found.key != tuple(load.type for load in lookup.loads):
                    raise NotUnderstoodError(f"there is no set or map for {lookup}")
            return rule
        except (NotUnderstoodError, NounError) as error:
            text = self._text(line.start, line.stop)
            words = " ".join(text.split()).removeprefix(MARKER).strip()
            return Rule((Unknown(f"rule {words}", text.encode(), str(error)),))

    def _check_targets(self, names: set[str]) -> None:
        for name in sorted(names - {""}):
            chain = self.chains.get(name)
            if chain is None or chain.base is not None:
                raise NotUnderstoodError(f"there is no chain {name}")
