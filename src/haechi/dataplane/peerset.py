"""Sets of peers in the kernel.

Why: a rule needs one look-up for its peers, however many policies and selectors name them. There are three kinds, each
once for a family: the addresses of the pods of some selections (a hash, whose elements change with the pods), the
addresses of ipBlocks (intervals, which never change: other blocks are another set), and the addresses of pods with
their numbers of port names (a hash). The name follows from the definition, so equal sets are shared, and a pod's
elements follow from its state alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from haechi.dataplane.family import AddressFamily
from haechi.dataplane.names import comment, content_name, named_peer_text, selection_text
from haechi.engine import ANY_POD, Engine, NamedPeer, PodSelection, PodState
from haechi.nft import DataType, Element, Set, SetFlags, concatenate, port
from haechi.sets import PROTOCOL_NAMES, AddressSet

PROTOCOL_WORDS = {number: name.lower() for number, name in PROTOCOL_NAMES.items()}
"""Protocols in names of sets and maps."""


@dataclass(frozen=True, slots=True)
class PodSet:
    """The addresses, of one family, of the pods that any of some selections matches."""

    family: AddressFamily
    selections: frozenset[PodSelection]
    name: str = field(init=False)

    def __post_init__(self) -> None:
        definition = sorted(map(selection_text, self.selections))
        object.__setattr__(self, "name", content_name(f"pods{self.family.number}", definition))

    def __hash__(self) -> int:
        return hash(self.name)

    def declaration(self) -> Set:
        """The set, empty."""
        return Set(self.name, (self.family.type,), comment=comment("pods", sorted(map(str, self.selections))))

    def elements(self, engine: Engine) -> frozenset[Element]:
        """Its elements in the present state of the engine."""
        return frozenset([Element(key) for key in self.family.keys(engine.addresses(self.selections))])

    def elements_of(self, state: PodState | None) -> frozenset[Element]:
        """The elements that one pod contributes."""
        if state is None or self.selections.isdisjoint(state.selections):
            return _NOTHING
        return frozenset([Element(key) for key in self.family.keys(state.addresses)])


@dataclass(frozen=True, slots=True)
class NamedSet:
    """Addresses with the numbers of port names, of one family and protocol, for the pods of some selections."""

    family: AddressFamily
    protocol: int
    peers: frozenset[NamedPeer]
    name: str = field(init=False)

    def __post_init__(self) -> None:
        kind = f"named{self.family.number}_{PROTOCOL_WORDS[self.protocol]}"
        object.__setattr__(self, "name", content_name(kind, sorted(map(named_peer_text, self.peers))))

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def selections(self) -> frozenset[PodSelection]:
        """The selections whose pods contribute elements."""
        return frozenset(peer.selection for peer in self.peers)

    def declaration(self) -> Set:
        """The set, empty."""
        key = (self.family.type, DataType.INET_SERVICE)
        return Set(self.name, key, comment=comment("pods", sorted(map(str, self.peers))))

    def elements(self, engine: Engine) -> frozenset[Element]:
        """Its elements in the present state of the engine."""
        in_blocks = (peer for peer in self.peers if peer.selection == ANY_POD and peer.within != AddressSet.ALL)
        found = {
            self._element(address, number)
            for peer in in_blocks
            for address, number in engine.named_ports(peer.protocol, peer.name, peer.within & self.family.every)
        }
        return frozenset(found).union(
            self._element(address, named.number)
            for peer in self.peers
            if peer.within == AddressSet.ALL
            for endpoint, own in engine.members(peer.selection)
            for named in endpoint.ports
            if (named.protocol, named.name) == (peer.protocol, peer.name)
            for address in own
            if self.family.holds(address)
        )

    def elements_of(self, state: PodState | None) -> frozenset[Element]:
        """The elements that one pod contributes."""
        if state is None or self.selections.isdisjoint(state.selections):
            return _NOTHING
        return frozenset(
            self._element(address, named.number)
            for peer in self.peers
            if peer.selection in state.selections
            for named in state.ports
            if (named.protocol, named.name) == (peer.protocol, peer.name)
            for address in state.addresses
            if self.family.holds(address) and address in peer.within
        )

    def _element(self, address: int, number: int) -> Element:
        return Element(concatenate(self.family.key(address), port(number)))


@dataclass(frozen=True, slots=True)
class BlockSet:
    """The addresses, of one family, of some ipBlocks."""

    family: AddressFamily
    blocks: AddressSet
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", content_name(f"blocks{self.family.number}", self.blocks.intervals))

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def selections(self) -> frozenset[PodSelection]:
        """No pods."""
        return frozenset()

    def declaration(self) -> Set:
        """The set, empty."""
        return Set(
            self.name, (self.family.type,), SetFlags.INTERVAL, comment=comment("ipBlocks", self.blocks.cidrs()[:9])
        )

    def elements(self, engine: Engine) -> frozenset[Element]:  # noqa: ARG002 - blocks do not depend on pods
        """Its elements in every state."""
        return frozenset(self._intervals())

    def elements_of(self, state: PodState | None) -> frozenset[Element]:  # noqa: ARG002 - blocks do not depend on pods
        """No pod contributes any."""
        return _NOTHING

    def _intervals(self) -> Iterator[Element]:
        for first, last in self.blocks.intervals:
            yield Element(self.family.key(first), self.family.key(last) if last != first else None)


PeerSet = PodSet | NamedSet | BlockSet
_NOTHING: frozenset[Element] = frozenset()


def pod_sets(families: Iterable[AddressFamily], selections: frozenset[PodSelection]) -> Iterator[PodSet]:
    """One set for each family, if there is any selection."""
    return (PodSet(family, selections) for family in families if selections)


def block_sets(families: Iterable[AddressFamily], blocks: AddressSet) -> Iterator[BlockSet]:
    """One set for each family that the blocks have addresses of."""
    for family in families:
        within = blocks & family.every
        if within:
            yield BlockSet(family, within)
