"""The part of a pod that verdicts depend on.

Why: the engine stores 100,000 pods, so it stores of each only what can change a verdict. Two pods that policies cannot
distinguish have equal endpoints except for their key and addresses. Pods that are neither subjects nor peers have no
endpoint: those on the host's network (their traffic is the node's) and completed ones (their address may belong to
another pod).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from haechi.model import Container, Pod, PodKey
from haechi.sets import PROTOCOL_NUMBERS, AddressError, text_to_point


class NamedPort(NamedTuple):
    """A container port that has a name. `protocol` is the IP protocol number."""

    protocol: int
    name: str
    number: int


class Endpoint(msgspec.Struct, frozen=True, gc=False):
    """What verdicts depend on.

    Attributes:
        key: namespace and name.
        labels: the pod's labels.
        node: the node it runs on, `""` if it has none yet.
        addresses: points on the line of `haechi.sets.AddressSet`, in the order of the pod's status.
        host_addresses: addresses of its node, from the pod's status.
        ports: the named ports of its containers, sorted.
    """

    key: PodKey
    labels: Mapping[str, str]
    node: str = ""
    addresses: tuple[int, ...] = ()
    host_addresses: tuple[int, ...] = ()
    ports: tuple[NamedPort, ...] = ()

    @classmethod
    def of(cls, pod: Pod) -> Endpoint | None:
        """The endpoint of a pod; None if policies do not apply to it, as to a hostNetwork or completed one.

        An address that cannot be read is left out: no packet can be sent to it.
        """
        metadata, spec, status = pod.metadata, pod.spec, pod.status
        if spec.host_network or pod.completed:
            return None
        hosts = [entry.ip for entry in status.host_ips] or ([status.host_ip] if status.host_ip else ())
        return cls(
            PodKey(metadata.namespace or "default", metadata.name),
            metadata.labels,
            spec.node_name,
            points([entry.ip for entry in status.pod_ips if entry.ip] or pod.addresses),
            points(hosts) if hosts else (),
            _named_ports(spec.containers),
        )


def points(texts: Iterable[str]) -> tuple[int, ...]:
    """Addresses as points on the line, each once; texts that are not addresses are left out."""
    found: list[int] = []
    for text in texts:
        try:
            point = text_to_point(text)
        except AddressError:
            continue
        if point not in found:
            found.append(point)
    return tuple(found)


@lru_cache(maxsize=65_536)
def _named_ports(containers: tuple[Container, ...]) -> tuple[NamedPort, ...]:
    named = [port for container in containers for port in container.ports if port.name]
    if not named:
        return ()
    found = {
        NamedPort(PROTOCOL_NUMBERS[port.protocol or "TCP"], port.name, port.container_port)
        for port in named
        if (port.protocol or "TCP") in PROTOCOL_NUMBERS and 0 < port.container_port < 65536
    }
    return tuple(found) if len(found) < 2 else tuple(sorted(found))
