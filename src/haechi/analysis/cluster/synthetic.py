"""Addresses for pods that have none yet.

Why: manifests rarely contain the addresses of pods, and an answer must not depend on the choice. Promises addresses
that are in no ipBlock narrower than /0 (nor in one of its exceptions), that nothing in the input has and that an
interface can have, of both families, equal for equal input: questions and labs use the same ones. Where a family has no
such address left, a pod gets none of that family.

An ipBlock of /0 with private networks as exceptions means the Internet without the cluster. So with such ipBlocks,
addresses come from their exceptions, if there is a private network there that no ipBlock of the input matches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import chain

import msgspec

from haechi.engine import points
from haechi.model import (
    ExternalHost,
    IPBlock,
    NetworkPolicy,
    Node,
    Object,
    Pod,
    PodIP,
    Service,
    TierPolicy,
)
from haechi.sets import AddressError, AddressSet, point_to_text, text_to_point

_PREFERRED = (
    ("10.244.0.0/16", "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "0.0.0.0/0"),
    ("fd00:10:244::/112", "fd00::/8", "::/0"),
)
_MAPPED = text_to_point("::1:0:0:0") - (1 << 32)  # the first of ::ffff:0:0/96, which sockets take for IPv4
_PRIVATE = AddressSet.from_cidrs(("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
_FEWEST_ADDRESSES = 256  # of a network that may be that of pods: smaller exceptions are about hosts
_FAMILIES = (AddressSet.V4, AddressSet.V6)
UNUSABLE = AddressSet([(_MAPPED, _MAPPED + (1 << 32) - 1)]) | AddressSet.from_cidrs(
    (
        *("0.0.0.0/32", "127.0.0.0/8", "169.254.1.1/32", "169.254.1.2/32", "224.0.0.0/4", "255.255.255.255/32"),
        *("::/127", "fe80::/10", "ff00::/8"),
    )
)
"""Addresses that no interface can have or no node forwards, and 169.254.1.1 and .2, a lab's own next hops."""


class SyntheticAddresses:
    """Free addresses for pods, one after another.

    Args:
        objects: everything that was loaded: ipBlocks to stay clear of, and addresses that are taken.
    """

    def __init__(self, objects: Iterable[Object]) -> None:
        self._objects = tuple(objects)

    @cached_property
    def _blocks(self) -> list[IPBlock]:
        return list(ip_blocks(one for one in self._objects if isinstance(one, NetworkPolicy | TierPolicy)))

    @cached_property
    def _excepted(self) -> list[AddressSet | None]:
        """For each family the private networks in exceptions that no ipBlock matches; None without such exceptions."""
        return [_excepted_by(self._blocks, family) for family in _FAMILIES]

    @cached_property
    def _families(self) -> list[Iterator[int]]:
        possible = AddressSet.ALL - UNUSABLE - AddressSet.of(*_taken(self._objects))
        free = possible - AddressSet.union_all([_touched(block) for block in self._blocks])
        return [
            chain(_points(possible & _hosts(excepted), networks), _points(free, networks))
            for networks, excepted in zip(_PREFERRED, self._excepted, strict=True)
        ]

    @property
    def choice(self) -> str:
        """Which addresses are chosen, in words that follow "given one"."""
        words = "outside every ipBlock narrower than /0"
        chosen = [networks for networks in self._excepted if networks]
        if chosen:
            words += f", or in an exception of those of /0 ({_examples(chosen)})"
        if any(networks is not None and not networks for networks in self._excepted):
            words += "; no private network is an exception of all those of /0, so the answer depends on real addresses"
        return words

    def next(self) -> tuple[str, ...]:
        """One address of each family that has one."""
        found = (next(family, None) for family in self._families)
        return tuple(point_to_text(point) for point in found if point is not None)

    def completed(self, pod: Pod) -> Pod:
        """The pod, with the next addresses if it has none and policies see it."""
        if pod.addresses or pod.spec.host_network or pod.completed:
            return pod
        ips = tuple(PodIP(ip=text) for text in self.next())
        return msgspec.structs.replace(pod, status=msgspec.structs.replace(pod.status, pod_ips=ips))


def _taken(objects: Iterable[Object]) -> Iterator[int]:
    for one in objects:
        if isinstance(one, Pod | Node | ExternalHost | Service):
            yield from points(one.addresses)


def ip_blocks(policies: Iterable[NetworkPolicy | TierPolicy]) -> Iterator[IPBlock]:
    """Every ipBlock of some policies; in those of tiers, every network."""
    for policy in policies:
        if isinstance(policy, TierPolicy):
            yield from (IPBlock(cidr=text) for rule in policy.spec.egress for peer in rule.to for text in peer.networks)
            continue
        rules = (*(rule.from_ for rule in policy.spec.ingress), *(rule.to for rule in policy.spec.egress))
        for peers in rules:
            for peer in peers:
                if peer.ip_block is not None:
                    yield peer.ip_block


def _excepted_by(blocks: Collection[IPBlock], family: AddressSet) -> AddressSet | None:
    """The networks that pods may have in exceptions of ipBlocks of half a family or more, and that no ipBlock matches.

    None if no such ipBlock has an exception for them.
    """
    wide = {block for block in blocks if block.except_ and 2 * (_network(block.cidr) & family).size >= family.size}
    if not any(_for_pods(_exceptions(block)) for block in wide):
        return None
    matched = []
    for block in blocks:
        network, exceptions = _network(block.cidr), _exceptions(block)
        left_out = _for_pods(exceptions) if block in wide else exceptions
        if left_out or network != family:
            matched.append(network - left_out)
    return _for_pods(family - AddressSet.union_all(matched))


def _exceptions(block: IPBlock) -> AddressSet:
    return AddressSet.union_all([_network(text) for text in block.except_])


def _for_pods(networks: AddressSet) -> AddressSet:
    """What of some networks is private and large enough for pods."""
    parts = (networks & _PRIVATE).intervals
    return AddressSet((first, last) for first, last in parts if last - first >= _FEWEST_ADDRESSES - 1)


def _hosts(networks: AddressSet | None) -> AddressSet:
    """All addresses except those of the networks themselves."""
    return AddressSet((first + 1, last) for first, last in networks.intervals) if networks else AddressSet.NONE


def _examples(chosen: Iterable[AddressSet]) -> str:
    """The network that addresses of each set come from first."""
    networks = [AddressSet.from_cidr(text) for texts in _PREFERRED for text in texts]
    return ", ".join(
        next((one & each for each in networks if not one.isdisjoint(each)), one).cidrs()[0] for one in chosen
    )


def _touched(block: IPBlock) -> AddressSet:
    return AddressSet.union_all([_narrow(text) for text in (block.cidr, *block.except_)])


def _narrow(text: str) -> AddressSet:
    """The addresses of a CIDR; none of a whole family or of what cannot be read."""
    found = _network(text)
    return AddressSet.NONE if found in _FAMILIES else found


def _network(text: str) -> AddressSet:
    """The addresses of a CIDR; none of what cannot be read."""
    try:
        return AddressSet.from_cidr(text)
    except AddressError:
        return AddressSet.NONE


def _points(free: AddressSet, networks: Iterable[str]) -> Iterator[int]:
    """Every free point, those of the first network first; never the address of a network itself."""
    rest = free
    for network in networks:
        whole = AddressSet.from_cidr(network)
        here = (rest & whole) - AddressSet.of(whole.min)
        rest = rest - whole
        for first, last in here.intervals:
            yield from range(first, last + 1)
