"""Clusters in which some pods are alike, and what a plan tries in them."""

from __future__ import annotations

from hypothesis import strategies as st

from haechi.engine import Engine
from haechi.lab.cluster import LabCluster, lab_cluster
from haechi.lab.plan import ChosenConnections, ProbePlan, chosen_connections
from haechi.lab.ports import Port
from haechi.lab.probe import Probe
from haechi.lab.run import expectations
from haechi.model import Object, PacketVerdict, Pod
from tests import clusters, tier_words
from tests.building import namespace, node, pod, policy
from tests.lab.labs import separate

PORTS: tuple[Port, ...] = (("TCP", 80), ("UDP", 53))
TINY = 0.001
"""Seconds in which nothing can be tried, so that only what must be in a sample is in it."""


def chosen(cluster: LabCluster, plan: ProbePlan) -> ChosenConnections:
    return chosen_connections(Engine.of(cluster.objects), cluster.topology().endpoints, plan)


def asked(cluster: LabCluster, plan: ProbePlan) -> dict[Probe, PacketVerdict]:
    return expectations(Engine.of(cluster.objects), chosen(cluster, plan))


many_pods = st.lists(clusters.pods(), min_size=2, max_size=12)
policies = st.lists(clusters.policies() | tier_words.tier_policies() | tier_words.old_policies(), max_size=5)
LABELLED = tuple(node(name, marks=f"os={number}") for number, name in enumerate(clusters.NODES))
namespaces = st.lists(clusters.namespaces, max_size=3)
names = st.none() | st.sets(st.sampled_from([f"{space}/{name}" for space, name in clusters.KEYS_OF_PODS]))


@st.composite
def lab_clusters(draw: st.DrawFn) -> LabCluster:
    """Any cluster, its pods several times over, so that some are alike."""
    pods = separate(draw(many_pods))
    twins = [
        replaced(each, number) for each in pods if isinstance(each, Pod) for number in range(draw(st.integers(0, 2)))
    ]
    spaces = {each.key: each for each in draw(namespaces)}
    rules = {(type(each), each.key): each for each in draw(policies)}
    return lab_cluster([*LABELLED, *pods, *twins, *spaces.values(), *rules.values()])


def replaced(one: Pod, number: int) -> Pod:
    """A pod like another, with another name and addresses of its own, on whichever node is next."""
    name = f"{one.name}-{number}"
    twin = pod(f"{one.namespace}/{name}", host_network=one.spec.host_network)
    spec = type(one.spec)(host_network=one.spec.host_network, containers=one.spec.containers)
    metadata = type(one.metadata)(name=name, namespace=one.namespace, labels=one.metadata.labels)
    return Pod(metadata=metadata, spec=spec, status=twin.status)


def deployments(replicas: int, *apps: str) -> LabCluster:
    pods: list[Object] = [pod(f"x/{app}-{number}", marks=f"app={app}") for app in apps for number in range(replicas)]
    rule = policy("{podSelector: {matchLabels: {app: a}}, ingress: [{from: [{podSelector: {matchLabels: {app: b}}}]}]}")
    return lab_cluster([namespace("x"), *pods, rule], families=(4,))
