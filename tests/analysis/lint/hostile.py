"""Clusters with arbitrary values in every field, for checks that must never raise."""

from __future__ import annotations

from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.model import (
    CronJob,
    Deployment,
    LabelSelector,
    LabelSelectorRequirement,
    NetworkPolicy,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicySpec,
    Object,
    ObjectMeta,
    PodSpec,
    PodTemplateSpec,
    Service,
    WorkloadSpec,
)
from tests import clusters

_ODD = ("", "\n", "kubernetes.io/metadata.name", "x" * 400, "앱", "\ud800", "app", "-12345678")
odd_labels = st.dictionaries(st.sampled_from(_ODD), st.sampled_from(_ODD), max_size=3)
odd_expressions = st.builds(
    LabelSelectorRequirement,
    key=st.sampled_from(_ODD),
    operator=st.sampled_from(("In", "NotIn", "Exists", "DoesNotExist", "", "in")),
    values=st.lists(st.sampled_from(_ODD), max_size=3).map(tuple),
)
odd_selectors = st.builds(
    LabelSelector, match_labels=odd_labels, match_expressions=st.lists(odd_expressions, max_size=2).map(tuple)
)
odd_peers = st.builds(
    NetworkPolicyPeer, pod_selector=st.none() | odd_selectors, namespace_selector=st.none() | odd_selectors
)
odd_meta = st.builds(ObjectMeta, name=st.sampled_from(("", "p")), namespace=st.sampled_from(("", "a", "\n")))
odd_rules = st.builds(NetworkPolicyIngressRule, from_=st.lists(odd_peers, max_size=3).map(tuple))
odd_policies = st.builds(
    NetworkPolicy,
    metadata=odd_meta,
    spec=st.builds(NetworkPolicySpec, pod_selector=odd_selectors, ingress=st.lists(odd_rules, max_size=2).map(tuple)),
)
templates = st.builds(
    PodTemplateSpec,
    metadata=st.builds(ObjectMeta, labels=clusters.labels),
    spec=st.builds(PodSpec, host_network=st.booleans()),
)
workloads = st.builds(
    Deployment,
    metadata=st.builds(ObjectMeta, name=st.sampled_from(("d", "e")), namespace=st.sampled_from(clusters.NAMESPACES)),
    spec=st.builds(WorkloadSpec, replicas=st.sampled_from((None, 0, 2)), template=templates),
)
others = st.sampled_from((NetworkPolicy(), CronJob(), Service(), Service(metadata=ObjectMeta(name="s", namespace="a"))))


def lists(*, odd: bool = True) -> st.SearchStrategy[list[Object]]:
    """The objects of a small cluster; with unreadable and odd ones, or without."""
    usual: st.SearchStrategy[Object] = st.one_of(clusters.objects(readable=not odd), workloads)
    return st.lists(st.one_of(usual, odd_policies, others) if odd else usual, max_size=8)


hostile = lists().map(Cluster.of)
