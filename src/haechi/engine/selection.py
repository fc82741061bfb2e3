"""Selections of pods by namespace and labels, and the peers of a rule.

Why: ten thousand policies use the same few selections; a canonical, hashable value lets the engine evaluate each once.
Equivalent selections are equal values as far as selectors alone show it (`kubernetes.io/metadata.name in (x)` is the
namespace x).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from haechi.model import NAME_LABEL
from haechi.select import EVERYTHING, Requirement, Selector, SelectorOperator
from haechi.sets import AddressSet


@dataclass(frozen=True, slots=True)
class PodSelection:
    """Pods of some namespaces with some labels.

    Attributes:
        namespaces: the name of one namespace, or a selector over the labels of namespaces.
        pods: a selector over the labels of pods.
    """

    namespaces: str | Selector
    pods: Selector
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.namespaces, self.pods)))

    def __hash__(self) -> int:
        return self._hash

    @classmethod
    def of(cls, namespaces: Selector, pods: Selector) -> PodSelection:
        """Pods that `pods` selects in the namespaces that `namespaces` selects."""
        if len(namespaces.requirements) == 1:
            only = namespaces.requirements[0]
            if only.key == NAME_LABEL and only.operator is SelectorOperator.IN and len(only.values) == 1:
                return cls(only.values[0], pods)
        return cls(namespaces, pods)

    def implies(self, other: PodSelection) -> bool:
        """Whether `other` matches every pod that this one matches, in every cluster.

        Of the labels of a namespace only the one that the API server sets is known: its name.
        """
        if self == other or self.contradictory:
            return True
        mine, theirs = self.namespaces, other.namespaces
        if isinstance(mine, str) and isinstance(theirs, str):
            scoped = mine == theirs
        else:
            scoped = _of_namespaces(mine).implies(theirs if isinstance(theirs, Selector) else _of_namespaces(theirs))
        return scoped and self.pods.implies(other.pods)

    def excludes(self, other: PodSelection) -> bool:
        """Whether no pod of any cluster can match both, as far as one requirement contradicts another."""
        mine, theirs = self.namespaces, other.namespaces
        if isinstance(mine, str) and isinstance(theirs, str) and mine != theirs:
            return True
        namespaces = [*_of_namespaces(mine).requirements, *_of_namespaces(theirs).requirements]
        pods = [*self.pods.requirements, *other.pods.requirements]
        either = self.contradictory or other.contradictory
        return either or Selector.all_of(namespaces).contradictory or Selector.all_of(pods).contradictory

    @property
    def contradictory(self) -> bool:
        """Whether no pod of any cluster can match, because a selector contradicts itself."""
        return self.pods.contradictory or _of_namespaces(self.namespaces).contradictory

    def __str__(self) -> str:
        """For people: `shop: app=web`, or `[team=a]: <none>` where namespaces are selected by label."""
        scope = self.namespaces if isinstance(self.namespaces, str) else f"[{self.namespaces}]"
        return f"{scope}: {self.pods}"


ANY_POD = PodSelection(EVERYTHING, EVERYTHING)


@lru_cache(maxsize=65_536)
def _of_namespaces(scope: str | Selector) -> Selector:
    """A selector that only labels of namespaces can match: each namespace has the label with its name."""
    if isinstance(scope, str):
        return Selector.all_of([Requirement(NAME_LABEL, SelectorOperator.IN, (scope,))])
    return Selector.all_of([*scope.requirements, _HAS_NAME]) if not scope.contradictory else scope


_HAS_NAME = Requirement(NAME_LABEL, SelectorOperator.EXISTS)


class NamedPeer(NamedTuple):
    """Pods of a selection, each on its own number for a port name (egress rules).

    `within` is the addresses at which they are meant: those of ipBlocks, or all.
    """

    selection: PodSelection
    protocol: int
    name: str
    within: AddressSet = AddressSet.ALL

    def __str__(self) -> str:
        """As in comments of the ruleset."""
        at = "" if self.within == AddressSet.ALL else f" in {self.within}"
        return f"{self.selection}{at} on {self.name}"


@dataclass(frozen=True, slots=True)
class Peers:
    """The union of the items of `from` or `to`.

    Attributes:
        anywhere: every address, in the cluster or not (an absent or empty list).
        selections: pods.
        blocks: addresses of ipBlocks, without their exceptions.
        nodes: nodes by their labels, meant by their addresses (tiers only).
    """

    anywhere: bool = False
    selections: frozenset[PodSelection] = frozenset()
    blocks: AddressSet = AddressSet.NONE
    nodes: frozenset[Selector] = frozenset()

    @classmethod
    def union(cls, many: Iterable[Peers]) -> Peers:
        """The union of `many`, canonical: with `anywhere` nothing else is listed."""
        peers = list(many)
        if len(peers) == 1:
            return peers[0]
        if any(one.anywhere for one in peers):
            return ANYWHERE
        return cls(
            selections=frozenset().union(*[one.selections for one in peers]),
            blocks=AddressSet.union_all([one.blocks for one in peers]),
            nodes=frozenset().union(*[one.nodes for one in peers]),
        )

    def without(self, other: Peers) -> Peers:
        """These peers except those listed in `other`."""
        if other.anywhere:
            return NO_PEERS
        if self.anywhere:
            return self
        selections, nodes = self.selections - other.selections, self.nodes - other.nodes
        return Peers(False, selections, self.blocks - other.blocks, nodes)

    def __bool__(self) -> bool:
        return self.anywhere or bool(self.selections) or bool(self.blocks) or bool(self.nodes)


ANYWHERE = Peers(anywhere=True)
NO_PEERS = Peers()
