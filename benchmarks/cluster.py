"""A seeded cluster of any size, with the shape that large clusters have.

Workloads of 25 pods with the labels of a Helm chart, forty workloads to a namespace, half of them in tiers and teams;
policies as people write them: default denials, an app's callers, other namespaces by team, named ports, ranges of
ports, outside addresses. Equal seeds give equal clusters.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec

from haechi.model import (
    ClusterNetworkPolicy,
    ClusterNetworkPolicySpec,
    Container,
    ContainerPort,
    IPBlock,
    Namespace,
    NetworkPolicy,
    NetworkPolicyPort,
    NetworkPolicySpec,
    ObjectMeta,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
)
from tests.generator import Seeded
from tests.vocabulary import Vocabulary

PODS_OF_WORKLOAD = 25
WORKLOADS_OF_NAMESPACE = 40
PODS_OF_NODE = 110
TEAMS = 50
TIERS = ("frontend", "backend", "cache", "db")
CONTAINERS = tuple(
    (
        Container(
            name="main", ports=(ContainerPort(name="http", container_port=port), ContainerPort(container_port=9090))
        ),
    )
    for port in (8080, 8000, 3000)
)

ONE_LABEL = ((1, 1), (0, 0))
ONE_EXPRESSION = ((0, 0), (1, 1))
LARGE = Vocabulary(
    namespaces=(),
    labels={"app": tuple(f"app-{number}" for number in range(WORKLOADS_OF_NAMESPACE))},
    expressions={"tier": TIERS},
    namespace_labels={"team": tuple(f"team-{number}" for number in range(TEAMS))},
    selectors=(*(ONE_LABEL,) * 7, ONE_EXPRESSION),
    subjects=(ONE_LABEL,),
    scopes=(ONE_LABEL,),
    operators=("In", "NotIn"),
    values=(2, 2),
    peers=(*("pods",) * 6, *("both",) * 2, "namespaces", "block"),
    blocks=tuple(IPBlock(cidr=f"172.{net}.0.0/16", except_=(f"172.{net}.7.0/24",)) for net in range(256)),
    ports=(
        *(NetworkPolicyPort(port=port) for port in (80, 443, 5432, 6379, 8080, 9090) * 5),
        *(NetworkPolicyPort(port="http"),) * 12,
        *(NetworkPolicyPort(port=30000, end_port=30100),) * 6,
    ),
    peers_of_rule=(1, 3),
    ports_of_rule=(1, 1),
    everywhere=20,
)


def namespaces(pods: int) -> Iterator[Namespace]:
    """As many namespaces as `pods` pods need."""
    for number in range(-(-pods // (PODS_OF_WORKLOAD * WORKLOADS_OF_NAMESPACE))):
        labels = {"team": f"team-{number % TEAMS}", "kubernetes.io/metadata.name": f"ns-{number}"}
        yield Namespace(metadata=ObjectMeta(name=f"ns-{number}", labels=labels))


def address(number: int, family: int) -> str:
    """The address of the pod with this number."""
    high, low = divmod(number, 65536)
    if family == 4:
        return f"10.{high}.{low // 256}.{low % 256}"
    return f"fd00::{high:x}:{low:x}"


def pods(count: int, *, seed: int = 1, families: tuple[int, ...] = (4,)) -> Iterator[Pod]:
    """`count` running pods, spread over nodes of 110 pods each as a scheduler spreads them."""
    random = Random(seed)
    nodes = -(-count // PODS_OF_NODE)
    places = [number % nodes for number in range(count)]
    random.shuffle(places)
    for workload in range(-(-count // PODS_OF_WORKLOAD)):
        labels = workload_labels(workload)
        containers = CONTAINERS[workload % len(CONTAINERS)]
        first = workload * PODS_OF_WORKLOAD
        for number in range(first, min(first + PODS_OF_WORKLOAD, count)):
            yield Pod(
                metadata=ObjectMeta(name=f"app-{workload}-{number}", namespace=namespace_of(workload), labels=labels),
                spec=PodSpec(node_name=f"node-{places[number]}", containers=containers),
                status=PodStatus(
                    phase="Running", pod_ips=tuple(PodIP(ip=address(number, family)) for family in families)
                ),
            )


def namespace_of(workload: int) -> str:
    """The namespace of a workload."""
    return f"ns-{workload // WORKLOADS_OF_NAMESPACE}"


def workload_labels(workload: int) -> dict[str, str]:
    """The labels of a workload's pods."""
    return {
        "app": f"app-{workload % WORKLOADS_OF_NAMESPACE}",
        "tier": TIERS[workload % len(TIERS)],
        "version": f"v{workload % 3}",
        "pod-template-hash": f"{workload * 2654435761 % 2**32:08x}",
        "app.kubernetes.io/managed-by": "helm",
    }


