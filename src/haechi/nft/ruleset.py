"""A ruleset: one whole table, to which a dump of the kernel decodes.

Equal rulesets have the same effect on every packet (counts of packets are not compared). Its print is valid for ``nft
-f``. Everything that its rules refer to is in it, and every rule loads again from its print.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

from haechi.nft import rule as rules
from haechi.nft.attributes import Fields
from haechi.nft.chain import Chain
from haechi.nft.errors import DecodeError, NounError
from haechi.nft.lookup import Lookup, VerdictMap
from haechi.nft.map import Map
from haechi.nft.rule import Rule
from haechi.nft.set import NAME as SET_NAME
from haechi.nft.set import Set, decode_declaration
from haechi.nft.table import Table
from haechi.nft.unknown import Unknown

_Noun = TypeVar("_Noun", Chain, Set, Map)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One table with its chains, sets and maps, by name.

    Attributes:
        table: the table itself.
        chains: with their rules.
        sets: with their elements.
        maps: with their elements.
        unknown: everything else in the kernel's table, see `Unknown`.

    Raises:
        NounError: a key that is not the noun's name, a reference to something that is not in the table, a lookup whose
            types are not those of its set, or a rule that nft would not load again.
    """

    table: Table
    chains: Mapping[str, Chain] = field(default_factory=dict)
    sets: Mapping[str, Set] = field(default_factory=dict)
    maps: Mapping[str, Map] = field(default_factory=dict)
    unknown: frozenset[Unknown] = frozenset()

    def __post_init__(self) -> None:
        for name in ("chains", "sets", "maps"):
            object.__setattr__(self, name, _named(name, getattr(self, name)))
        both = self.sets.keys() & self.maps.keys()
        if both:
            raise NounError("ruleset", "maps", min(both), "is the name of a set too")
        for chain in self.chains.values():
            for each in chain.rules:
                self._check_rule(each)
        for each_map in self.maps.values():
            self._check_targets({v.chain for _, _, v in each_map.elements if v is not None and v.chain})

    @classmethod
    def of(cls, table: Table, *nouns: Chain | Set | Map) -> Ruleset:
        """The ruleset of these nouns."""
        return cls(
            table,
            {each.name: each for each in nouns if isinstance(each, Chain)},
            {each.name: each for each in nouns if isinstance(each, Set)},
            {each.name: each for each in nouns if isinstance(each, Map)},
        )

    def _check_rule(self, rule: Rule) -> None:
        rule.check(self.table.family)
        self._check_targets(set(rule.targets()))
        for lookup in rule.lookups():
            types = tuple(load.type for load in lookup.loads)
            name, nouns = _looked_up(lookup, self.sets, self.maps)
            found = nouns.get(name)
            if found is None:
                raise NounError("rule", "expressions", lookup, "there is no such set or map")
            if found.key != types:
                raise NounError("rule", "expressions", lookup, f"its key is {' . '.join(map(str, found.key))}")

    def _check_targets(self, names: set[str]) -> None:
        for name in sorted(names):
            chain = self.chains.get(name)
            if chain is None:
                raise NounError("verdict", "chain", name, "there is no such chain")
            if chain.base is not None:
                raise NounError("verdict", "chain", name, "is a base chain, which cannot be jumped to")

    def __str__(self) -> str:
        blocks = [str(each) for nouns in (self.sets, self.maps, self.chains) for each in nouns.values()]
        blocks += [str(each) for each in sorted(self.unknown, key=lambda each: each.what)]
        head = self.table.lines()
        body = ["\n".join(head)] if head else []
        inside = "\n\n".join(body + blocks)
        indented = "".join(f"\t{line}\n" if line else "\n" for line in inside.split("\n")) if inside else ""
        return f"table {self.table.family} {self.table.name} {{\n{indented}}}\n"

    @classmethod
    def decode(
        cls,
        table: Table,
        chains: Iterable[bytes],
        rule_payloads: Iterable[bytes],
        sets: Iterable[bytes],
        elements: Mapping[str, Iterable[bytes]],
    ) -> Ruleset:
        """The ruleset of a dump.

        Args:
            table: the table.
            chains: attributes of its NFT_MSG_NEWCHAIN messages.
            rule_payloads: attributes of its NFT_MSG_NEWRULE messages, in order.
            sets: attributes of its NFT_MSG_NEWSET messages.
            elements: by set, the NFTA_SET_ELEM_LIST_ELEMENTS payloads of its dump.

        Raises:
            DecodeError: malformed messages. Well-formed but unsupported ones become `Unknown`.
        """
        return _RulesetReader(table).read(chains, rule_payloads, sets, elements)


