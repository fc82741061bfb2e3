"""The addresses of the API server, as far as the input gives them.

Why: a policy applies to the address behind the Service `kubernetes`, which is that of a control-plane node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from haechi.analysis.cluster import Cluster
from haechi.engine import points
from haechi.model import Pod
from haechi.sets import TCP

_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_PORT = 6443


@dataclass(frozen=True, slots=True)
class ApiServer:
    """Where the API server listens.

    Attributes:
        points: the addresses of its pods and of control-plane nodes; empty if the input has neither.
        port: protocol and number.
    """

    points: tuple[int, ...]
    port: tuple[int, int] = (TCP, _PORT)

    @classmethod
    def of(cls, cluster: Cluster) -> Self:
        """That of a cluster."""
        texts = [
            text for one in cluster.nodes if any(key in one.labels for key in _CONTROL_PLANE) for text in one.addresses
        ]
        for one in cluster.given:
            if (
                isinstance(one, Pod)
                and one.namespace == "kube-system"
                and one.labels.get("component") == "kube-apiserver"
            ):
                texts += one.addresses
        return cls(tuple(sorted(set(points(texts)))))
