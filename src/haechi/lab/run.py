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
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from haechi.dataplane import TABLE, NodeRuleset
from haechi.engine import Engine, verdict
from haechi.lab.cluster import LabCluster
from haechi.lab.network import Network, build
from haechi.lab.plan import ChosenConnections, ProbePlan, chosen_connections
from haechi.lab.ports import Port
from haechi.lab.probe import Probe
from haechi.lab.sample import common_addresses
from haechi.lab.sender import send
from haechi.model import ClusterPolicyKey, Packet, PacketVerdict, Tier
from haechi.netlink import Nftables
from haechi.netns import isolated, require_nf_tables
from haechi.report import LabRun, ProbeResult
from haechi.sets import PROTOCOL_NUMBERS
from haechi.verify import Proof, prove

Progress = Callable[[str, int, int], None]
"""Receives a step, how much of it is done and the total."""


def run_lab(
    cluster: LabCluster,
    plan: ProbePlan,
    progress: Progress | None = None,
    on_finished: Callable[[Network, LabRun], None] | None = None,
    on_chosen: Callable[[ChosenConnections], None] | None = None,
) -> LabRun:
    """Build a lab, try the connections of the plan and tear the lab down.

    Args:
        cluster: what to build.
        plan: what to try.
        progress: receives every step, in the child.
        on_finished: called in the child before the lab is torn down.
        on_chosen: called before anything is built.

    Raises:
        TopologyError: the cluster cannot be built.
        TooManyConnections: the plan has more than one run can try.
        NetnsError: missing privileges or kernel features, with what to do about them.
        NetlinkError: the kernel rejects the ruleset.
    """
    report_step = progress or _silent
    topology = cluster.topology()
    engine = Engine.of(cluster.objects)
    chosen = chosen_connections(engine, topology.endpoints, plan)
    if on_chosen is not None:
        on_chosen(chosen)

    def work() -> LabRun:
        begun = time.monotonic()
        report_step("building the lab", 0, len(topology.endpoints))
        require_nf_tables()
        with build(topology, lambda done, total: report_step("building the lab", done, total)) as network:
            for number, node in enumerate(topology.nodes):
                report_step("loading the rules", number, len(topology.nodes))
                enforce(network, NodeRuleset(engine, node.name))
            asked = expectations(engine, chosen)
            results = tuple(observe(network, asked, chosen.ports, report_step))
            proofs = tuple(node_proofs(network, cluster, report_step))
            found = _lab_run(cluster, engine, chosen, results, proofs, time.monotonic() - begun)
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


def expectations(engine: Engine, chosen: ChosenConnections) -> dict[Probe, PacketVerdict]:
    """Every probe with the engine's verdict."""
    asked: dict[Probe, PacketVerdict] = {}
    for source, destination in chosen.pairs:
        for mine, theirs in common_addresses(source, destination):
            for protocol, port in chosen.ports:
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


def _lab_run(
    cluster: LabCluster,
    engine: Engine,
    chosen: ChosenConnections,
    results: tuple[ProbeResult, ...],
    proofs: tuple[Proof, ...],
    seconds: float,
) -> LabRun:
    return LabRun(
        results,
        cluster.endpoints,
        cluster.descriptions | dict.fromkeys(cluster.node_endpoints, "the node itself"),
        {
            node.name: tuple(pod.key for pod in cluster.pods if pod.spec.node_name == node.name)
            for node in cluster.nodes
        },
        (*cluster.notes, *_sampled(chosen)),
        seconds,
        proofs,
        (*(pod.key for pod in cluster.pods if pod.spec.host_network), *cluster.node_endpoints),
        chosen.sample,
        dict(_subjects(engine)),
    )


def _subjects(engine: Engine) -> Iterator[tuple[str, tuple[ClusterPolicyKey, ...]]]:
    """The pods that policies of tiers are about, with these policies."""
    for endpoint in engine.endpoints if engine.tier_policies else ():
        found = [policy.key for tier in Tier for policy in engine.tier_policies_of(endpoint, tier)]
        if found:
            yield str(endpoint.key), tuple(found)


def _sampled(chosen: ChosenConnections) -> Iterator[str]:
    if chosen.sample is not None:
        yield (
            f"a sample of {chosen.connections} of {chosen.every} connections was tried (seed {chosen.sample.seed}): at"
            f" least one between any two of {len(chosen.sample.classes)} classes of endpoints that policies cannot tell"
            " apart, on each port; --budget none tries all, -o json names the classes"
        )
