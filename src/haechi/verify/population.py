"""The pods of a cluster as a proof sees them.

Why: policies tell pods apart by namespace and labels alone, and packets by addresses alone. Promises that each lookup
is a function of the pods that are there now; an address that several pods claim belongs to none of them. Pods on the
host's network and completed ones are not there (`haechi.reference.is_policed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from haechi.model import Container, Pod, PodKey
from haechi.reference import PROTOCOLS, is_policed
from haechi.sets import AddressError, AddressSet, text_to_point

NamedPorts = tuple[tuple[int, str, int], ...]
"""Protocol, name and number of the named ports of a pod, sorted."""


class Kind(NamedTuple):
    """Pods that policies cannot tell apart, but for their addresses."""

    namespace: str
    labels: tuple[tuple[str, str], ...]
    ports: NamedPorts


class Resident(NamedTuple):
    """One pod: what it is, its node, its addresses and those of its node that its status gives (points of a line)."""

    kind: Kind
    node: str
    addresses: tuple[int, ...]
    host_addresses: tuple[int, ...]

    @classmethod
    def of(cls, pod: Pod) -> Resident | None:
        """The resident that a pod is; None if policies do not see it as a pod."""
        if not is_policed(pod):
            return None
        metadata, status = pod.metadata, pod.status
        kind = Kind(pod.namespace, tuple(sorted(metadata.labels.items())), named_ports(pod.spec.containers))
        hosts = [entry.ip for entry in status.host_ips] or [status.host_ip]
        own = [entry.ip for entry in status.pod_ips if entry.ip] or [status.pod_ip]
        return cls(kind, pod.spec.node_name, points(own), points(hosts))


class Population:
    """Pods by key, by kind and by address."""

    def __init__(self, pods: Iterable[Pod] = ()) -> None:
        self._residents: dict[PodKey, Resident] = {}
        self._members: dict[Kind, dict[PodKey, None]] = {}
        self._kinds: dict[str, dict[Kind, None]] = {}
        self._nodes: dict[str, dict[PodKey, None]] = {}
        self._claims: dict[int, PodKey | tuple[PodKey, ...]] = {}
        for pod in pods:
            self.put(pod)

    def __len__(self) -> int:
        return len(self._residents)

    def get(self, key: PodKey) -> Resident | None:
        """One pod."""
        return self._residents.get(key)

    def residents(self) -> Mapping[PodKey, Resident]:
        """All pods; not to be changed by the caller."""
        return self._residents

    def kinds(self, namespace: str) -> Iterable[Kind]:
        """The kinds of pods in a namespace."""
        return self._kinds.get(namespace, ())

    def members(self, kind: Kind) -> Iterable[PodKey]:
        """The pods of a kind."""
        return self._members.get(kind, ())

    def on(self, node: str) -> Iterable[PodKey]:
        """The pods of a node."""
        return self._nodes.get(node, ())

    def namespaces(self) -> Iterable[str]:
        """The namespaces that have pods."""
        return self._kinds

    def claimants(self, address: int) -> tuple[PodKey, ...]:
        """All pods that claim an address."""
        found = self._claims.get(address, ())
        return (found,) if isinstance(found, PodKey) else found

    def owner(self, address: int) -> PodKey | None:
        """The pod to which an address belongs; None if to none or if several claim it."""
        found = self._claims.get(address)
        return found if isinstance(found, PodKey) else None

    def addresses_of(self, kind: Kind) -> Iterator[int]:
        """The addresses that belong to pods of a kind."""
        for key in self._members.get(kind, ()):
            yield from self.own(key)

    def own(self, key: PodKey) -> tuple[int, ...]:
        """The addresses that belong to a pod."""
        found = self._residents[key].addresses
        claims = self._claims
        return found if all(claims[each] is key or claims[each] == key for each in found) else self._undisputed(found)

    def _undisputed(self, addresses: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(each for each in addresses if self.owner(each) is not None)

    def owners_within(self, addresses: AddressSet) -> Iterator[tuple[int, PodKey]]:
        """The addresses among these that belong to a pod, each with it."""
        claims = self._claims
        some: Iterable[int] = claims
        if addresses.size < len(claims):
            some = (each for first, last in addresses.intervals for each in range(first, last + 1))
        for address in some:
            owner = claims.get(address)
            if isinstance(owner, PodKey) and address in addresses:
                yield address, owner

    # -- updates -----------------------------------------------------------------------------------------------------

    def put(self, pod: Pod) -> None:
        """A pod comes or changes."""
        self._replace(PodKey(pod.namespace, pod.metadata.name), Resident.of(pod))

    def delete(self, key: PodKey) -> None:
        """A pod goes."""
        self._replace(key, None)

    def _replace(self, key: PodKey, new: Resident | None) -> None:
        old = self._residents.get(key)
        if old is not None:
            self._remove(key, old)
        if new is not None:
            self._add(key, new)

    def _add(self, key: PodKey, resident: Resident) -> None:
        self._residents[key] = resident
        self._nodes.setdefault(resident.node, {})[key] = None
        members = self._members.get(resident.kind)
        if members is None:
            members = self._members[resident.kind] = {}
            self._kinds.setdefault(resident.kind.namespace, {})[resident.kind] = None
        members[key] = None
        for address in resident.addresses:
            others = self.claimants(address)
            self._claims[address] = (*others, key) if others else key

    def _remove(self, key: PodKey, resident: Resident) -> None:
        del self._residents[key]
        del self._nodes[resident.node][key]
        if not self._nodes[resident.node]:
            del self._nodes[resident.node]
        members = self._members[resident.kind]
        del members[key]
        if not members:
            del self._members[resident.kind]
            kinds = self._kinds[resident.kind.namespace]
            del kinds[resident.kind]
            if not kinds:
                del self._kinds[resident.kind.namespace]
        for address in resident.addresses:
            left = tuple(each for each in self.claimants(address) if each != key)
            if len(left) > 1:
                self._claims[address] = left
            elif left:
                self._claims[address] = left[0]
            else:
                del self._claims[address]


def points(texts: Iterable[str]) -> tuple[int, ...]:
    """Addresses as points of a line, each once; texts that are no addresses are left out."""
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
    """The named ports of a pod that a packet can have."""
    found = {
        (PROTOCOLS[port.protocol], port.name, port.container_port)
        for container in containers
        for port in container.ports
        if port.name and port.protocol in PROTOCOLS and 0 < port.container_port < 65536
    }
    return tuple(sorted(found))
