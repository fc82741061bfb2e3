"""The objects of a cluster, and which packets a change of one of them can affect.

Why: an agent sees one object at a time, and must not prove everything again after each. `put` and `delete` return
addresses: whatever the change means, it affects no packet from and to other addresses.

    object changed     addresses
    Pod                its own, before and after, and those of pods that claim one of them too
    NetworkPolicy      those of the pods that it selects, before and after
    Namespace          those of its pods
    Node               its own, before and after
    policy of a tier   those of the pods that it is about, before and after

A peer is covered as well: if a pod's label decides what others may send to it, the packets have its address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from haechi.model import (
    ClusterNetworkPolicy,
    ClusterPolicyKey,
    Direction,
    LabelSelector,
    Namespace,
    NetworkPolicy,
    Node,
    Pod,
    PodKey,
    PolicyKey,
    Tier,
    TierPolicy,
    as_cluster_network_policy,
)
from haechi.reference import expressions, is_readable, meets, policy_types, selects, subject_selects, tier_of
from haechi.sets import AddressSet
from haechi.verify.pods import PodIndex, PodTraits, PolicedPod, points

IsolatingPolicies = tuple[tuple[PolicyKey, NetworkPolicy], ...]
OrderedPolicies = tuple[tuple[ClusterPolicyKey, ClusterNetworkPolicy], ...]
ClusterObject = Namespace | Node | Pod | NetworkPolicy | TierPolicy


class ClusterState:
    """Objects of a cluster, put in any order.

    Attributes:
        pods: the pods that policies apply to.
    """

    def __init__(self, objects: Iterable[ClusterObject] = ()) -> None:
        self.pods = PodIndex()
        self._namespaces: dict[str, Mapping[str, str]] = {}
        self._nodes: dict[str, tuple[Mapping[str, str], tuple[int, ...]]] = {}
        self._tier_policies: dict[ClusterPolicyKey, ClusterNetworkPolicy] = {}
        self._ordered: dict[tuple[PodTraits, Tier], OrderedPolicies] = {}
        self._policies: dict[str, dict[PolicyKey, NetworkPolicy]] = {}
        self._isolating: dict[tuple[PodTraits, Direction], IsolatingPolicies] = {}
        for one in objects:
            self._store(one)

    def labels(self, namespace: str) -> Mapping[str, str]:
        """The labels of a namespace, with the one that the API server always sets."""
        return {**self._namespaces.get(namespace, {}), "kubernetes.io/metadata.name": namespace}

    def isolating(self, traits: PodTraits, direction: Direction) -> IsolatingPolicies:
        """The policies that isolate pods with these traits in one direction, sorted by key."""
        found = self._isolating.get((traits, direction))
        if found is None:
            policies = sorted(self._policies.get(traits.namespace, {}).items(), key=_key)
            selecting = [(key, policy) for key, policy in policies if is_subject(policy, traits)]
            for each in Direction:
                self._isolating[traits, each] = tuple(one for one in selecting if each in policy_types(one[1]))
            found = self._isolating[traits, direction]
        return found

    def own_node(self, pod: PolicedPod) -> AddressSet:
        """The addresses of the pod's node, from the pod's status and the Node object."""
        return AddressSet.of(*pod.host_addresses, *self._node_addresses(pod.node))

    def ordered(self, traits: PodTraits, tier: Tier) -> OrderedPolicies:
        """The policies of a tier that are about pods with these traits, in the order in which they are asked."""
        found = self._ordered.get((traits, tier))
        if found is None:
            policies = sorted(
                self._tier_policies.items(), key=lambda item: (item[1].spec.priority, item[0].name, item[0].kind)
            )
            found = tuple(
                each for each in policies if tier_of(each[1]) is tier and self._is_tier_subject(each[1], traits)
            )
            self._ordered[traits, tier] = found
        return found

    def addresses_of_nodes(self, selector: LabelSelector) -> AddressSet:
        """The addresses of the nodes that a selector, which can be read, selects."""
        return AddressSet.of(
            *(each for labels, own in self._nodes.values() if selects(selector, labels) for each in own)
        )

    def _is_tier_subject(self, policy: ClusterNetworkPolicy, traits: PodTraits) -> bool:
        return subject_selects(policy, self.labels(traits.namespace), dict(traits.labels))

    def _node_addresses(self, name: str) -> tuple[int, ...]:
        return self._nodes[name][1] if name in self._nodes else ()

    # -- changes -----------------------------------------------------------------------------------------------------

    def put(self, one: ClusterObject) -> AddressSet:
        """Add or replace an object; the addresses that this affects."""
        before = self._addresses_of(type(one), one.namespace, one.metadata.name)
        self._store(one)
        return before | self._addresses_of(type(one), one.namespace, one.metadata.name)

    def delete(self, kind: type[ClusterObject], namespace: str, name: str) -> AddressSet:
        """Remove an object; the addresses that this affects. `namespace` is "" for Namespace and Node."""
        found = self._addresses_of(kind, namespace, name)
        if kind is Pod:
            self.pods.delete(PodKey(namespace, name))
        elif kind is NetworkPolicy:
            self._policies.get(namespace, {}).pop(PolicyKey(namespace, name), None)
            self._isolating.clear()
        elif kind is Namespace:
            self._namespaces.pop(name, None)
            self._ordered.clear()
        elif kind is Node:
            self._nodes.pop(name, None)
        else:
            self._tier_policies.pop(ClusterPolicyKey(kind.kind, name), None)
            self._ordered.clear()
        return found

    def _store(self, one: ClusterObject) -> None:
        match one:
            case Pod():
                self.pods.put(one)
            case NetworkPolicy():
                key = PolicyKey(one.namespace, one.metadata.name)
                self._policies.setdefault(one.namespace, {})[key] = one
                self._isolating.clear()
            case Namespace():
                self._namespaces[one.metadata.name] = one.labels
                self._ordered.clear()
            case Node():
                self._nodes[one.metadata.name] = one.labels, points(one.addresses)
            case _:
                self._tier_policies[ClusterPolicyKey(one.kind, one.metadata.name)] = as_cluster_network_policy(one)
                self._ordered.clear()

    def _addresses_of(self, kind: type[ClusterObject], namespace: str, name: str) -> AddressSet:
        """The addresses that an object can affect as it is now; none if it does not exist."""
        if kind is Pod:
            return self._with_rivals(PodKey(namespace, name))
        if kind is NetworkPolicy:
            isolating = self._policies.get(namespace, {}).get(PolicyKey(namespace, name))
            traits = self.pods.traits(namespace) if isolating is not None else ()
            return self._with_traits(one for one in traits if isolating is not None and is_subject(isolating, one))
        if kind is Namespace:
            return self._with_traits(self.pods.traits(name))
        if kind is Node:
            return AddressSet.of(*self._node_addresses(name))
        policy = self._tier_policies.get(ClusterPolicyKey(kind.kind, name))
        everyone = (one for each in self.pods.namespaces() for one in self.pods.traits(each))
        return self._with_traits(one for one in everyone if policy is not None and self._is_tier_subject(policy, one))

    def _with_rivals(self, key: PodKey) -> AddressSet:
        """The pod's addresses and those of its rivals: the pod decides which of their addresses are disputed."""
        pod = self.pods.get(key)
        if pod is None:
            return AddressSet.NONE
        rivals = {rival for each in pod.addresses for rival in self.pods.claimants(each)}
        return AddressSet.of(*(each for rival in rivals for each in self.pods[rival].addresses))

    def _with_traits(self, traits: Iterable[PodTraits]) -> AddressSet:
        return AddressSet.of(*(each for one in traits for each in self.pods.addresses_of(one)))


def _key(item: tuple[PolicyKey, NetworkPolicy]) -> PolicyKey:
    return item[0]


def is_subject(policy: NetworkPolicy, traits: PodTraits) -> bool:
    """Whether a policy of their namespace selects pods with these traits, as far as its selector can be read."""
    labels = dict(traits.labels)
    return all(meets(each, labels) for each in expressions(policy.spec.pod_selector) if is_readable(each))
