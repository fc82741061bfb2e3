"""The pods of a cluster, indexed for a proof.

Why: policies tell pods apart by namespace, labels and named ports, and packets by addresses. Every answer is a function
of the pods that are present, not of the order in which they came. An address that several pods claim belongs to none of
them. Pods on the host's network and completed pods are left out (`haechi.reference.is_policed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from haechi.model import Container, Pod, PodKey
from haechi.reference import PROTOCOLS, is_policed
from haechi.sets import AddressError, AddressSet, text_to_point

NamedPorts = tuple[tuple[int, str, int], ...]
"""Protocol, name and number of each named port of a pod, sorted."""


class PodTraits(NamedTuple):
    """What policies see of a pod. Pods with equal traits differ in their addresses only."""

    namespace: str
    labels: tuple[tuple[str, str], ...]
    ports: NamedPorts


class PolicedPod(NamedTuple):
    """A pod that policies apply to: its traits, node, addresses, and its node's addresses according to its status.

    Addresses are points of the address line.
    """

    traits: PodTraits
    node: str
    addresses: tuple[int, ...]
    host_addresses: tuple[int, ...]

    @classmethod
    def of(cls, pod: Pod) -> PolicedPod | None:
        """The pod as policies see it; None if they do not apply to it."""
        if not is_policed(pod):
            return None
        metadata, status = pod.metadata, pod.status
        traits = PodTraits(pod.namespace, tuple(sorted(metadata.labels.items())), named_ports(pod.spec.containers))
        hosts = [entry.ip for entry in status.host_ips] or [status.host_ip]
        own = [entry.ip for entry in status.pod_ips if entry.ip] or [status.pod_ip]
        return cls(traits, pod.spec.node_name, points(own), points(hosts))


class PodIndex:
    """Pods by key, by traits, by node and by address."""

    def __init__(self, pods: Iterable[Pod] = ()) -> None:
        self._pods: dict[PodKey, PolicedPod] = {}
        self._with_traits: dict[PodTraits, dict[PodKey, None]] = {}
        self._traits: dict[str, dict[PodTraits, None]] = {}
        self._nodes: dict[str, dict[PodKey, None]] = {}
        self._claims: dict[int, PodKey | tuple[PodKey, ...]] = {}
        for pod in pods:
            self.put(pod)

    def __len__(self) -> int:
        return len(self._pods)

    def __getitem__(self, key: PodKey) -> PolicedPod:
        return self._pods[key]

    def get(self, key: PodKey) -> PolicedPod | None:
        """The pod of this key."""
        return self._pods.get(key)

    def traits(self, namespace: str) -> Iterable[PodTraits]:
        """The traits of the pods of a namespace, each once."""
        return self._traits.get(namespace, ())

    def on(self, node: str) -> Iterable[PodKey]:
        """The pods of a node."""
        return self._nodes.get(node, ())

    def namespaces(self) -> Iterable[str]:
        """The namespaces that have pods."""
        return self._traits

    def claimants(self, address: int) -> tuple[PodKey, ...]:
        """All pods that claim an address."""
        found = self._claims.get(address, ())
        return (found,) if isinstance(found, PodKey) else found

    def owner(self, address: int) -> PodKey | None:
        """The pod to which an address belongs; None if no pod or more than one claims it."""
        found = self._claims.get(address)
        return found if isinstance(found, PodKey) else None

    def addresses_of(self, traits: PodTraits) -> Iterator[int]:
        """The addresses that belong to pods with these traits."""
        for key in self._with_traits.get(traits, ()):
            yield from self.own(key)

    def own(self, key: PodKey) -> tuple[int, ...]:
        """The addresses that belong to a pod."""
        found = self._pods[key].addresses
        claims = self._claims
        return found if all(claims[each] is key or claims[each] == key for each in found) else self._undisputed(found)

    def _undisputed(self, addresses: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(each for each in addresses if self.owner(each) is not None)

    def owners_within(self, addresses: AddressSet) -> Iterator[tuple[int, PodKey]]:
        """Those of the addresses that belong to a pod, each with the pod."""
        claims = self._claims
        candidates: Iterable[int] = claims
        if addresses.size < len(claims):
            candidates = (each for first, last in addresses.intervals for each in range(first, last + 1))
        for address in candidates:
            owner = claims.get(address)
            if isinstance(owner, PodKey) and address in addresses:
                yield address, owner

    # -- updates -----------------------------------------------------------------------------------------------------

    def put(self, pod: Pod) -> None:
        """Add or replace a pod."""
        self._replace(PodKey(pod.namespace, pod.metadata.name), PolicedPod.of(pod))

    def delete(self, key: PodKey) -> None:
        """Remove a pod."""
        self._replace(key, None)

    def _replace(self, key: PodKey, new: PolicedPod | None) -> None:
        old = self._pods.get(key)
        if old is not None:
            self._remove(key, old)
        if new is not None:
            self._add(key, new)

    def _add(self, key: PodKey, pod: PolicedPod) -> None:
        self._pods[key] = pod
        self._nodes.setdefault(pod.node, {})[key] = None
        sharing = self._with_traits.get(pod.traits)
        if sharing is None:
            sharing = self._with_traits[pod.traits] = {}
            self._traits.setdefault(pod.traits.namespace, {})[pod.traits] = None
        sharing[key] = None
        for address in pod.addresses:
            others = self.claimants(address)
            self._claims[address] = (*others, key) if others else key

    def _remove(self, key: PodKey, pod: PolicedPod) -> None:
        del self._pods[key]
        del self._nodes[pod.node][key]
        if not self._nodes[pod.node]:
            del self._nodes[pod.node]
        sharing = self._with_traits[pod.traits]
        del sharing[key]
        if not sharing:
            del self._with_traits[pod.traits]
            traits = self._traits[pod.traits.namespace]
            del traits[pod.traits]
            if not traits:
                del self._traits[pod.traits.namespace]
        for address in pod.addresses:
            left = tuple(each for each in self.claimants(address) if each != key)
            if len(left) > 1:
                self._claims[address] = left
            elif left:
                self._claims[address] = left[0]
            else:
                del self._claims[address]


def points(texts: Iterable[str]) -> tuple[int, ...]:
    """Addresses as points of the address line, each once; texts that are not addresses are ignored."""
    found: dict[int, None] = {}
    for text in texts:
        if text:
            try:
                found[text_to_point(text)] = None
            except AddressError:
                continue
    return tuple(found)


@lru_cache(maxsize=65_536)
def named_ports(containers: tuple[Container, ...]) -> NamedPorts:
    """The named ports of a pod, without those that no packet can have."""
    found = {
        (PROTOCOLS[port.protocol], port.name, port.container_port)
        for container in containers
        for port in container.ports
        if port.name and port.protocol in PROTOCOLS and 0 < port.container_port < 65536
    }
    return tuple(sorted(found))
