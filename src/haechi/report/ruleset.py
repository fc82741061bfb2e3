"""The kernel rules of a node as JSON, with rules, elements and hooks in nft's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from haechi.report.document import API_VERSION, Basis, Document, JsonValue, document_text

if TYPE_CHECKING:
    from haechi.nft import Chain, Map, Ruleset, Set


class TableJson(JsonValue, frozen=True):
    """A table."""

    family: str
    name: str
    comment: str


class ChainJson(JsonValue, frozen=True):
    """A chain. `base` is its hook, null for a chain that only rules lead to."""

    name: str
    base: str | None
    comment: str
    rules: list[str]


class SetJson(JsonValue, frozen=True):
    """A set, or a map, whose elements end in their verdict. `type` is that of the key."""

    name: str
    type: str
    flags: list[str]
    comment: str
    elements: list[str]


class RulesetJson(Document, frozen=True):
    """The table that a node would get."""

    kind: Literal["Ruleset"]
    node: str
    table: TableJson
    chains: list[ChainJson]
    sets: list[SetJson]
    maps: list[SetJson]


def ruleset_json(rules: Ruleset, node: str, basis: Basis) -> str:
    """The ruleset as JSON text."""
    table = rules.table
    return document_text(
        RulesetJson(
            API_VERSION,
            "Ruleset",
            *basis,
            node,
            TableJson(str(table.family), table.name, table.comment),
            [_chain(chain) for chain in rules.chains.values()],
            [_set(each) for each in rules.sets.values()],
            [_set(each) for each in rules.maps.values()],
        )
    )


def _chain(chain: Chain) -> ChainJson:
    base = None if chain.base is None else str(chain.base)
    return ChainJson(chain.name, base, chain.comment, [str(rule) for rule in chain.rules])


def _set(each: Set | Map) -> SetJson:
    shape = each.shape
    flags = [str(flag.name).lower() for flag in type(each.flags) if flag in each.flags]
    elements = [shape.print(element) for element in sorted(each.elements, key=lambda element: element.key)]
    return SetJson(each.name, " . ".join(map(str, shape.types)), flags, each.comment, elements)
