"""Transactions: ordered changes of one table, all of them or none.

A transaction encodes to netlink and prints as nft commands. It does not depend on what is in the kernel: the caller has
to know which nouns exist, and the kernel refuses what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, TypeAlias

from haechi.nft import attributes
from haechi.nft import message as wire
from haechi.nft.chain import Chain
from haechi.nft.element import Element
from haechi.nft.errors import NounError
from haechi.nft.map import Map
from haechi.nft.message import MessageType, encode_batch, encode_message
from haechi.nft.names import check_name
from haechi.nft.rule import Rule
from haechi.nft.ruleset import Ruleset
from haechi.nft.set import Set
from haechi.nft.shape import Shape
from haechi.nft.table import Table

_LIST_TABLE, _LIST_SET, _LIST_ELEMENTS = 1, 2, 3


class Verb(Enum):
    """What is done to a noun."""

    ADD = "add"
    """Create it unless it exists."""
    CREATE = "create"
    """Create it; an error if it exists."""
    DELETE = "delete"
    """Remove it; an error if it does not exist."""
    FLUSH = "flush"
    """Empty it."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class ChainRules:
    """Rules at the end of a chain."""

    chain: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Elements:
    """Elements of a set or map."""

    name: str
    shape: Shape
    elements: frozenset[Element]


Subject: TypeAlias = Table | Chain | Set | Map | ChainRules | Elements

