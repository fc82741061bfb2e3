"""One run: build the cluster, enforce its policies, probe every pair on every port, compare.

    Manifests ──▶ LabCluster ──▶ Engine ──▶ NodeRuleset ──▶ nf_tables of each node
                      │             └────────▶ expected ─────────────┐
                      └──▶ Topology ──▶ Network ──▶ packets ──▶ observed ──▶ LabRun
                                           └──▶ each kernel's table ──▶ Proof ──┘

Promises that a run leaves no namespace, process or file behind, however it ends, and that nothing in it can reach the
machine's own network. The caller's process stays outside: everything happens in one child.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from haechi.dataplane import TABLE, NodeRuleset
from haechi.engine import Engine, verdict
from haechi.lab.cluster import LabCluster
from haechi.lab.network import Network, build
from haechi.lab.ports import Port
from haechi.lab.probe import Probe
from haechi.lab.sender import send
from haechi.lab.topology import LabEndpoint
from haechi.model import Packet, PacketVerdict
from haechi.netlink import Nftables
from haechi.netns import isolated, require_nf_tables
from haechi.report import LabRun, ProbeResult
from haechi.sets import PROTOCOL_NUMBERS
from haechi.verify import Proof, prove

Progress = Callable[[str, int, int], None]
"""Receives a step, how much of it is done and the total."""


@dataclass(frozen=True)
class ProbePlan:
    """Which connections a run tries.

    Attributes:
        ports: the destination ports.
        sources: the names of the clients; None: all endpoints.
        destinations: the names of the servers; None: all endpoints.
    """

    ports: tuple[Port, ...]
    sources: Collection[str] | None = None
    destinations: Collection[str] | None = None


def run_lab(
    cluster: LabCluster,
    plan: ProbePlan,
    progress: Progress | None = None,
    on_finished: Callable[[Network, LabRun], None] | None = None,
) -> LabRun:
    """Build a lab, try all connections of the plan and tear the lab down.

    Args:
        cluster: what to build.
        plan: what to try.
        progress: receives every step, in the child.
        on_finished: called in the child before the lab is torn down.

    Raises:
        TopologyError: the cluster cannot be built.
        NetnsError: missing privileges or kernel features, with what to do about them.
        NetlinkError: the kernel rejects the ruleset.
    """
    report_step = progress or _silent
    topology = cluster.topology()
    engine = Engine.of(cluster.objects)
    asked = expectations(engine, topology.endpoints, plan)

    def work() -> LabRun:
        begun = time.monotonic()
        report_step("building the lab", 0, 1)
        require_nf_tables()
        with build(topology) as network:
            for number, node in enumerate(topology.nodes):
                report_step("loading the rules", number, len(topology.nodes))
                enforce(network, NodeRuleset(engine, node.name))
            results = tuple(observe(network, asked, plan.ports, report_step))
            proofs = tuple(node_proofs(network, cluster, report_step))
            found = _lab_run(cluster, results, proofs, time.monotonic() - begun)
            if on_finished is not None:
                on_finished(network, found)
        return found

    return isolated(work)


def node_proofs(network: Network, cluster: LabCluster, progress: Progress) -> Iterator[Proof]:
    """Read each node's table back from its kernel and compare it with the policies: every packet, not samples."""
    for number, node in enumerate(cluster.nodes):
        progress("proving", number, len(cluster.nodes))
        with network.node(node.name), Nftables() as nftables:
            ruleset = nftables.ruleset(TABLE.name)
        yield prove(ruleset, cluster.objects, node.name)


def _silent(words: str, done: int, total: int) -> None:
    """No progress."""


def enforce(network: Network, ruleset: NodeRuleset) -> None:
    """Load the pending changes of a ruleset into its node's kernel."""
    with network.node(ruleset.node), Nftables() as nftables:
        nftables.commit(ruleset.transaction())
    ruleset.committed()


def expectations(engine: Engine, endpoints: Iterable[LabEndpoint], plan: ProbePlan) -> dict[Probe, PacketVerdict]:
    """Every probe with the engine's verdict.

    There are none within one network namespace (from a pod to itself, or between outside hosts, or between the
    host-network pods of a node): such packets never reach a node's forwarding path.
    """
    asked: dict[Probe, PacketVerdict] = {}
    for source, destination in _pairs(list(endpoints), plan):
        for mine in source.addresses:
            for theirs in destination.addresses:
                if (":" in mine) != (":" in theirs):
                    continue
                for protocol, port in plan.ports:
                    packet = Packet(ip_address(mine), ip_address(theirs), PROTOCOL_NUMBERS[protocol], port)
                    probe = Probe(source.name, destination.name, mine, theirs, protocol, port)
                    asked[probe] = verdict(engine, packet)
    return asked


def observe(
    network: Network, asked: dict[Probe, PacketVerdict], ports: tuple[Port, ...], progress: Progress
) -> Iterator[ProbeResult]:
    """Send every probe; yield what arrived beside what was expected."""
    listeners = {endpoint.name: ports for endpoint in network.topology.endpoints}
    expected = {probe: answer.allowed for probe, answer in asked.items()}

    def sending(done: int, total: int) -> None:
        progress("sending packets", done, total)

    for seen in send(network, list(asked), listeners, sending, expected=expected):
        probe = seen.probe
        family = 6 if ":" in probe.source_address else 4
        yield ProbeResult(
            probe.source,
            probe.destination,
            family,
            probe.protocol,
            probe.port,
            asked[probe],
            seen.arrived,
            seen.replied,
        )


def _pairs(endpoints: list[LabEndpoint], plan: ProbePlan) -> Iterator[tuple[LabEndpoint, LabEndpoint]]:
    sources, destinations = plan.sources, plan.destinations
    for source in endpoints:
        for destination in endpoints:
            if (
                (sources is None or source.name in sources)
                and (destinations is None or destination.name in destinations)
                and _namespace_name(source) != _namespace_name(destination)
                and not (source.host_network and destination.host_network)
                and (_is_pod(source) or _is_pod(destination))
            ):
                yield source, destination


def _is_pod(endpoint: LabEndpoint) -> bool:
    return endpoint.node is not None and not endpoint.host_network


def _namespace_name(endpoint: LabEndpoint) -> str:
    """Equal for endpoints in one network namespace."""
    if endpoint.node is None:
        return "outside"
    return f"node {endpoint.node}" if endpoint.host_network else endpoint.name


def _lab_run(
    cluster: LabCluster, results: tuple[ProbeResult, ...], proofs: tuple[Proof, ...], seconds: float
) -> LabRun:
    endpoints = {pod.key: pod.addresses for pod in cluster.pods} | cluster.hosts
    nodes = {
        node.name: tuple(pod.key for pod in cluster.pods if pod.spec.node_name == node.name) for node in cluster.nodes
    }
    return LabRun(results, endpoints, cluster.descriptions, nodes, cluster.notes, seconds, proofs)