def policies(count: int, pods: int, *, seed: int = 1) -> Iterator[NetworkPolicy]:
    """`count` policies over a cluster of `pods` pods."""
    generator = Seeded(Random(seed + 1), LARGE)
    spaces = -(-pods // (PODS_OF_WORKLOAD * WORKLOADS_OF_NAMESPACE))
    for number in range(count):
        metadata = ObjectMeta(name=f"policy-{number}", namespace=f"ns-{number % spaces}")
        yield NetworkPolicy(metadata=metadata, spec=_spec(generator, number // spaces))


def _spec(generator: Seeded, number: int) -> NetworkPolicySpec:
    if number == 0:  # each namespace begins with a default denial
        return NetworkPolicySpec(policy_types=("Ingress", "Egress"))
    subject = generator.subject()
    if generator.chance(20):
        return NetworkPolicySpec(pod_selector=subject, policy_types=("Egress",), egress=(generator.egress_rule(),))
    return NetworkPolicySpec(pod_selector=subject, policy_types=("Ingress",), ingress=(generator.ingress_rule(),))


TIER_PORTS = (22, 53, 80, 443, 2379, 3306, 5432, 6379, 6443, 8080, 8443, 9090, 9200, 10250, 27017)


def tier_policies(count: int, rules: int, *, seed: int = 7) -> Iterator[ClusterNetworkPolicy]:
    """Policies of tiers, four in five of the admin tier, each with rules in both directions.

    One in ten is about all pods, the others about a team's or those of one kind; peers are teams, parts of them and
    outside networks, each on any port or on a single one.
    """
    random = Random(seed)
    for number in range(count):
        subject = [{"namespaces": {}}, *[{"namespaces": _team(random)}, {"pods": {"podSelector": _kind(random)}}] * 5]
        given = {
            "tier": "Baseline" if number % 5 == 0 else "Admin",
            "priority": number,
            "subject": subject[number % 10],
            "ingress": [_tier_rule(random, "from") for _ in range(rules // 2)],
            "egress": [_tier_rule(random, "to") for _ in range(rules - rules // 2)],
        }
        spec = msgspec.convert(given, ClusterNetworkPolicySpec)
        yield ClusterNetworkPolicy(metadata=ObjectMeta(name=f"tier-policy-{number}"), spec=spec)


def _tier_rule(random: Random, end: str) -> dict[str, object]:
    peers: list[object] = [{"namespaces": _team(random)}, _part(random)]
    if end == "to":
        peers.append({"networks": [f"{random.randrange(11, 200)}.{random.randrange(256)}.0.0/16"]})
    found: dict[str, object] = {
        "action": random.choice(("Accept", "Deny", "Pass")),
        end: [random.choices(peers, (4, 4, 2)[: len(peers)])[0]],
    }
    if random.random() < 0.6:
        protocol = "udp" if random.random() < 0.2 else "tcp"
        found["protocols"] = [{protocol: {"destinationPort": {"number": random.choice(TIER_PORTS)}}}]
    return found


def _team(random: Random) -> dict[str, object]:
    return {"matchLabels": {"team": f"team-{random.randrange(TEAMS)}"}}


def _kind(random: Random) -> dict[str, object]:
    return {"matchLabels": {"tier": random.choice(TIERS)}}


def _part(random: Random) -> dict[str, object]:
    return {"pods": {"namespaceSelector": _team(random), "podSelector": _kind(random)}}
