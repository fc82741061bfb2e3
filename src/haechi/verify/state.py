"""A cluster's objects as they are now, and which packets a change of them can be about.

Why: an agent tells of one object at a time, and a proof of what a change did must not begin with everything. Promises
that whatever a change means is about packets from or to the addresses that `put` and `delete` name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from haechi.model import Direction, Namespace, NetworkPolicy, Node, Pod, PodKey, PolicyKey
from haechi.reference import expressions, is_readable, meets, policy_types
from haechi.sets import AddressSet
from haechi.verify.population import Kind, Population, Resident, points

Isolating = tuple[tuple[PolicyKey, NetworkPolicy], ...]
Object = Namespace | Node | Pod | NetworkPolicy


class State:
    """Objects of a cluster, in any order.

    Attributes:
        population: the pods.
    """

    def __init__(self, objects: Iterable[Object] = ()) -> None:
        self.population = Population()
        self._namespaces: dict[str, Mapping[str, str]] = {}
        self._nodes: dict[str, tuple[int, ...]] = {}
        self._policies: dict[str, dict[PolicyKey, NetworkPolicy]] = {}
        self._isolating: dict[tuple[Kind, Direction], Isolating] = {}
        for one in objects:
            self._keep(one)

    def labels(self, namespace: str) -> Mapping[str, str]:
        """Labels of a namespace, with the one that the API server always sets."""
        return {**self._namespaces.get(namespace, {}), "kubernetes.io/metadata.name": namespace}

    def isolating(self, kind: Kind, direction: Direction) -> Isolating:
        """The policies that isolate pods of a kind in one direction, by key."""
        found = self._isolating.get((kind, direction))
        if found is None:
            held = self._policies.get(kind.namespace, {})
            selecting = [(key, policy) for key, policy in sorted(held.items(), key=_key) if is_subject(policy, kind)]
            for each in Direction:
                self._isolating[kind, each] = tuple(one for one in selecting if each in policy_types(one[1]))
            found = self._isolating[kind, direction]
        return found

    def own_node(self, resident: Resident) -> AddressSet:
        """The addresses of the node of a pod, as its status and the node's object give them."""
        return AddressSet.of(*resident.host_addresses, *self._nodes.get(resident.node, ()))

    # -- changes -----------------------------------------------------------------------------------------------------

    def put(self, one: Object) -> AddressSet:
        """An object comes or changes; the addresses that this is about."""
        before = self._about(type(one), one.namespace, one.metadata.name)
        self._keep(one)
        return before | self._about(type(one), one.namespace, one.metadata.name)

    def delete(self, kind: type[Object], namespace: str, name: str) -> AddressSet:
        """An object goes; the addresses that this is about. `namespace` is "" for Namespace and Node."""
        found = self._about(kind, namespace, name)
        if kind is Pod:
            self.population.delete(PodKey(namespace, name))
        elif kind is NetworkPolicy:
            self._policies.get(namespace, {}).pop(PolicyKey(namespace, name), None)
            self._isolating.clear()
        elif kind is Namespace:
            self._namespaces.pop(name, None)
        else:
            self._nodes.pop(name, None)
        return found

    def _keep(self, one: Object) -> None:
        match one:
            case Pod():
                self.population.put(one)
            case NetworkPolicy():
                key = PolicyKey(one.namespace, one.metadata.name)
                self._policies.setdefault(one.namespace, {})[key] = one
                self._isolating.clear()
            case Namespace():
                self._namespaces[one.metadata.name] = one.labels
            case Node():
                self._nodes[one.metadata.name] = points(one.addresses)

    def _about(self, kind: type[Object], namespace: str, name: str) -> AddressSet:
        """The addresses that an object as it is now is about; none if it is not there."""
        if kind is Pod:
            return self._about_pod(PodKey(namespace, name))
        if kind is NetworkPolicy:
            policy = self._policies.get(namespace, {}).get(PolicyKey(namespace, name))
            kinds = self.population.kinds(namespace) if policy is not None else ()
            return self._addresses(one for one in kinds if policy is not None and is_subject(policy, one))
        if kind is Namespace:
            return self._addresses(self.population.kinds(name))
        return AddressSet.of(*self._nodes.get(name, ()))

    def _about_pod(self, key: PodKey) -> AddressSet:
        """Its own addresses and those of its rivals: which addresses are disputed changes with it."""
        resident = self.population.get(key)
        if resident is None:
            return AddressSet.NONE
        residents = self.population.residents()
        rivals = {rival for each in resident.addresses for rival in self.population.claimants(each)}
        return AddressSet.of(*(each for rival in rivals for each in residents[rival].addresses))

    def _addresses(self, kinds: Iterable[Kind]) -> AddressSet:
        return AddressSet.of(*(each for kind in kinds for each in self.population.addresses_of(kind)))


def _key(item: tuple[PolicyKey, NetworkPolicy]) -> PolicyKey:
    return item[0]


def is_subject(policy: NetworkPolicy, kind: Kind) -> bool:
    """Whether a policy of their namespace selects pods of a kind, as far as its selector can be read."""
    labels = dict(kind.labels)
    return all(meets(each, labels) for each in expressions(policy.spec.pod_selector) if is_readable(each))
