"""What a packet costs on its way through a node, with one policy, with a thousand, and with none, and with tiers.

New connections are begun by raw SYNs from ever new ports, in turns, so that whatever disturbs the machine disturbs all
of them alike: ratios count. `bare` is a node whose only rule is `ct state established accept`.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import msgspec

from benchmarks.flood import Flood, in_turns
from benchmarks.measure import Figure
from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.lab.network import Network, build
from haechi.lab.run import enforce
from haechi.lab.topology import LabEndpoint, LabNode, Topology
from haechi.model import (
    ClusterNetworkPolicy,
    ClusterNetworkPolicySpec,
    LabelSelector,
    NetworkPolicy,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
    ObjectMeta,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
)
from haechi.netlink import Nftables
from haechi.netns import isolated
from haechi.nft import ACCEPT, BaseChain, Chain, CtState, HasState, Rule, Table, Transaction

MANY, ROUNDS, PACKETS = 1000, 40, 1024
PORT = 8080
SERVERS = {"pods": {"podSelector": {"matchLabels": {"role": "server"}}}}
TIER_POLICIES, TIER_RULES = 200, 25
CASES = ("bare", "one", "many", "ports", "tier-one", "tier-many")


def flatness() -> list[Figure]:
    """The ratios."""
    return isolated(_flatness)


def _flatness() -> list[Figure]:
    engines = {"one": _engine("one", 1), "many": _engine("many", MANY), "ports": _engine("ports", MANY)}
    engines |= {"tier-one": _tiers("tier-one", 1, 1), "tier-many": _tiers("tier-many", TIER_POLICIES, TIER_RULES)}
    with build(_topology()) as network, ExitStack() as stack:
        for case, engine in engines.items():
            enforce(network, NodeRuleset(engine, case))
        _bare(network)
        measures = {}
        for case in CASES:
            flood = stack.enter_context(Flood(network, f"{case}/client", f"{case}/server", "TCP", PORT))
            measures[case] = partial(flood.send, PACKETS)
        medians = in_turns(measures, ROUNDS)
    return [
        *(Figure(f"a new connection: {case}", medians[case] / 1e6, "ms") for case in CASES),
        Figure("a new connection, 1,000 policies against one", medians["many"] / medians["one"], "×", 1.15),
        Figure("the same, each policy on a port of its own", medians["ports"] / medians["one"], "×", 1.15),
        Figure("1,000 policies against a bare established accept", medians["many"] / medians["bare"], "×", 1.3),
        Figure("1,000 policies and ports against the same", medians["ports"] / medians["bare"], "×", 1.3),
        Figure(
            f"{TIER_POLICIES} policies of tiers with {TIER_RULES} rules against one with one",
            medians["tier-many"] / medians["tier-one"],
            "×",
            1.25,
        ),
        Figure("a policy of a tier against a NetworkPolicy", medians["tier-one"] / medians["one"], "×"),
    ]


def _topology() -> Topology:
    nodes = tuple(LabNode(case, (f"198.18.0.{number + 1}",)) for number, case in enumerate(CASES))
    pods = tuple(
        LabEndpoint(f"{case}/{role}", case, (_address(number, role),))
        for number, case in enumerate(CASES)
        for role in ("client", "server")
    )
    return Topology(nodes, pods)


def _address(case: int, role: str) -> str:
    return f"10.244.{case}.{1 if role == 'client' else 2}"


def _engine(case: str, count: int) -> Engine:
    engine = Engine()
    number = CASES.index(case)
    for role in ("client", "server"):
        labels = {"role": role} | {f"caller-{policy}": "yes" for policy in range(count) if role == "client"}
        engine.put(_pod(role, case, _address(number, role), labels))
    for policy in range(count):
        port = PORT if case != "ports" or policy == count - 1 else 10_000 + 2 * policy
        peer = NetworkPolicyPeer(pod_selector=LabelSelector(match_labels={f"caller-{policy}": "yes"}))
        rule = NetworkPolicyIngressRule(from_=(peer,), ports=(NetworkPolicyPort(port=port),))
        subject = LabelSelector(match_labels={"role": "server"})
        spec = NetworkPolicySpec(pod_selector=subject, policy_types=("Ingress",), ingress=(rule,))
        engine.put(NetworkPolicy(metadata=ObjectMeta(name=f"p{policy}", namespace="default"), spec=spec))
    return engine


def _tiers(case: str, policies: int, rules: int) -> Engine:
    """The client may connect by the last rule of the last policy; others match other peers, or other ports.

    Each policy means peers of its own, so that there are many classes of peers, and the client is of all of them.
    """
    engine = _engine(case, 0)
    number = CASES.index(case)
    callers = [f"caller-{policy}" for policy in range(policies)]
    engine.put(_pod("client", case, _address(number, "client"), dict.fromkeys(callers, "yes")))
    for each, caller in enumerate(callers):
        engine.put(_pod(caller, "elsewhere", f"10.245.{each // 250}.{each % 250 + 1}", {caller: "yes"}))
    for policy, caller in enumerate(callers):
        peer = {"pods": {"podSelector": {"matchLabels": {caller: "yes"}}}}
        given = [
            {"action": "Deny", "from": [peer], "protocols": [{"tcp": {"destinationPort": {"number": 10_000 + port}}}]}
            for port in range(rules - 1)
        ]
        if policy == policies - 1:
            given += [{"action": "Accept", "from": [peer]}]
        spec = {"tier": "Admin", "priority": policy, "subject": SERVERS, "ingress": given}
        written = msgspec.convert(spec, ClusterNetworkPolicySpec)
        engine.put(ClusterNetworkPolicy(metadata=ObjectMeta(name=f"p{policy}"), spec=written))
    return engine


def _pod(name: str, node: str, address: str, labels: dict[str, str]) -> Pod:
    return Pod(
        metadata=ObjectMeta(name=name, namespace="default", labels=labels),
        spec=PodSpec(node_name=node),
        status=PodStatus(phase="Running", pod_ips=(PodIP(ip=address),)),
    )


def _bare(network: Network) -> None:
    transaction = Transaction(Table("bare"))
    transaction.add_table()
    transaction.create(Chain("forward", (Rule((HasState(CtState.ESTABLISHED), ACCEPT)),), BaseChain()))
    with network.node("bare"), Nftables() as nftables:
        nftables.commit(transaction)
