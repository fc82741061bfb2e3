"""One run: build the cluster, enforce its policies, knock on every door, compare.

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
from haechi.lab.topology import Endpoint
from haechi.model import Packet, PacketVerdict
from haechi.netlink import Nftables
from haechi.netns import isolated, require_nf_tables
from haechi.report import LabRun, ProbeResult
from haechi.sets import PROTOCOL_NUMBERS
from haechi.verify import Proof, prove

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done and how much there is."""


@dataclass(frozen=True)
class Questions:
    """What a run asks.

    Attributes:
        ports: on which ports.
        sources: which endpoints knock, by name; None: all.
        destinations: on whose doors; None: all.
    """

    ports: tuple[Port, ...]
    sources: Collection[str] | None = None
    destinations: Collection[str] | None = None


def run_lab(
    cluster: LabCluster,
    questions: Questions,
    progress: Progress | None = None,
    keep: Callable[[Network, LabRun], None] | None = None,
) -> LabRun:
    """Build a lab, ask and take it down.

    Args:
        cluster: what to build.
        questions: what to ask.
        progress: told of every step, in the child.
        keep: called in the child with the finished lab before it is taken down.

    Raises:
        TopologyError: the cluster cannot be built.
        NetnsError: the machine refuses; says what to do.
        NetlinkError: the kernel refuses the ruleset.
    """
    told = progress or _silent
    topology = cluster.topology()
    engine = Engine.of(cluster.objects)
    asked = expectations(engine, topology.endpoints, questions)

    def work() -> LabRun:
        begun = time.monotonic()
        told("building the lab", 0, 1)
        require_nf_tables()
        with build(topology) as network:
            for number, node in enumerate(topology.nodes):
                told("loading the rules", number, len(topology.nodes))
                enforce(network, NodeRuleset(engine, node.name))
            rows = tuple(observe(network, asked, questions.ports, told))
            proofs = tuple(proved(network, cluster, told))
            report = _report(cluster, rows, proofs, time.monotonic() - begun)
            if keep is not None:
                keep(network, report)
        return report

    return isolated(work)


def proved(network: Network, cluster: LabCluster, progress: Progress) -> Iterator[Proof]:
    """Read each node's table back from its kernel and compare it with the policies: every packet, not samples."""
    for number, node in enumerate(cluster.nodes):
        progress("proving", number, len(cluster.nodes))
        with network.node(node.name), Nftables() as nftables:
            ruleset = nftables.ruleset(TABLE.name)
        yield prove(ruleset, cluster.objects, node.name)


def _silent(words: str, done: int, total: int) -> None:
    """No progress."""


def enforce(network: Network, ruleset: NodeRuleset) -> None:
    """Load what a ruleset still lacks into its node's kernel."""
    with network.node(ruleset.node), Nftables() as nftables:
        nftables.commit(ruleset.transaction())
    ruleset.committed()


def expectations(engine: Engine, endpoints: Iterable[Endpoint], questions: Questions) -> dict[Probe, PacketVerdict]:
    """Every question with the engine's answer.

    Nobody knocks on a door of its own network namespace (a pod on itself, outside hosts and a node's own on each
    other): such packets never reach a node's forwarding path.
    """
    everyone = list(endpoints)
    asked: dict[Probe, PacketVerdict] = {}
    for source, destination in _pairs(everyone, questions):
        for mine in source.addresses:
            for theirs in destination.addresses:
                if (":" in mine) != (":" in theirs):
                    continue
                for protocol, port in questions.ports:
                    packet = Packet(ip_address(mine), ip_address(theirs), PROTOCOL_NUMBERS[protocol], port)
                    probe = Probe(source.name, destination.name, mine, theirs, protocol, port)
                    asked[probe] = verdict(engine, packet)
    return asked


def observe(
    network: Network, asked: dict[Probe, PacketVerdict], ports: tuple[Port, ...], progress: Progress
) -> Iterator[ProbeResult]:
    """Send every probe and set what arrived beside what was expected."""
    listeners = {endpoint.name: ports for endpoint in network.topology.endpoints}
    expected = {probe: answer.allowed for probe, answer in asked.items()}

    def told(done: int, total: int) -> None:
        progress("sending packets", done, total)

    for seen in send(network, list(asked), listeners, told, expected=expected):
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


def _pairs(endpoints: list[Endpoint], questions: Questions) -> Iterator[tuple[Endpoint, Endpoint]]:
    sources = questions.sources
    destinations = questions.destinations
    for source in endpoints:
        for destination in endpoints:
            if (
                (sources is None or source.name in sources)
                and (destinations is None or destination.name in destinations)
                and _place(source) != _place(destination)
                and not (source.host_network and destination.host_network)
                and (_is_pod(source) or _is_pod(destination))
            ):
                yield source, destination


def _is_pod(endpoint: Endpoint) -> bool:
    return endpoint.node is not None and not endpoint.host_network


def _place(endpoint: Endpoint) -> str:
    """The network namespace in which an endpoint is."""
    if endpoint.node is None:
        return "outside"
    return f"node {endpoint.node}" if endpoint.host_network else endpoint.name


def _report(cluster: LabCluster, rows: tuple[ProbeResult, ...], proofs: tuple[Proof, ...], seconds: float) -> LabRun:
    endpoints = {pod.key: pod.addresses for pod in cluster.pods} | cluster.hosts
    nodes = {
        node.name: tuple(pod.key for pod in cluster.pods if pod.spec.node_name == node.name) for node in cluster.nodes
    }
    return LabRun(rows, endpoints, cluster.words, nodes, cluster.notes, seconds, proofs)
