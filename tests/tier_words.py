"""Random policies of tiers and nodes with labels, in the words of `tests.clusters`."""

from __future__ import annotations

from hypothesis import strategies as st

from haechi.model import (
    AdminNetworkPolicy,
    AdminNetworkPolicyEgressRule,
    AdminNetworkPolicyIngressRule,
    AdminNetworkPolicyPort,
    AdminNetworkPolicySpec,
    AdminPortRange,
    BaselineAdminNetworkPolicy,
    BaselineAdminNetworkPolicySpec,
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressPeer,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicyIngressPeer,
    ClusterNetworkPolicyIngressRule,
    ClusterNetworkPolicyProtocol,
    ClusterNetworkPolicySpec,
    ClusterNetworkPolicySubject,
    LabelSelector,
    LabelSelectorRequirement,
    NamespacedPod,
    Node,
    ObjectMeta,
    PortNumber,
    ProtocolPort,
    ProtocolPortRange,
    TierPolicy,
    TransportProtocol,
)
from tests import clusters
from tests.building import node
from tests.generator import Object

ACTIONS = ("Accept", "Deny", "Pass")
NETWORKS = (
    "10.0.0.0/30",
    "10.0.0.4/31",
    "0.0.0.0/0",
    "::/0",
    "fd00::/124",
    "8.8.8.8/32",
    "10.0.0.1/8",
    "172.16.0.0/16",
)
UNREADABLE = LabelSelector(match_expressions=(LabelSelectorRequirement(key="app", operator="Like", values=("1",)),))


def maybe(usual: st.SearchStrategy, odd: st.SearchStrategy, *, readable: bool) -> st.SearchStrategy:
    """Mostly the usual; one time in eight, if parts may be unreadable, the odd one."""
    return usual if readable else st.integers(0, 7).flatmap(lambda number: usual if number else odd)


def namespaced_pods(*, readable: bool) -> st.SearchStrategy[NamespacedPod]:
    selectors = clusters.selectors(readable=readable)
    found = st.builds(
        NamespacedPod,
        namespace_selector=st.none() | clusters.namespace_selectors(readable=readable),
        pod_selector=selectors,
    )
    return maybe(found, st.just(NamespacedPod()), readable=readable)


def _pods(kind: type, *, readable: bool) -> list[st.SearchStrategy]:
    return [
        st.builds(kind, namespaces=clusters.namespace_selectors(readable=readable)),
        st.builds(kind, pods=namespaced_pods(readable=readable)),
    ]


def subjects(*, readable: bool) -> st.SearchStrategy[ClusterNetworkPolicySubject]:
    usual = st.one_of(*_pods(ClusterNetworkPolicySubject, readable=readable))
    return maybe(usual, st.just(ClusterNetworkPolicySubject()), readable=readable)


def ingress_peers(*, readable: bool) -> st.SearchStrategy[ClusterNetworkPolicyIngressPeer]:
    usual = st.one_of(*_pods(ClusterNetworkPolicyIngressPeer, readable=readable))
    return maybe(usual, st.just(ClusterNetworkPolicyIngressPeer()), readable=readable)


def egress_peers(*, readable: bool) -> st.SearchStrategy[ClusterNetworkPolicyEgressPeer]:
    kind = ClusterNetworkPolicyEgressPeer
    networks = st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=2).map(tuple)
    usual = st.one_of(
        *_pods(kind, readable=readable),
        st.builds(kind, networks=networks),
        st.builds(kind, nodes=st.sampled_from([LabelSelector(), LabelSelector(match_labels={"os": "1"})])),
    )
    odd = st.sampled_from(
        [
            kind(),
            kind(domain_names=("example.com",)),
            kind(networks=("10.0.0.0/33",)),
            kind(nodes=UNREADABLE),
            kind(networks=("10.0.0.0/8",), nodes=LabelSelector()),
        ]
    )
    return maybe(usual, odd, readable=readable)


def protocols(*, readable: bool) -> st.SearchStrategy[ClusterNetworkPolicyProtocol]:
    kind = ClusterNetworkPolicyProtocol
    ports = st.sampled_from(
        [
            *(ProtocolPort(number=port) for port in clusters.PORTS),
            ProtocolPort(range=ProtocolPortRange(start=79, end=90)),
        ]
    )
    transports = st.builds(TransportProtocol, destination_port=ports)
    usual = st.one_of(
        st.builds(kind, tcp=transports),
        st.builds(kind, tcp=transports),
        st.builds(kind, udp=transports),
        st.builds(kind, sctp=transports),
        st.builds(kind, destination_named_port=st.sampled_from(clusters.NAMES)),
    )
    odd = st.sampled_from(
        [kind(), kind(tcp=TransportProtocol()), kind(destination_named_port=""),
         kind(tcp=TransportProtocol(destination_port=ProtocolPort(number=0)))]
    )  # fmt: skip
    return maybe(usual, odd, readable=readable)


