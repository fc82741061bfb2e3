"""A seeded cluster of any size, with the shape that large clusters have.

Workloads of 25 pods with the labels of a Helm chart, forty workloads to a namespace, half of them in tiers and teams;
policies as people write them: default denials, an app's callers, other namespaces by team, named ports, ranges of
ports, outside addresses. Equal seeds give equal clusters.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from haechi.model import (
    Container,
    ContainerPort,
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
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
    random = Random(seed + 1)
    spaces = -(-pods // (PODS_OF_WORKLOAD * WORKLOADS_OF_NAMESPACE))
    for number in range(count):
        metadata = ObjectMeta(name=f"policy-{number}", namespace=f"ns-{number % spaces}")
        yield NetworkPolicy(metadata=metadata, spec=_spec(random, number // spaces))


def _spec(random: Random, number: int) -> NetworkPolicySpec:
    if number == 0:  # each namespace begins with a default denial
        return NetworkPolicySpec(policy_types=("Ingress", "Egress"))
    subject = LabelSelector(match_labels={"app": f"app-{random.randrange(WORKLOADS_OF_NAMESPACE)}"})
    if random.random() < 0.2:
        rule = NetworkPolicyEgressRule(to=_peers(random), ports=_ports(random))
        return NetworkPolicySpec(pod_selector=subject, policy_types=("Egress",), egress=(rule,))
    ingress = NetworkPolicyIngressRule(from_=_peers(random), ports=_ports(random))
    return NetworkPolicySpec(pod_selector=subject, policy_types=("Ingress",), ingress=(ingress,))


def _peers(random: Random) -> tuple[NetworkPolicyPeer, ...]:
    return tuple(_peer(random) for _ in range(random.randint(1, 3)))


def _peer(random: Random) -> NetworkPolicyPeer:
    app = LabelSelector(match_labels={"app": f"app-{random.randrange(WORKLOADS_OF_NAMESPACE)}"})
    team = LabelSelector(match_labels={"team": f"team-{random.randrange(TEAMS)}"})
    kind = random.random()
    if kind < 0.5:
        return NetworkPolicyPeer(pod_selector=app)
    if kind < 0.6:
        values = tuple(random.sample(TIERS, 2))
        tiers = LabelSelectorRequirement(key="tier", operator=random.choice(("In", "NotIn")), values=values)
        return NetworkPolicyPeer(pod_selector=LabelSelector(match_expressions=(tiers,)))
    if kind < 0.8:
        return NetworkPolicyPeer(namespace_selector=team, pod_selector=app)
    if kind < 0.9:
        return NetworkPolicyPeer(namespace_selector=team)
    network = random.randrange(256)
    return NetworkPolicyPeer(ip_block=IPBlock(cidr=f"172.{network}.0.0/16", except_=(f"172.{network}.7.0/24",)))


def _ports(random: Random) -> tuple[NetworkPolicyPort, ...]:
    kind = random.random()
    if kind < 0.2:
        return ()
    if kind < 0.4:
        return (NetworkPolicyPort(port="http"),)
    if kind < 0.5:
        return (NetworkPolicyPort(port=30000, end_port=30100),)
    return (NetworkPolicyPort(port=random.choice((80, 443, 5432, 6379, 8080, 9090))),)
