"""What the stages of a side allow, by class of pods.

Who may reach whom, what differs and what assertions find all begin with "which pods does this match, on which ports";
asked of classes, the cost depends on the policies, not on the number of pods. The ports of each kind of address are
exact, named ports included; for outside addresses the function from address to ports is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from haechi.analysis.reach.classes import PodClasses, addresses_of_pods
from haechi.engine import Engine, NamedPeer, Peers, PolicySet, Stages, TierSet, passing_ports
from haechi.model import Action
from haechi.sets import AddressSet, PortSet


class AddressKind(NamedTuple):
    """A kind of address of a class of pods: the number of the class, and the index among its `addresses`."""

    number: int
    address_index: int


Row = Mapping[AddressKind, PortSet]  # kinds to which nothing is allowed are absent


_Matches = tuple[tuple[Action, PortSet], ...]  # of one kind of address, in order: what becomes of which ports


class Rows:
    """What stages allow with the classes of a cluster.

    Args:
        engine: what the cluster's policies mean.
        classes: those of the cluster.
    """

    def __init__(self, engine: Engine, classes: PodClasses) -> None:
        self._engine = engine
        self._classes = classes
        self._by_blocks: dict[AddressSet, tuple[AddressKind, ...]] = {}
        self._of_class = [
            tuple(AddressKind(one.number, place) for place in range(len(one.addresses))) for one in classes.all
        ]
        self._all_kinds = tuple(kind for kinds in self._of_class for kind in kinds)

    def of(self, stages: Stages) -> Row:
        """The ports of every kind."""
        if len(stages) == 1 and isinstance(stages[0], PolicySet):
            return self._allowed(stages[0])
        tiers = [self._matches(one) for one in stages if isinstance(one, TierSet)]
        last = self._allowed(stages[-1]) if stages and isinstance(stages[-1], PolicySet) else None
        found: dict[AddressKind, PortSet] = {}
        for kind in self._all_kinds:
            left = PortSet.ALL if last is None else last.get(kind, PortSet.NONE)
            ports = _passing(tuple(tier.get(kind, ()) for tier in tiers), left)
            if ports:
                found[kind] = ports
        return found

    def _matches(self, tier_set: TierSet) -> dict[AddressKind, _Matches]:
        """By kind, what the entries that match it do on which ports, in order: the first on a port counts."""
        found: dict[AddressKind, list[tuple[Action, PortSet]]] = {}
        for ports, entries in tier_set.pieces():
            done: set[AddressKind] = set()
            for entry in entries:
                matched = self._matched(entry.peers)
                for kind in matched - done:
                    found.setdefault(kind, []).append((entry.action, ports))
                for kind, own in self._named(entry.named) if entry.named else ():
                    if kind not in matched and kind not in done:
                        found.setdefault(kind, []).append((entry.action, own & ports))
                done |= matched
        return {kind: tuple(matches) for kind, matches in found.items()}

    def _allowed(self, policies: PolicySet) -> Row:
        """What a policy set allows: each term marks the kinds that it matches; equal marks are united once."""
        terms = [*_terms(policies)]
        masks: dict[AddressKind, int] = {}
        for place, (peers, _) in enumerate(terms):
            for kind in self._matched(peers):
                masks[kind] = masks.get(kind, 0) | 1 << place
        bits: dict[PortSet, int] = {}
        for kind, named in self._named(policies.named):
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
        if peers.blocks or peers.nodes:
            found.update(self._in_blocks(addresses_of_pods(self._engine, peers)))
        return found

    def _in_blocks(self, blocks: AddressSet) -> tuple[AddressKind, ...]:
        found = self._by_blocks.get(blocks)
        if found is None:
            classes = self._classes.all
            found = self._by_blocks[blocks] = tuple(
                kind for kind in self._all_kinds if classes[kind.number].addresses[kind.address_index] in blocks
            )
        return found

    def _named(self, peers: Iterable[NamedPeer]) -> Iterator[tuple[AddressKind, PortSet]]:
        """Kind and ports of peers that are meant by port names."""
        for named in peers:
            everywhere = named.within == AddressSet.ALL
            meant = set(self._all_kinds if everywhere else self._in_blocks(named.within))
            for number in self._classes.selected[named.selection]:
                for port in self._classes.all[number].ports:
                    if (port.protocol, port.name) == (named.protocol, named.name):
                        ports = PortSet.port(port.protocol, port.number)
                        yield from ((kind, ports) for kind in self._of_class[number] if kind in meant)


_passing = lru_cache(maxsize=65_536)(passing_ports)


def _terms(policies: PolicySet) -> Iterator[tuple[Peers, PortSet]]:
    """Peers and their ports; named ports are not included."""
    if policies.everywhere:
        yield policies.everywhere, PortSet.ALL
    for ports, peers in policies.by_ports:
        yield peers, ports