def _named(kind: str, nouns: Mapping[str, _Noun]) -> Mapping[str, _Noun]:
    for name, noun in nouns.items():
        if name != noun.name:
            raise NounError("ruleset", kind, name, f"is called {noun.name}")
    return MappingProxyType(dict(sorted(nouns.items())))


def _looked_up(
    lookup: Lookup | VerdictMap, sets: Mapping[str, Set], maps: Mapping[str, Map]
) -> tuple[str, Mapping[str, Set] | Mapping[str, Map]]:
    return (lookup.set, sets) if isinstance(lookup, Lookup) else (lookup.map, maps)


class _RulesetReader:
    """A dump that is being decoded."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.chains: dict[str, Chain] = {}
        self.sets: dict[str, Set] = {}
        self.maps: dict[str, Map] = {}
        self.unknown: set[Unknown] = set()

    def read(
        self,
        chains: Iterable[bytes],
        rule_payloads: Iterable[bytes],
        sets: Iterable[bytes],
        elements: Mapping[str, Iterable[bytes]],
    ) -> Ruleset:
        for payload in chains:
            self._chain(payload)
        for payload in sets:
            self._set(payload, elements)
        known = Ruleset(self.table, self.chains, self.sets, self.maps)
        listed: dict[str, list[Rule]] = {name: [] for name in self.chains}
        for payload in rule_payloads:
            fields = Fields(payload, "rule")
            name = fields.text(rules.CHAIN)
            if name in listed:
                listed[name].append(_checked(known, Rule.decode(fields), payload))
            else:
                self.unknown.add(Unknown(f"rule of chain {name}", payload))
        whole = {name: replace(chain, rules=tuple(listed[name])) for name, chain in self.chains.items()}
        return Ruleset(self.table, whole, self.sets, self.maps, frozenset(self.unknown))

    def _chain(self, payload: bytes) -> None:
        fields = Fields(payload, "chain")
        try:
            chain = Chain.decode(fields)
        except (DecodeError, NounError) as error:
            self.unknown.add(Unknown(f"chain {fields.text(3)}", payload, str(error)))
            return
        self.chains[chain.name] = chain

    def _set(self, payload: bytes, elements: Mapping[str, Iterable[bytes]]) -> None:
        fields = Fields(payload, "set")
        name = fields.text(SET_NAME)
        try:
            found = decode_declaration(fields)
            members = found.shape.decode(elements.get(name, ()))
            if found.shape.verdicts:
                noun = Map(name, found.shape.types, found.flags, members, found.comment)
                Ruleset(self.table, self.chains, {}, {name: noun})
                self.maps[name] = noun
            else:
                self.sets[name] = Set(name, found.shape.types, found.flags, members, found.comment)
        except (DecodeError, NounError) as error:
            self.unknown.add(Unknown(f"set {name}", payload, str(error)))


def _checked(known: Ruleset, rule: Rule, payload: bytes) -> Rule:
    """The rule, or an `Unknown` if it refers to something that is not there or would not load again."""
    try:
        known._check_rule(rule)
    except NounError as error:
        return Rule((Unknown(f"rule {rule}", payload, str(error)),))
    return rule
