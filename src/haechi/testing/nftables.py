"""nf_tables without a kernel, with the interface of `haechi.netlink.Nftables`.

It refuses what the kernel refuses, with the same error numbers for the same operations, and a refused transaction
changes nothing: the same table of test cases runs against it and against the kernel. It does not process packets.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import TracebackType

from haechi.netlink import NftError
from haechi.nft import (
    Chain,
    ChainRules,
    Element,
    Elements,
    Family,
    Lookup,
    Map,
    NounError,
    Operation,
    Rule,
    Ruleset,
    Set,
    SetFlags,
    Shape,
    Table,
    Transaction,
    Verb,
    Verdict,
)

_U32 = 0xFFFFFFFF


class _RefusedError(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass
class _Contents:
    """A table while a transaction changes it."""

    table: Table
    chains: dict[str, Chain]
    nouns: dict[str, Set | Map]


class FakeNftables:
    """The nf_tables of a namespace that does not exist."""

    def __init__(self) -> None:
        self._tables: dict[tuple[Family, str], _Contents] = {}
        self._generation = 1

    def __enter__(self) -> FakeNftables:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def generation(self) -> int:
        """A number that changes with every change, never 0."""
        return self._generation

    def tables(self, family: Family | None = None) -> tuple[str, ...]:
        """The names of all tables, or of those of one family, sorted."""
        return tuple(sorted(name for each, name in self._tables if family in (None, each)))

    def ruleset(self, name: str, family: Family = Family.INET) -> Ruleset | None:
        """All of one table; None if there is no such table."""
        found = self._tables.get((family, name))
        if found is None:
            return None
        return Ruleset.of(found.table, *found.chains.values(), *found.nouns.values())

    def commit(self, transaction: Transaction, generation: int | None = None) -> None:
        """Commit a transaction or nothing of it. Raises `NftError` as the kernel would."""
        if not len(transaction):
            return
        transaction.encode()  # raises `NounError` for what cannot be sent, as the real one does
        table = transaction.table
        if generation is not None and generation != self._generation:
            raise NftError(errno.ERESTART, "commit", f"table {table.name}")
        key = (table.family, table.name)
        before = self._tables.get(key)
        contents = None if before is None else replace(before, chains=dict(before.chains), nouns=dict(before.nouns))
        for each in transaction.operations:
            try:
                contents = _apply(contents, each)
            except _RefusedError as refused:
                raise NftError(refused.number, each.verb.value, each.noun) from None
        if contents != before:
            self._generation = self._generation % _U32 + 1
        self._tables.pop(key, None)
        if contents is not None:
            self._tables[key] = contents


def _apply(contents: _Contents | None, operation: Operation) -> _Contents | None:
    verb, subject = operation.verb, operation.subject
    if isinstance(subject, Table):
        return _apply_table(contents, verb, subject)
    if contents is None:
        raise _RefusedError(errno.ENOENT)
    match subject:
        case Chain():
            _apply_chain(contents, verb, subject)
        case Set() | Map():
            _apply_noun(contents, verb, subject)
        case ChainRules(chain=name, rules=rules):
            _add_rules(contents, name, rules)
        case Elements():
            _apply_elements(contents, verb, subject)
    return contents


def _apply_table(contents: _Contents | None, verb: Verb, table: Table) -> _Contents | None:
    if verb is Verb.DELETE:
        if contents is None:
            raise _RefusedError(errno.ENOENT)
        return None
    if contents is None:
        return _Contents(table, {}, {})
    if verb is Verb.CREATE:
        raise _RefusedError(errno.EEXIST)
    return contents


def _apply_chain(contents: _Contents, verb: Verb, chain: Chain) -> None:
    there = contents.chains.get(chain.name)
    if there is None:
        if verb in (Verb.DELETE, Verb.FLUSH):
            raise _RefusedError(errno.ENOENT)
        contents.chains[chain.name] = chain
    elif verb is Verb.FLUSH:
        contents.chains[chain.name] = replace(there, rules=())
    elif verb is Verb.DELETE:
        del contents.chains[chain.name]
        if chain.name in _targets(contents):
            raise _RefusedError(errno.EBUSY)
    elif verb is Verb.CREATE:
        raise _RefusedError(errno.EEXIST)
    elif chain.base is not None:
        if there.base is None or replace(there.base, policy=chain.base.policy) != chain.base:
            raise _RefusedError(errno.EOPNOTSUPP)
        contents.chains[chain.name] = replace(there, base=chain.base)


def _targets(contents: _Contents) -> set[str]:
    """The chains that rules or elements jump to."""
    rules = {name for chain in contents.chains.values() for rule in chain.rules for name in rule.targets()}
    elements = {each.verdict.chain for noun in contents.nouns.values() for each in noun.elements if each.verdict}
    return rules | elements


def _bound(contents: _Contents) -> Iterator[str]:
    """The sets and maps that rules look values up in."""
    for chain in contents.chains.values():
        for rule in chain.rules:
            for each in rule.lookups():
                yield each.set if isinstance(each, Lookup) else each.map


def _apply_noun(contents: _Contents, verb: Verb, noun: Set | Map) -> None:
    there = contents.nouns.get(noun.name)
    if there is None:
        if verb in (Verb.DELETE, Verb.FLUSH):
            raise _RefusedError(errno.ENOENT)
        contents.nouns[noun.name] = noun
    elif verb is Verb.FLUSH:
        contents.nouns[noun.name] = replace(there, elements=frozenset())
    elif verb is Verb.DELETE:
        if noun.name in _bound(contents):
            raise _RefusedError(errno.EBUSY)
        del contents.nouns[noun.name]
    elif verb is Verb.CREATE or there.shape != noun.shape or there.flags != noun.flags:
        raise _RefusedError(errno.EEXIST)


def _add_rules(contents: _Contents, name: str, rules: tuple[Rule, ...]) -> None:
    chain = contents.chains.get(name)
    if chain is None:
        raise _RefusedError(errno.ENOENT)
    for rule in rules:
        for each in rule.lookups():
            _check_lookup(contents, each.set if isinstance(each, Lookup) else each.map, isinstance(each, Lookup))
        for target in rule.targets():
            _check_target(contents, target)
    contents.chains[name] = replace(chain, rules=chain.rules + rules)
    _check_circles(contents, name)


def _check_circles(contents: _Contents, start: str) -> None:
    """Refuse chains that lead back to themselves, directly or through verdict maps."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in _next(contents, waiting.pop()):
            if name == start:
                raise _RefusedError(errno.ELOOP)
            if name not in seen:
                seen.add(name)
                waiting.append(name)


