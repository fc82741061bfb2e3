"""Tiers on real packets: every conformance case, and clusters with what only the lab adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

import msgspec
import pytest
import yaml

from haechi.dataplane import TABLE, NodeRuleset
from haechi.engine import Engine
from haechi.lab.cluster import lab_cluster
from haechi.lab.network import Network, build
from haechi.lab.plan import ProbePlan
from haechi.lab.ports import ports_to_probe
from haechi.lab.probe import Probe, Protocol
from haechi.lab.run import enforce, run_lab
from haechi.lab.sender import send
from haechi.model import AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterPolicyKey, Object
from haechi.netlink import Nftables
from haechi.netns import isolated
from haechi.report import LabRun
from tests.building import namespace, node, pod, policy, tier_policy
from tests.lab.test_cluster import host
from tests.tier_cases import TIER_CASES, TierCase, world

pytestmark = pytest.mark.kernel
PROTOCOLS: dict[int, Protocol] = {6: "TCP", 17: "UDP", 132: "SCTP"}
QUIET = 0.03
"""Seconds after which a packet is lost. What must arrive is waited for longer."""


def test_packets_pass_every_conformance_case() -> None:
    """One lab, whose policies change from case to case."""
    assert isolated(lambda: [*play(TIER_CASES)]) == []


def play(cases: Iterable[TierCase]) -> Iterator[str]:
    """What packets say otherwise than the cases; their rulesets are proved in `tests/verify/test_tiers.py`."""
    present = {(type(one), one.key): one for one in world()}
    engine = Engine.of(present.values())
    rulesets = [NodeRuleset(engine, name) for name in ("n0", "n1")]
    with build(lab_cluster(present.values()).topology()) as network:
        for case in cases:
            wanted = {(type(one), one.key): one for one in case.objects}
            deltas = [engine.put(one) for key, one in wanted.items() if present.get(key) != one]
            gone = [one for key, one in present.items() if key not in wanted]
            deltas += [engine.delete(type(one), one.namespace, one.name) for one in gone]
            present = wanted
            for ruleset in rulesets:
                for delta in deltas:
                    ruleset.apply(delta)
                enforce(network, ruleset)
                with network.node(ruleset.node), Nftables() as nftables:
                    if nftables.ruleset(TABLE.name) != NodeRuleset(Engine.of(present.values()), ruleset.node).ruleset():
                        yield f"{case.name}: the kernel of {ruleset.node} has another ruleset than the proved one"
            yield from (f"{case.name}: {text}" for text in on_packets(network, case))


def on_packets(network: Network, case: TierCase) -> Iterator[str]:
    ends = {ip_address(text): (one.name, text) for one in network.topology.endpoints for text in one.addresses}
    expected: dict[Probe, bool] = {}
    for _, packet, passes in case.connections():
        (client, mine), (server, theirs) = ends[packet.source], ends[packet.destination]
        expected[Probe(client, server, mine, theirs, PROTOCOLS[packet.protocol], packet.port)] = passes
    listeners = {name: {(probe.protocol, probe.port) for probe in expected} for name, _ in ends.values()}
    for seen in send(network, [*expected], listeners, expected=expected, quiet=QUIET):
        if (seen.arrived, seen.replied) != (expected[seen.probe],) * 2:
            yield f"{seen.probe}: arrived {seen.arrived}, replied {seen.replied}"


def old(kind: type[AdminNetworkPolicy] | type[BaselineAdminNetworkPolicy], spec: str) -> Object:
    data = {"metadata": {"name": "default"}, "spec": yaml.safe_load(spec)}
    return msgspec.convert(data, kind)


CLUSTER = lab_cluster(
    [
        *(node(f"n{number}", marks=f"os={os}") for number, os in ((0, "linux"), (1, "other"))),
        *(namespace(name, f"team={name}") for name in "xyz"),
        *(pod(f"{name}/{number}", node=f"n{number}", ports=("web=8080/TCP",)) for name in "xyz" for number in (0, 1)),
        pod("z/host", node="n1", host_network=True),
        host("inside", "192.0.2.7", "2001:db8::7"),
        host("outside", "198.51.100.7"),
        tier_policy(
            """{priority: 5, subject: {namespaces: {matchLabels: {team: x}}},
            egress: [
              {action: Accept, to: [{nodes: {matchLabels: {os: linux}}}],
               protocols: [{tcp: {destinationPort: {number: 6443}}}]},
              {action: Deny, to: [{nodes: {}}]},
              {action: Deny, to: [{networks: [192.0.2.0/24, 2001:db8::/32]}],
               protocols: [{udp: {destinationPort: {number: 53}}}, {sctp: {destinationPort: {number: 53}}}]},
              {action: Pass, to: [{namespaces: {matchLabels: {team: y}}}], protocols: [{destinationNamedPort: web}]},
              {action: Deny, to: [{namespaces: {matchLabels: {team: y}}}]}]}""",
            name="egress",
        ),
        old(
            AdminNetworkPolicy,
            """{priority: 7, subject: {namespaces: {matchLabels: {team: z}}},
            ingress: [{action: Allow, from: [{namespaces: {matchLabels: {team: y}}}],
                       ports: [{portNumber: {protocol: SCTP, port: 53}}]},
                      {action: Deny, from: [{namespaces: {matchLabels: {team: y}}}]}]}""",
        ),
        old(
            BaselineAdminNetworkPolicy,
            "{subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {matchLabels: {team: z}}}]}]}",
        ),
        policy("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", namespace="y"),
    ]
)


def allowed(run: LabRun, source: str, destination: str, protocol: str, port: int) -> set[bool]:
    return {
        one.arrived
        for one in run.results
        if (one.source, one.destination, one.protocol, one.port) == (source, destination, protocol, port)
    }


def test_a_run_tries_nodes_hosts_and_policies_of_all_kinds() -> None:
    run = run_lab(CLUSTER, ProbePlan(ports_to_probe(CLUSTER.policies, CLUSTER.pods)))
    assert run.holds, [run.mismatches[:3], run.proofs]
    assert {one.port for one in run.results} == {53, 6443, 8080, 61000}
    assert run.subjects["x/0"] == (
        ClusterPolicyKey("ClusterNetworkPolicy", "egress"),
        ClusterPolicyKey("BaselineAdminNetworkPolicy", "default"),
    )
    for question, wanted in {
        ("x/1", "node/n0", "TCP", 6443): True,
        ("x/1", "node/n0", "TCP", 53): False,
        ("x/0", "node/n1", "TCP", 6443): False,
        ("x/0", "z/host", "TCP", 6443): False,
        ("x/0", "node/n0", "TCP", 53): True,  # a pod and its own node
        ("y/0", "node/n1", "TCP", 53): True,
        ("x/0", "host/inside", "UDP", 53): False,
        ("x/0", "host/inside", "SCTP", 53): False,
        ("x/0", "host/inside", "TCP", 53): True,
        ("x/0", "host/outside", "UDP", 53): True,
        ("x/0", "y/1", "TCP", 8080): False,  # passed on to the NetworkPolicy
        ("y/0", "z/1", "SCTP", 53): True,
        ("y/0", "z/1", "TCP", 53): False,
        ("z/0", "x/1", "TCP", 8080): False,  # the baseline
        ("host/inside", "x/1", "TCP", 8080): True,
    }.items():
        assert allowed(run, *question) == {wanted}, question
