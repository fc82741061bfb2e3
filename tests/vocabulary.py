"""The words of which random clusters are made.

Few names, labels, ports and addresses, so that selectors overlap, blocks cut pods' addresses and names clash. From a
tuple one entry is drawn, each as often as the others: an entry that stands there twice is drawn twice as often. From a
`Count` a number is drawn. A part that is drawn for nothing but its oddity comes last or by its share in percent, so
that a shrunk example has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from haechi.model import ContainerPort, IPBlock, NetworkPolicyPort

Count = tuple[int, int]
"""The least and the most."""
Shape = tuple[Count, Count]
"""How many labels and how many expressions a selector has."""


@dataclass(frozen=True)
class PodWords:
    """What one pod may be.

    Attributes:
        name: its name.
        namespaces: its namespace.
        own: the addresses that it has unless it has those of others.
        nodes: its node; "" for none.
    """

    name: str
    namespaces: tuple[str, ...]
    own: tuple[tuple[str, ...], ...]
    nodes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Vocabulary:
    """The words of a family of clusters, and how often the odd ones occur.

    Attributes:
        namespaces: names of namespaces.
        declared: share of the namespaces and nodes that exist as objects, in clusters of a certain size.
        labels: the values of each key.
        labelled: share of the keys that a pod or namespace has.
        namespace_labels: the values of each key of a namespace; None for the same.
        expressions: the values of each key in expressions; None for the same.
        selectors: shapes of peers' selectors.
        subjects: shapes of the selectors of policies' own pods.
        scopes: shapes of the selectors of namespaces.
        operators: of expressions.
        values: how many values an expression has, if any.
        named: share of the selectors of namespaces that select by name.
        peers: what a peer has: "pods", "namespaces", "both" or "block".
        blocks: ipBlocks; each gets some more of `excepts`.
        excepts: what is taken out of blocks.
        excepted: how many.
        ports: entries of policies; `ranged` of those with a number alone become ranges of at most `length` more.
        ranged: share of such entries.
        length: of ranges.
        policies: names of policies.
        policy_types: of policies; None for those directions that have rules.
        rules: how many a direction has.
        peers_of_rule: how many.
        ports_of_rule: how many.
        everywhere: share of the rules for every port, beside those that have no entry by their count.
        pods: the pods, by number.
        addresses: those of any pod, and odd ones.
        borrowers: share of the pods that have any of them, beside their own or instead.
        borrowed: how many.
        phases: of pods.
        host_network: share of the pods that are on their host's network.
        host_ips: of pods.
        containers: how many.
        container_ports: of containers.
        ports_of_container: how many.
        nodes: names of nodes.
        node_addresses: of nodes.
    """

    namespaces: tuple[str, ...]
    declared: int = 80
    labels: Mapping[str, tuple[str, ...]]
    labelled: int = 60
    namespace_labels: Mapping[str, tuple[str, ...]] | None = None
    expressions: Mapping[str, tuple[str, ...]] | None = None
    selectors: tuple[Shape, ...]
    subjects: tuple[Shape, ...]
    scopes: tuple[Shape, ...]
    operators: tuple[str, ...] = ("In", "NotIn", "Exists", "DoesNotExist")
    values: Count = (1, 1)
    named: int = 0
    peers: tuple[str, ...]
    blocks: tuple[IPBlock, ...]
    excepts: tuple[str, ...] = ()
    excepted: Count = (0, 0)
    ports: tuple[NetworkPolicyPort, ...]
    ranged: int = 0
    length: int = 0
    policies: tuple[str, ...] = ()
    policy_types: tuple[tuple[str, ...] | None, ...] = (None,)
    rules: Count = (0, 2)
    peers_of_rule: Count = (0, 2)
    ports_of_rule: Count = (0, 2)
    everywhere: int = 0
    pods: tuple[PodWords, ...] = ()
    addresses: tuple[str, ...] = ()
    borrowers: int = 0
    borrowed: Count = (0, 2)
    phases: tuple[str, ...] = ("Running",)
    host_network: int = 0
    host_ips: tuple[tuple[str, ...], ...] = ((),)
    containers: Count = (1, 1)
    container_ports: tuple[ContainerPort, ...] = ()
    ports_of_container: Count = (0, 2)
    nodes: tuple[str, ...] = ()
    node_addresses: tuple[str, ...] = ()

    @cached_property
    def expressible(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The keys of expressions, with their values."""
        return tuple((self.expressions or self.labels).items())

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The labels of pods, one by one."""
        return _pairs(self.labels)

    @cached_property
    def namespace_pairs(self) -> tuple[tuple[str, str], ...]:
        """The labels of namespaces, one by one."""
        return _pairs(self.namespace_labels or self.labels)


def _pairs(labels: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    return tuple((key, value) for key, values in labels.items() for value in values)
