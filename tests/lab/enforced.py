"""A small cluster whose policies are in force, for tests of what happens to connections over time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from haechi.dataplane import TABLE, NodeRuleset
from haechi.engine import Engine
from haechi.lab.network import Network, build
from haechi.lab.run import enforce
from haechi.lab.topology import LabEndpoint, LabNode, Topology
from haechi.model import Namespace, NetworkPolicy, ObjectMeta, Pod, PodIP, PodSpec, PodStatus, TierPolicy
from haechi.netlink import Nftables
from haechi.verify import ClusterObject
from tests.scenarios.scenario import netpol
from tests.verify.proved import assert_proved

NODES = (LabNode("n1", ("172.18.0.2", "fd01::2")), LabNode("n2", ("172.18.0.3", "fd01::3")))
PODS = (
    LabEndpoint("x/client", "n1", ("10.1.0.1", "fd00:1::1")),
    LabEndpoint("x/near", "n1", ("10.1.0.2", "fd00:1::2")),
    LabEndpoint("x/far", "n2", ("10.1.0.3", "fd00:1::3")),
)
SERVERS = ("x/near", "x/far")
PORT = 9000
NOTHING = netpol("x", "to-servers", "{podSelector: {matchLabels: {role: server}}, ingress: []}")
CLIENT = netpol(
    "x",
    "to-servers",
    "{podSelector: {matchLabels: {role: server}}, "
    "ingress: [{from: [{podSelector: {matchLabels: {role: client}}}], ports: [{port: 9000}]}]}",
)
TO_CLIENT = netpol("x", "to-client", "{podSelector: {matchLabels: {role: client}}, ingress: []}")
NO_EGRESS = netpol("x", "from-client", "{podSelector: {matchLabels: {role: client}}, policyTypes: [Egress]}")


class Enforced:
    """The network and its policies, proved after every change."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.present: dict[tuple[type, str], ClusterObject] = {(Pod, one.key): one for one in map(_pod, PODS)}
        self.engine = Engine.of(self.present.values())
        self.rulesets = [NodeRuleset(self.engine, node.name) for node in NODES]
        self._send()

    def put(self, one: NetworkPolicy | TierPolicy | Pod | Namespace) -> None:
        self.present[type(one), one.key] = one
        delta = self.engine.put(one)
        for ruleset in self.rulesets:
            ruleset.apply(delta)
        self._send()

    def delete(self, policy: NetworkPolicy | TierPolicy) -> None:
        del self.present[type(policy), policy.key]
        delta = self.engine.delete(type(policy), policy.namespace, policy.name)
        for ruleset in self.rulesets:
            ruleset.apply(delta)
        self._send()

    def _send(self) -> None:
        for ruleset in self.rulesets:
            enforce(self.network, ruleset)
            with self.network.node(ruleset.node), Nftables() as nftables:
                assert_proved(nftables.ruleset(TABLE.name), self.present.values(), ruleset.node)


@contextmanager
def enforced() -> Iterator[Enforced]:
    """Build it; no policy is there yet."""
    with build(Topology(NODES, PODS)) as network:
        yield Enforced(network)


def _pod(endpoint: LabEndpoint) -> Pod:
    role = "client" if endpoint.name == "x/client" else "server"
    return Pod(
        metadata=ObjectMeta(namespace="x", name=endpoint.name.removeprefix("x/"), labels={"role": role}),
        spec=PodSpec(node_name=endpoint.node or ""),
        status=PodStatus(phase="Running", pod_ips=tuple(PodIP(ip=address) for address in endpoint.addresses)),
    )
