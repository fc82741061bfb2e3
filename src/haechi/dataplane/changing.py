"""Chains, sets and maps that change in place, and how they differ from what was last committed.

Why: most of the ruleset never changes under its name. What tiers decide is different: a set has the addresses of a
class of peers, a map an element for each local pod, a chain a rule for each class. So what should be is stored here
whole, and of what was committed only what differs. What refers to what does not matter:

    1  new chains, without rules; new sets and maps        everything that will be referred to
    2  elements                                            of new, changed and refilled sets and maps
    3  rules                                               of new and changed chains
    4  gone chains without rules, then gone nouns          nothing refers to them any more
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import cast

from haechi.dataplane.family import FAMILIES, AddressFamily
from haechi.nft import Chain, Element, Map, Set, SetFlags, Transaction, Verdict

ElementKey = int | tuple[int, int]
"""An address, or the first and last of an interval, on the line of `haechi.sets.AddressSet`."""
_Elements = dict[ElementKey, Verdict | None]
_FAMILY_OF = {family.type: family for family in FAMILIES}


class ChangingNouns:
    """Chains, and sets and maps whose keys are addresses: as they should be, and what changed since the last commit."""

    def __init__(self) -> None:
        self._chains: dict[str, Chain] = {}
        self._containers: dict[str, Set | Map] = {}
        self._elements: dict[str, _Elements] = {}
        self._committed_chains: dict[str, Chain | None] = {}  # as committed, of those that were touched since
        self._committed_containers: dict[str, Set | Map | None] = {}
        self._committed_elements: dict[str, dict[ElementKey, tuple[Verdict | None] | None]] = {}

    def nouns(self) -> Iterator[Chain | Set | Map]:
        """Everything, as it should be."""
        yield from self._chains.values()
        yield from map(self._full, self._containers.values())

    def _full(self, container: Set | Map) -> Set | Map:
        if container.name not in self._elements:
            return container
        return replace(container, elements=_converted(container, self._elements[container.name]))

    # -- changing ----------------------------------------------------------------------------------------------------

    def put_chain(self, chain: Chain) -> None:
        """Add a chain, or replace its rules."""
        old = self._chains.get(chain.name)
        if old != chain:
            self._committed_chains.setdefault(chain.name, old)
            self._chains[chain.name] = chain

    def drop_chain(self, name: str) -> None:
        """Remove a chain."""
        self._committed_chains.setdefault(name, self._chains.pop(name))

    def put_container(self, container: Set | Map, elements: _Elements | None = None) -> None:
        """Add a set or map that does not exist yet: an empty one with elements that will change, or a whole one."""
        self._committed_containers.setdefault(container.name, None)
        self._containers[container.name] = container
        if elements is not None:
            self._elements[container.name] = elements

    def drop_container(self, name: str) -> None:
        """Remove a set or map."""
        self._committed_containers.setdefault(name, self._containers.pop(name))
        self._elements.pop(name, None)
        self._committed_elements.pop(name, None)

    def put_element(self, name: str, key: ElementKey, verdict: Verdict | None = None) -> None:
        """Add an element, or change its verdict."""
        self._record(name, key)
        self._elements[name][key] = verdict

    def drop_element(self, name: str, key: ElementKey) -> None:
        """Remove an element, if there is one."""
        if key in self._elements[name]:
            self._record(name, key)
            del self._elements[name][key]

    def _record(self, name: str, key: ElementKey) -> None:
        if name not in self._committed_containers:  # otherwise all elements are sent
            elements = self._elements[name]
            committed = self._committed_elements.setdefault(name, {})
            committed.setdefault(key, (elements[key],) if key in elements else None)

    # -- the difference ----------------------------------------------------------------------------------------------

    def make(self, transaction: Transaction) -> None:
        """Create and change what should be."""
        new = {name for name in self._committed_chains if self._is_new(name)}
        for name in sorted(new):
            transaction.create(Chain(name, comment=self._chains[name].comment))
        for name in sorted(self._committed_containers):
            if name in self._containers:
                self._fill(transaction, self._containers[name], refill=self._committed_containers[name] is not None)
        for name in sorted(self._committed_elements):
            self._change(transaction, self._containers[name], self._committed_elements[name])
        for name in sorted(self._committed_chains):
            if name in new:
                transaction.add_rules(name, self._chains[name].rules)
            elif name in self._chains and self._committed_chains[name] != self._chains[name]:
                transaction.replace_rules(name, self._chains[name].rules)

    def unmake(self, transaction: Transaction) -> None:
        """Remove what should not be."""
        chains = [name for name, old in sorted(self._committed_chains.items()) if old and name not in self._chains]
        for name in chains:
            transaction.flush_chain(name)
        for name, container in sorted(self._committed_containers.items()):
            if container is not None and name not in self._containers:
                transaction.delete(container)
        for name in chains:
            transaction.delete(Chain(name))

    def settle(self) -> None:
        """Record that everything is in the kernel."""
        self._committed_chains.clear()
        self._committed_containers.clear()
        self._committed_elements.clear()

    def _is_new(self, name: str) -> bool:
        return name in self._chains and self._committed_chains[name] is None

    def _fill(self, transaction: Transaction, container: Set | Map, *, refill: bool) -> None:
        full = self._full(container)
        if refill:
            transaction.flush_elements(full)
            transaction.add_elements(full, full.elements)
        else:
            transaction.create(full)

    def _change(
        self,
        transaction: Transaction,
        container: Set | Map,
        committed: Mapping[ElementKey, tuple[Verdict | None] | None],
    ) -> None:
        present = self._elements[container.name]
        old: _Elements = {}
        new: _Elements = {}
        for key, was in committed.items():
            now = (present[key],) if key in present else None
            if was == now:
                continue
            if was is not None:
                old[key] = was[0]
            if now is not None:
                new[key] = now[0]
        if old:
            transaction.delete_elements(container, _converted(container, old))
        if new:
            transaction.add_elements(container, _converted(container, new))


def _converted(container: Set | Map, elements: _Elements) -> frozenset[Element]:
    family = _FAMILY_OF[container.key[0]]
    if SetFlags.INTERVAL in container.flags:
        return frozenset([_interval(family, key) for key in elements if not isinstance(key, int)])
    keys = family.keys(cast("Iterable[int]", elements))
    if isinstance(container, Set):
        return frozenset(map(Element, keys))
    return frozenset([Element(key, None, verdict) for key, verdict in zip(keys, elements.values(), strict=True)])


def _interval(family: AddressFamily, key: tuple[int, int]) -> Element:
    first, last = key
    return Element(family.key(first), family.key(last) if last != first else None)