def _next(contents: _Contents, name: str) -> Iterator[str]:
    for rule in contents.chains[name].rules:
        yield from rule.targets()
        for each in rule.lookups():
            if not isinstance(each, Lookup):
                yield from (e.verdict.chain for e in contents.nouns[each.map].elements if e.verdict and e.verdict.chain)


def _check_lookup(contents: _Contents, name: str, is_set: bool) -> None:
    found = contents.nouns.get(name)
    if found is None:
        raise _RefusedError(errno.ENOENT)
    if isinstance(found, Set) != is_set:
        raise _RefusedError(errno.EINVAL)


def _check_target(contents: _Contents, name: str) -> None:
    target = contents.chains.get(name)
    if target is None:
        raise _RefusedError(errno.ENOENT)
    if target.base is not None:
        raise _RefusedError(errno.EOPNOTSUPP)


def _apply_elements(contents: _Contents, verb: Verb, subject: Elements) -> None:
    noun = contents.nouns.get(subject.name)
    if noun is None:
        raise _RefusedError(errno.ENOENT)
    if noun.shape != subject.shape:
        raise _RefusedError(errno.EINVAL)
    if SetFlags.CONSTANT in noun.flags and subject.name in _bound(contents):
        raise _RefusedError(errno.EBUSY)
    if verb is Verb.DELETE:
        elements = _without(noun.elements, subject.elements)
    else:
        for each in subject.elements:
            if isinstance(each.verdict, Verdict) and each.verdict.chain:
                _check_target(contents, each.verdict.chain)
        elements = _with(noun.shape, noun.elements, subject.elements)
    contents.nouns[subject.name] = replace(noun, elements=elements)


def _without(there: frozenset[Element], gone: frozenset[Element]) -> frozenset[Element]:
    keys = {(each.key, each.last) for each in gone}
    left = frozenset(each for each in there if (each.key, each.last) not in keys)
    if len(there) - len(left) != len(keys):
        raise _RefusedError(errno.ENOENT)
    return left


def _with(shape: Shape, there: frozenset[Element], more: frozenset[Element]) -> frozenset[Element]:
    """All elements; an element may be added again, but not with another verdict or overlapping another one."""
    verdicts = {(each.key, each.last): each.verdict for each in there}
    if any(verdicts.get((each.key, each.last), each.verdict) != each.verdict for each in more):
        raise _RefusedError(errno.EEXIST)
    both = there | more
    try:
        shape.check("elements", both)
    except NounError:
        raise _RefusedError(errno.EEXIST) from None
    return both
