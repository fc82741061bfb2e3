"""Whom a policy set means, by class of pods.

Why: who may reach whom, what differs and what assertions find all begin with "which pods does this mean, on which
ports"; asked of classes it costs what the policies say, not how many pods there are. Promises for each spot of each
class the exact ports, named ones included, and for outside addresses the exact function from address to ports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from haechi.analysis.reach.classes import PodClasses
from haechi.engine import Peers, PolicySet
from haechi.sets import AddressSet, PortSet, Traffic


class AddressKind(NamedTuple):
    """A kind of address of a class of pods: the number of the class, and the place among its `spots`."""

    number: int
    place: int


Row = Mapping[AddressKind, PortSet]  # a spot that nothing is allowed to is absent


class Rows:
    """What policy sets mean among some classes.

    Args:
        classes: those of the cluster.
        ipblock_matches_pods: whether an ipBlock means pods whose addresses it holds.
    """

    def __init__(self, classes: PodClasses, *, ipblock_matches_pods: bool = True) -> None:
        self._classes = classes
        self._blocks_count = ipblock_matches_pods
        self._holding: dict[AddressSet, tuple[AddressKind, ...]] = {}
        self._of_class = [
            tuple(AddressKind(one.number, place) for place in range(len(one.spots))) for one in classes.all
        ]
        self._spots = tuple(spot for spots in self._of_class for spot in spots)

    def of(self, policies: PolicySet) -> Row:
        """The ports of every spot: each term marks the spots that it means, equal marks are united once."""
        terms = [*_terms(policies)]
        masks: dict[AddressKind, int] = {}
        for place, (peers, _) in enumerate(terms):
            for spot in self._meant(peers):
                masks[spot] = masks.get(spot, 0) | 1 << place
        bits: dict[PortSet, int] = {}
        for number, named in self._named(policies):
            bit = 1 << bits.setdefault(named, len(terms) + len(bits))
            for spot in self._of_class[number]:
                masks[spot] = masks.get(spot, 0) | bit
        ports = [*(ports for _, ports in terms), *bits]
        unions: dict[int, PortSet] = {}
        for mask in masks.values():
            if mask not in unions:
                unions[mask] = PortSet.union_all([p for bit, p in enumerate(ports) if mask >> bit & 1])
        return {spot: unions[mask] for spot, mask in masks.items()}

    def _meant(self, peers: Peers) -> set[AddressKind]:
        if peers.anywhere:
            return set(self._spots)
        selected = {number for selection in peers.selections for number in self._classes.selected[selection]}
        found = {spot for number in selected for spot in self._of_class[number]}
        if peers.blocks and self._blocks_count:
            found.update(self._held(peers.blocks))
        return found

    def _held(self, blocks: AddressSet) -> tuple[AddressKind, ...]:
        found = self._holding.get(blocks)
        if found is None:
            classes = self._classes.all
            found = self._holding[blocks] = tuple(
                spot for spot in self._spots if classes[spot.number].spots[spot.place] in blocks
            )
        return found

    def _named(self, policies: PolicySet) -> Iterator[tuple[int, PortSet]]:
        """Class and port of everything that egress to port names allows."""
        for named in policies.named:
            for number in self._classes.selected[named.selection]:
                for port in self._classes.all[number].ports:
                    if (port.protocol, port.name) == (named.protocol, named.name):
                        yield number, PortSet.port(port.protocol, port.number)


def outside(policies: PolicySet | None) -> Traffic:
    """What policies allow from or to addresses that are no pod's; everything where nothing isolates."""
    if policies is None:
        return Traffic.ALL
    return Traffic.from_terms(
        [(AddressSet.ALL if peers.anywhere else peers.blocks, ports) for peers, ports in _terms(policies)]
    )


def _terms(policies: PolicySet) -> Iterator[tuple[Peers, PortSet]]:
    """Peers and the ports that they are allowed; named ports not included."""
    if policies.everywhere:
        yield policies.everywhere, PortSet.ALL
    for ports, peers in policies.by_ports:
        yield peers, ports