_NEW: Final = {
    Table: MessageType.NEW_TABLE,
    Chain: MessageType.NEW_CHAIN,
    Set: MessageType.NEW_SET,
    Map: MessageType.NEW_SET,
    ChainRules: MessageType.NEW_RULE,
    Elements: MessageType.NEW_ELEMENTS,
}
_DELETE: Final = {
    Table: MessageType.DELETE_TABLE,
    Chain: MessageType.DELETE_CHAIN,
    Set: MessageType.DELETE_SET,
    Map: MessageType.DELETE_SET,
    Elements: MessageType.DELETE_ELEMENTS,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb on one subject: a noun without its contents, or contents of a named noun."""

    verb: Verb
    subject: Subject

    @property
    def noun(self) -> str:
        """The kind and name of what is changed, such as ``chain judge``."""
        match self.subject:
            case ChainRules(chain=name):
                return f"rules of chain {name}"
            case Elements(name=name, shape=shape):
                return f"elements of {shape.noun} {name}"
            case Set(name=name) | Map(name=name) | Chain(name=name) | Table(name=name):
                return f"{type(self.subject).__name__.lower()} {name}"

    def encode(self, table: Table, sequence: int, identity: int) -> Iterator[bytes]:
        """The netlink messages."""
        if self.verb is Verb.FLUSH:
            yield encode_message(self._flushing(), 0, sequence, table.family, self._name(table))
            return
        if self.verb is Verb.DELETE:
            for payload in self._deleted(table):
                yield encode_message(_DELETE[type(self.subject)], 0, sequence, table.family, payload)
            return
        flags = wire.CREATE | (wire.EXCLUSIVE if self.verb is Verb.CREATE else 0)
        if isinstance(self.subject, ChainRules):
            flags = wire.CREATE | wire.APPEND
        for payload in self._created(table, identity):
            yield encode_message(_NEW[type(self.subject)], flags, sequence, table.family, payload)

    def _flushing(self) -> MessageType:
        return MessageType.DELETE_RULE if isinstance(self.subject, Chain) else MessageType.DELETE_ELEMENTS

    def _created(self, table: Table, identity: int) -> Iterator[bytes]:
        match self.subject:
            case Table():
                yield self.subject.encode()
            case Chain():
                yield self.subject.encode(table.name)
            case Set() | Map():
                yield self.subject.encode(table.name, identity)
            case ChainRules(chain=chain, rules=rules):
                for rule in rules:
                    yield rule.encode(table.name, chain)
            case Elements(shape=shape, elements=elements):
                yield from self._lists(table, shape.encode(elements))

    def _deleted(self, table: Table) -> Iterator[bytes]:
        if not isinstance(self.subject, Elements):
            yield self._name(table)
            return
        shape = replace(self.subject.shape, verdicts=False)
        keys = (each._replace(verdict=None) for each in self.subject.elements)
        yield from self._lists(table, shape.encode(keys))

    def _lists(self, table: Table, blobs: Iterable[bytes]) -> Iterator[bytes]:
        head = self._name(table)
        for blob in blobs:
            yield head + attributes.nested(_LIST_ELEMENTS, blob)

    def _name(self, table: Table) -> bytes:
        """The names of the table and the subject, in the attributes that the kind of message needs."""
        match self.subject:
            case Table():
                return attributes.text(1, self.subject.name)
            case Chain(name=name):
                kind = 2 if self.verb is Verb.FLUSH else 3
                return attributes.text(1, table.name) + attributes.text(kind, name)
            case Set(name=name) | Map(name=name):
                return attributes.text(1, table.name) + attributes.text(2, name)
            case Elements(name=name):
                return attributes.text(_LIST_TABLE, table.name) + attributes.text(_LIST_SET, name)
            case ChainRules():
                raise NounError("rules", "verb", self.verb, "rules are removed with their chain: flush it")

    def commands(self, table: Table) -> Iterator[str]:
        """The nft commands."""
        where = f"{table.family} {table.name}"
        match self.subject:
            case Table():
                yield f"{self.verb} table {where}{_braces(self.subject.lines(), self.verb)}"
            case Chain(name=name):
                yield f"{self.verb} chain {where} {name}{_braces(self.subject.lines(), self.verb)}"
            case Set(name=name) | Map(name=name):
                noun = type(self.subject).__name__.lower()
                yield f"{self.verb} {noun} {where} {name}{_braces(self.subject.lines(), self.verb)}"
            case ChainRules(chain=chain, rules=rules):
                for rule in rules:
                    yield f"add rule {where} {chain} {rule}"
            case Elements(name=name, shape=shape, elements=elements):
                shown = elements
                if self.verb is Verb.DELETE:
                    shown = frozenset(each._replace(verdict=None) for each in elements)
                yield f"{self.verb} element {where} {name} {shape.print_all(shown)}"


def _braces(lines: list[str], verb: Verb) -> str:
    if not lines or verb not in (Verb.ADD, Verb.CREATE):
        return ""
    return " { " + " ".join(line if line.endswith(";") else f"{line};" for line in lines) + " }"


class Transaction:
    """Changes of one table, in order.

    Attributes:
        table: the table that is changed.
        operations: the changes so far.
    """

    def __init__(self, table: Table, declared: Iterable[Set | Map] = ()) -> None:
        """An empty transaction.

        Args:
            table: the table to change.
            declared: sets and maps that exist in the kernel, so that they can be referred to by name.
        """
        self.table = table
        self.operations: list[Operation] = []
        self._shapes = {each.name: each.shape for each in declared}

    def __len__(self) -> int:
        return len(self.operations)

    def __str__(self) -> str:
        """The nft commands, a line each, as ``nft -f`` reads them."""
        return "".join(f"{line}\n" for each in self.operations for line in each.commands(self.table))

    def _do(self, verb: Verb, subject: Subject) -> None:
        self.operations.append(Operation(verb, subject))

    def add_table(self) -> None:
        """Create the table unless it exists."""
        self._do(Verb.ADD, self.table)

    def delete_table(self) -> None:
        """Remove the table and its contents; an error if it does not exist."""
        self._do(Verb.DELETE, self.table)

    def destroy_table(self) -> None:
        """Remove the table and its contents, if it exists."""
        bare = Table(self.table.name, self.table.family)
        self._do(Verb.ADD, bare)
        self._do(Verb.DELETE, bare)

    def add(self, noun: Chain | Set | Map) -> None:
        """Create a noun unless it exists, and add its rules or elements to it."""
        self._make(Verb.ADD, noun)

    def create(self, noun: Chain | Set | Map) -> None:
        """Create a noun with its rules or elements; an error if it exists."""
        self._make(Verb.CREATE, noun)

    def _make(self, verb: Verb, noun: Chain | Set | Map) -> None:
        if isinstance(noun, Chain):
            self._do(verb, replace(noun, rules=()))
            self.add_rules(noun.name, noun.rules)
            return
        self._shapes[noun.name] = noun.shape
        self._do(verb, _emptied(noun))
        self.add_elements(noun, noun.elements)

    def delete(self, noun: Chain | Set | Map) -> None:
        """Remove a noun and its contents; an error if it does not exist or is in use."""
        self._do(Verb.DELETE, replace(noun, rules=()) if isinstance(noun, Chain) else _emptied(noun))

    def add_rules(self, chain: str, rules: Iterable[Rule]) -> None:
        """Append rules to a chain. Raises `NounError` for a rule that nft would not load again."""
        check_name("chain", chain)
        listed = tuple(rules)
        for rule in listed:
            rule.check(self.table.family)
        if listed:
            self._do(Verb.ADD, ChainRules(chain, listed))

    def flush_chain(self, chain: str) -> None:
        """Remove all rules of a chain."""
        self._do(Verb.FLUSH, Chain(chain))

    def replace_rules(self, chain: str, rules: Iterable[Rule]) -> None:
        """Replace the rules of a chain."""
        self.flush_chain(chain)
        self.add_rules(chain, rules)

    def add_elements(self, noun: Set | Map | str, elements: Iterable[Element]) -> None:
        """Add elements to a set or map, of which only name, key and flags are used.

        Args:
            noun: the set or map, or the name of one that was declared or created in this transaction.
            elements: what to add. Existing elements stay (in a map, one with another verdict is an error).

        Raises:
            NounError: a name that was not declared, or elements of another shape.
        """
        name, shape = self._shape(noun)
        members = shape.canonical(elements)
        if not isinstance(noun, Set | Map) or members is not noun.elements:
            shape.check(name, members)
        if members:
            self._do(Verb.ADD, Elements(name, shape, members))

    def delete_elements(self, noun: Set | Map | str, elements: Iterable[Element]) -> None:
        """Remove elements, whatever their verdicts; an error if one does not exist. As for `add_elements`."""
        name, shape = self._shape(noun)
        bare = replace(shape, verdicts=False)
        members = bare.canonical(each._replace(verdict=None) for each in elements)
        bare.check(name, members)
        if members:
            self._do(Verb.DELETE, Elements(name, shape, members))

    def flush_elements(self, noun: Set | Map) -> None:
        """Remove all elements of a set or map."""
        self._do(Verb.FLUSH, _emptied(noun))

    def add_ruleset(self, ruleset: Ruleset) -> None:
        """Create a whole table. Raises `NounError` for another table's ruleset."""
        if (ruleset.table.name, ruleset.table.family) != (self.table.name, self.table.family):
            raise NounError("ruleset", "table", ruleset.table.name, f"is not {self.table.name}")
        if ruleset.unknown:
            raise NounError("ruleset", "unknown", min(each.what for each in ruleset.unknown), "cannot be sent")
        self._do(Verb.ADD, ruleset.table)
        for each_set in ruleset.sets.values():
            self.add(each_set)
        for chain in ruleset.chains.values():
            self.add(replace(chain, rules=()))
        for each_map in ruleset.maps.values():
            self.add(each_map)
        for chain in ruleset.chains.values():
            self.add_rules(chain.name, chain.rules)

    def _shape(self, noun: Set | Map | str) -> tuple[str, Shape]:
        if not isinstance(noun, str):
            return noun.name, noun.shape
        shape = self._shapes.get(noun)
        if shape is None:
            raise NounError("set", "name", noun, "was neither declared nor created in this transaction")
        return noun, shape

    def encode(self, sequence: int = 1, generation: int | None = None) -> bytes:
        """The transaction as one batch.

        The batch's own messages have the numbers ``sequence`` and ``sequence + len(self) + 1``, those of the n-th
        operation ``sequence + 1 + n``. The very last message before the end asks for an acknowledgement.

        Args:
            sequence: the first sequence number.
            generation: fail unless this is the ruleset's generation.

        Raises:
            NounError: something contains an `Unknown`.
        """
        messages = [
            message
            for number, each in enumerate(self.operations)
            for message in each.encode(self.table, (sequence + 1 + number) & 0xFFFFFFFF, number + 1)
        ]
        if messages:
            messages[-1] = _acknowledged(messages[-1])
        return encode_batch(messages, sequence, (sequence + 1 + len(self.operations)) & 0xFFFFFFFF, generation)


def _emptied(noun: Set | Map) -> Set | Map:
    return replace(noun, elements=frozenset()) if noun.elements else noun


def _acknowledged(message: bytes) -> bytes:
    length, type_, flags, sequence, port = wire.HEADER.unpack_from(message)
    return wire.HEADER.pack(length, type_, flags | wire.ACK, sequence, port) + message[wire.HEADER.size :]
