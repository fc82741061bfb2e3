"""What a policy set allows, by class of pods.

Who may reach whom, what differs and what assertions find all begin with "which pods does this match, on which ports";
asked of classes, the cost depends on the policies, not on the number of pods. The ports of each kind of address are
exact, named ports included; for outside addresses the function from address to ports is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from haechi.analysis.reach.classes import PodClasses
from haechi.engine import Peers, PolicySet
from haechi.sets import AddressSet, PortSet, Traffic


class AddressKind(NamedTuple):
    """A kind of address of a class of pods: the number of the class, and the index among its `addresses`."""

    number: int
    address_index: int


Row = Mapping[AddressKind, PortSet]  # kinds to which nothing is allowed are absent


class Rows:
    """What policy sets allow with the classes of a cluster.

    Args:
        classes: those of the cluster.
    """

    def __init__(self, classes: PodClasses) -> None:
        self._classes = classes
        self._by_blocks: dict[AddressSet, tuple[AddressKind, ...]] = {}
        self._of_class = [
            tuple(AddressKind(one.number, place) for place in range(len(one.addresses))) for one in classes.all
        ]
        self._all_kinds = tuple(kind for kinds in self._of_class for kind in kinds)

    def of(self, policies: PolicySet) -> Row:
        """The ports of every kind: each term marks the kinds that it matches; equal marks are united once."""
        terms = [*_terms(policies)]
        masks: dict[AddressKind, int] = {}
        for place, (peers, _) in enumerate(terms):
            for kind in self._matched(peers):
                masks[kind] = masks.get(kind, 0) | 1 << place
        bits: dict[PortSet, int] = {}
        for kind, named in self._named(policies):
            bit = 1 << bits.setdefault(named, len(terms) + len(bits))
            masks[kind] = masks.get(kind, 0) | bit
        ports = [*(ports for _, ports in terms), *bits]
        unions: dict[int, PortSet] = {}
        for mask in masks.values():
            if mask not in unions:
                unions[mask] = PortSet.union_all([p for bit, p in enumerate(ports) if mask >> bit & 1])
        return {kind: unions[mask] for kind, mask in masks.items()}

    def _matched(self, peers: Peers) -> set[AddressKind]:
        if peers.anywhere:
            return set(self._all_kinds)
        selected = {number for selection in peers.selections for number in self._classes.selected[selection]}
        found = {kind for number in selected for kind in self._of_class[number]}
        if peers.blocks and self._classes.ipblock_matches_pods:
            found.update(self._in_blocks(peers.blocks))
        return found

    def _in_blocks(self, blocks: AddressSet) -> tuple[AddressKind, ...]:
        found = self._by_blocks.get(blocks)
        if found is None:
            classes = self._classes.all
            found = self._by_blocks[blocks] = tuple(
                kind for kind in self._all_kinds if classes[kind.number].addresses[kind.address_index] in blocks
            )
        return found

    def _named(self, policies: PolicySet) -> Iterator[tuple[AddressKind, PortSet]]:
        """Kind and ports of what egress to port names allows."""
        for named in policies.named:
            everywhere = named.within == AddressSet.ALL
            meant = set(self._all_kinds if everywhere else self._in_blocks(named.within))
            for number in self._classes.selected[named.selection]:
                for port in self._classes.all[number].ports:
                    if (port.protocol, port.name) == (named.protocol, named.name):
                        ports = PortSet.port(port.protocol, port.number)
                        yield from ((kind, ports) for kind in self._of_class[number] if kind in meant)


def outside(policies: PolicySet | None) -> Traffic:
    """What policies allow from or to addresses outside the cluster; everything where nothing isolates."""
    if policies is None:
        return Traffic.ALL
    return Traffic.from_terms(
        [(AddressSet.ALL if peers.anywhere else peers.blocks, ports) for peers, ports in _terms(policies)]
    )


def _terms(policies: PolicySet) -> Iterator[tuple[Peers, PortSet]]:
    """Peers and their ports; named ports are not included."""
    if policies.everywhere:
        yield policies.everywhere, PortSet.ALL
    for ports, peers in policies.by_ports:
        yield peers, ports
