"""Which pod an address belongs to.

Why: a packet carries addresses, not names. An address that two live pods claim is a fault or an attack. It belongs to
neither, and traffic from and to it is denied on the nodes of both, whichever was first: the result depends on the
present claims only.
"""

from __future__ import annotations

from collections.abc import Iterable


class Claims:
    """Maps addresses (points of `haechi.sets.AddressSet`) to the numbers of the pods that claim them."""

    def __init__(self) -> None:
        self._sole: dict[int, int] = {}
        self._disputed: dict[int, frozenset[int]] = {}

    def claimants(self, address: int) -> frozenset[int]:
        """The pods that claim an address."""
        sole = self._sole.get(address)
        return self._disputed.get(address, _NO_PODS) if sole is None else frozenset((sole,))

    def owner(self, address: int) -> int | None:
        """The pod that an address belongs to; None if no pod or several pods claim it."""
        return self._sole.get(address)

    def is_disputed(self, address: int) -> bool:
        """Whether several pods claim an address."""
        return address in self._disputed

    @property
    def has_disputes(self) -> bool:
        """Whether any address is disputed."""
        return bool(self._disputed)

    def split(self, addresses: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The addresses that only this pod claims, and those that other pods claim too."""
        if not self._disputed:
            return addresses, ()
        disputed = tuple(address for address in addresses if address in self._disputed)
        return tuple(address for address in addresses if address not in self._disputed), disputed

    def rivals(self, addresses: Iterable[int], number: int) -> set[int]:
        """The other pods that claim any of these addresses."""
        return {rival for address in addresses for rival in self.claimants(address)} - {number}

    def add(self, number: int, addresses: Iterable[int]) -> None:
        """Add a pod's claims."""
        for address in addresses:
            self._put(address, self.claimants(address) | {number})

    def remove(self, number: int, addresses: Iterable[int]) -> None:
        """Remove a pod's claims."""
        for address in addresses:
            self._put(address, self.claimants(address) - {number})

    def extend(self, claims: Iterable[tuple[int, tuple[int, ...]]]) -> None:
        """Add the claims of many pods: as `add`, but faster for addresses without a claim."""
        sole = self._sole
        for number, addresses in claims:
            for address in addresses:
                if address in sole or address in self._disputed:
                    self.add(number, (address,))
                else:
                    sole[address] = number

    def _put(self, address: int, claimants: frozenset[int]) -> None:
        self._sole.pop(address, None)
        self._disputed.pop(address, None)
        if len(claimants) == 1:
            (self._sole[address],) = claimants
        elif claimants:
            self._disputed[address] = claimants


_NO_PODS: frozenset[int] = frozenset()
