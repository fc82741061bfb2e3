"""Every upstream scenario on real packets: TCP, UDP and SCTP, IPv4 and IPv6, one node and two, every step."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest

from haechi.dataplane import TABLE, NodeRuleset
from haechi.engine import Engine
from haechi.lab.network import Network, build
from haechi.lab.ports import PROTOCOLS
from haechi.lab.probe import Probe
from haechi.lab.run import enforce
from haechi.lab.sender import send
from haechi.lab.topology import LabEndpoint, LabNode, Topology
from haechi.model import Node, Pod
from haechi.netlink import Nftables
from haechi.netns import isolated
from haechi.verify import ClusterObject, prove
from tests.scenarios import PORTS, SCENARIOS, Key, Object, Scenario, Verdicts, after, base_cluster, key, placed

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("nodes", [1, 2])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_packets_do_what_the_scenario_says(scenario: Scenario, nodes: int) -> None:
    assert isolated(lambda: play(scenario, nodes)) == []


def play(scenario: Scenario, nodes: int) -> list[str]:
    """Build the base cluster, make the scenario's changes one by one, and tell what packets did otherwise."""
    objects = base_cluster(nodes)
    present: dict[Key, Object] = {key(one): one for one in objects}
    engine = Engine.of(objects)
    rulesets = [NodeRuleset(engine, one.name) for one in objects if isinstance(one, Node)]
    wrong: list[str] = []
    with build(topology(objects)) as network:
        for number, step in enumerate(scenario.steps):
            deltas = [engine.put(placed(one, nodes)) for one in step.put]
            deltas += [engine.delete(*gone) for gone in step.delete]
            present = after(present, step, nodes)
            for ruleset in rulesets:
                for delta in deltas:
                    ruleset.apply(delta)
                enforce(network, ruleset)
                wrong += [f"step {number}: {text}" for text in in_kernel(network, ruleset, present.values())]
            wrong += [f"step {number}: {text}" for text in on_packets(network, step.verdicts)]
    return wrong


def topology(objects: list[Object]) -> Topology:
    nodes = tuple(LabNode(one.name, one.addresses) for one in objects if isinstance(one, Node))
    pods = tuple(LabEndpoint(one.key, one.spec.node_name, one.addresses) for one in objects if isinstance(one, Pod))
    return Topology(nodes, pods)


def in_kernel(network: Network, ruleset: NodeRuleset, present: Iterable[ClusterObject]) -> list[str]:
    with network.node(ruleset.node), Nftables() as nftables:
        found = nftables.ruleset(TABLE.name)
    proof = prove(found, present, ruleset.node)
    wrong = [] if found == ruleset.ruleset() else [f"the kernel of {ruleset.node} holds another ruleset"]
    return wrong if proof.holds else [*wrong, str(proof)]


def on_packets(network: Network, verdicts: Verdicts) -> list[str]:
    ports = list(product(PROTOCOLS, PORTS))
    pods = network.topology.endpoints
    expected = {
        Probe(client.name, server.name, source, target, protocol, port): verdicts.allowed(
            client.name, server.name, port, protocol
        )
        for client, server in product(pods, pods)
        if client is not server
        for source, target in zip(client.addresses, server.addresses, strict=True)
        for protocol, port in ports
    }
    listeners = {pod.name: ports for pod in pods}
    return [
        f"{seen.probe}: arrived {seen.arrived}, replied {seen.replied}"
        for seen in send(network, list(expected), listeners, expected=expected)
        if (seen.arrived, seen.replied) != (expected[seen.probe],) * 2
    ]
