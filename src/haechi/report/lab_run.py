"""What a lab run found: every connection that was tried, with the expected and the observed outcome.

Plain values that pickle. The lab builds them, commands print them and documents are built from them, so they are below
the lab.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from haechi.model import ClusterPolicyKey, PacketVerdict

if TYPE_CHECKING:
    from haechi.verify import Proof


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """A connection that was tried.

    Attributes:
        source: the client: `namespace/pod`, `host/NAME`, `outside/ADDRESS` or `node/NAME`.
        destination: the server, likewise.
        family: 4 or 6.
        protocol: TCP, UDP or SCTP.
        port: the destination port.
        expected: the verdict of the engine, both sides with their policies.
        arrived: whether a packet arrived at the listener.
        replied: whether the answer came back.
    """

    source: str
    destination: str
    family: int
    protocol: Literal["TCP", "UDP", "SCTP"]
    port: int
    expected: PacketVerdict
    arrived: bool
    replied: bool

    @property
    def is_as_expected(self) -> bool:
        """An allowed packet arrived and was answered; of a denied one nothing arrived."""
        return (self.arrived, self.replied) == (self.expected.allowed, self.expected.allowed)


@dataclass(frozen=True, slots=True)
class SampledClass:
    """Endpoints that policies cannot tell apart, by name, and those of them that took part in a sample."""

    members: tuple[str, ...]
    representatives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabSample:
    """What a run tried instead of everything.

    Every class reached every other at least once, on each port, by each IP family that both have.

    Attributes:
        connections: how many there would have been.
        seed: what the sample was chosen by.
        classes: of all endpoints that could have taken part.
    """

    connections: int
    seed: int
    classes: tuple[SampledClass, ...]


@dataclass(frozen=True)
class LabRun:
    """All connections of a run that were tried.

    Attributes:
        results: in order of source, destination, port, protocol and family.
        endpoints: the addresses of everyone, by name.
        descriptions: of outside hosts, and of nodes as `node/NAME`, by name.
        nodes: the nodes' names and, on each, its pods.
        notes: what was left out or chosen.
        seconds: how long the run took, from the first namespace to the last packet.
        proofs: for each node, whether its kernel's table means what the policies mean, for every packet there is.
        host_network: who shares a node's namespace, by name: pods, and nodes as such; policies do not apply to them.
        sample: what the results are a sample of; None if everything was tried.
        subjects: the pods that policies of tiers are about, by name, with these policies in the order of evaluation.
    """

    results: tuple[ProbeResult, ...]
    endpoints: dict[str, tuple[str, ...]]
    descriptions: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    proofs: tuple[Proof, ...] = ()
    host_network: tuple[str, ...] = ()
    sample: LabSample | None = None
    subjects: dict[str, tuple[ClusterPolicyKey, ...]] = field(default_factory=dict)

    @property
    def homes(self) -> dict[str, str]:
        """The node of every pod, and of every node as `node/NAME`."""
        homes = {pod: node for node, pods in self.nodes.items() for pod in pods}
        return homes | {f"node/{node}": node for node in self.nodes}

    @cached_property
    def mismatches(self) -> tuple[ProbeResult, ...]:
        """The results in which packets and policies differ."""
        return tuple(one for one in self.results if not one.is_as_expected)

    @property
    def holds(self) -> bool:
        """Whether every packet matched the policies, and every proof holds."""
        return not self.mismatches and all(proof.holds for proof in self.proofs)
