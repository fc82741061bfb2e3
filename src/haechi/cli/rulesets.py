"""The ruleset of a node from plain objects, and its two printed forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, get_args

import msgspec

from haechi.cli.failure import unknown_name
from haechi.cli.lab.wording import counted
from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.model import Namespace, NetworkPolicy, Node, Object, Pod, Workload
from haechi.nft import Chain, Map, Ruleset, Set

VERSION: Final = 1
_WORKLOADS = get_args(Workload)


class TableOut(msgspec.Struct, frozen=True):
    """The table; `comment` is empty if it has none."""

    family: str
    name: str
    comment: str


class ChainOut(msgspec.Struct, frozen=True):
    """A chain; `base` says where it is hooked, in nft's words, null for one that others go to."""

    name: str
    base: str | None
    comment: str
    rules: list[str]


class SetOut(msgspec.Struct, frozen=True):
    """A set, or a map whose elements end in their verdict. `type` is the key, in nft's words."""

    name: str
    type: str
    flags: list[str]
    comment: str
    elements: list[str]


class RulesetOut(msgspec.Struct, frozen=True):
    """The document: version 1 of the schema in docs/cli.md."""

    version: Literal[1]
    node: str
    table: TableOut
    chains: list[ChainOut]
    sets: list[SetOut]
    maps: list[SetOut]


def ruleset(objects: Sequence[Object], node: str) -> Ruleset:
    """The table of the node.

    Raises:
        Unusable: no object knows a node of this name.
    """
    check_node(objects, node)
    of_engine = (one for one in objects if isinstance(one, Namespace | Node | Pod | NetworkPolicy))
    return NodeRuleset(Engine.of(of_engine), node).ruleset()


def check_node(objects: Sequence[Object], node: str) -> None:
    """Raise `Unusable` unless some object knows a node of this name."""
    known = {one.name for one in objects if isinstance(one, Node)}
    known |= {one.spec.node_name for one in objects if isinstance(one, Pod)} - {""}
    if node not in known:
        raise unknown_name("--node", node, known, "a node of the input, nor the node of any pod")


def remarks(objects: Sequence[Object], node: str) -> Iterator[str]:
    """Which pods the ruleset is about, and which it cannot be about."""
    pods = [one for one in objects if isinstance(one, Pod)]
    policed = [pod for pod in pods if not pod.completed and not pod.spec.host_network]
    here = [pod for pod in policed if pod.spec.node_name == node]
    yield f"node {node}: {counted(len(here), 'pod')} of {len(policed)}"
    without = [pod for pod in policed if not pod.addresses]
    if without:
        yield f"{counted(len(without), 'pod')} without an address (status.podIPs): in no rule"
    homeless = [pod for pod in policed if not pod.spec.node_name]
    if homeless:
        yield f"{counted(len(homeless), 'pod')} without a node (spec.nodeName): peers only"
    ignored = len(pods) - len(policed)
    if ignored:
        yield f"{counted(ignored, 'pod')} completed or on the host's network: policies ignore them"
    workloads = sum(isinstance(one, _WORKLOADS) for one in objects)
    if workloads and not pods:
        yield f"{counted(workloads, 'workload')} without pods: only Pods with addresses are in rules"


def as_nft(rules: Ruleset) -> str:
    """What nft -f loads."""
    return str(rules)


def as_json(rules: Ruleset, node: str) -> str:
    """The same as JSON text."""
    table = rules.table
    document = RulesetOut(
        VERSION,
        node,
        TableOut(str(table.family), table.name, table.comment),
        [_chain(chain) for chain in rules.chains.values()],
        [_set(each) for each in rules.sets.values()],
        [_set(each) for each in rules.maps.values()],
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _chain(chain: Chain) -> ChainOut:
    base = None if chain.base is None else str(chain.base)
    return ChainOut(chain.name, base, chain.comment, [str(rule) for rule in chain.rules])


def _set(each: Set | Map) -> SetOut:
    shape = each.shape
    flags = [str(flag.name).lower() for flag in type(each.flags) if flag in each.flags]
    elements = [shape.print(element) for element in sorted(each.elements, key=lambda element: element.key)]
    return SetOut(each.name, " . ".join(map(str, shape.types)), flags, each.comment, elements)