def tier_policies(*, readable: bool = True) -> st.SearchStrategy[ClusterNetworkPolicy]:
    """ClusterNetworkPolicies of both tiers, few priorities and names."""
    actions = maybe(st.sampled_from(ACTIONS), st.just("Log"), readable=readable)
    entries = (
        st.none() | st.none() | st.lists(protocols(readable=readable), min_size=int(readable), max_size=2).map(tuple)
    )

    def peers(of: st.SearchStrategy) -> st.SearchStrategy:
        return st.lists(of, min_size=1, max_size=2).map(tuple)

    ingress = st.builds(
        ClusterNetworkPolicyIngressRule,
        action=actions,
        from_=peers(ingress_peers(readable=readable)),
        protocols=entries,
    )
    egress = st.builds(
        ClusterNetworkPolicyEgressRule, action=actions, to=peers(egress_peers(readable=readable)), protocols=entries
    ).filter(lambda rule: not readable or not _clashes(rule))
    spec = st.builds(
        ClusterNetworkPolicySpec,
        tier=maybe(st.sampled_from(("Admin", "Baseline")), st.just("Developer"), readable=readable),
        priority=st.integers(0, 2),
        subject=subjects(readable=readable),
        ingress=st.lists(ingress, max_size=3).map(tuple),
        egress=st.lists(egress, max_size=3).map(tuple),
    )
    return st.builds(ClusterNetworkPolicy, metadata=st.sampled_from("cde").map(lambda n: ObjectMeta(name=n)), spec=spec)


def _clashes(rule: ClusterNetworkPolicyEgressRule) -> bool:
    """Whether it has a port name and addresses, which have none."""
    named = any(entry.destination_named_port is not None for entry in rule.protocols or ())
    return named and any(peer.networks or peer.nodes is not None for peer in rule.to)


def old_policies() -> st.SearchStrategy[TierPolicy]:
    """AdminNetworkPolicies and a BaselineAdminNetworkPolicy."""
    ports = st.sampled_from(
        [
            AdminNetworkPolicyPort(port_number=PortNumber(port=80)),
            AdminNetworkPolicyPort(port_number=PortNumber(protocol="UDP", port=53)),
            AdminNetworkPolicyPort(port_range=AdminPortRange(start=79, end=90)),
            AdminNetworkPolicyPort(named_port=clusters.NAMES[0]),
        ]
    )
    some_ports = st.lists(ports, max_size=2).map(tuple)
    actions = st.sampled_from(("Allow", "Deny", "Pass"))
    ingress = st.builds(
        AdminNetworkPolicyIngressRule,
        action=actions,
        from_=st.lists(ingress_peers(readable=True), min_size=1, max_size=2).map(tuple),
        ports=some_ports,
    )
    egress = st.builds(
        AdminNetworkPolicyEgressRule,
        action=actions, to=st.lists(egress_peers(readable=True), min_size=1, max_size=2).map(tuple), ports=some_ports,
    )  # fmt: skip
    rules = {"ingress": st.lists(ingress, max_size=2).map(tuple), "egress": st.lists(egress, max_size=2).map(tuple)}
    subject = subjects(readable=True)
    admin = st.builds(AdminNetworkPolicySpec, priority=st.integers(0, 2), subject=subject, **rules)
    baseline = st.builds(BaselineAdminNetworkPolicySpec, subject=subject, **rules)
    return st.one_of(
        st.builds(AdminNetworkPolicy, metadata=st.sampled_from("cd").map(lambda n: ObjectMeta(name=n)), spec=admin),
        st.builds(BaselineAdminNetworkPolicy, metadata=st.just(ObjectMeta(name="default")), spec=baseline),
    )


def nodes() -> st.SearchStrategy[Node]:
    """With a label, and addresses that pods may have as well."""
    addresses = st.lists(st.sampled_from(("172.16.0.1", "172.16.0.2", "fd02::1", "10.0.0.7")), max_size=2)
    return st.builds(
        lambda name, own, os: node(name, *own, marks=f"os={os}"),
        st.sampled_from(clusters.NODES),
        addresses,
        st.sampled_from("12"),
    )


def objects(*, readable: bool = True) -> st.SearchStrategy[Object | TierPolicy]:
    """Any one object; policies of tiers most often."""
    return st.one_of(
        clusters.objects(readable=readable),
        tier_policies(readable=readable),
        tier_policies(readable=readable),
        old_policies(),
        nodes(),
    )
