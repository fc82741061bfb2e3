"""The cluster that questions are asked of: manifests, completed where they are silent, and an engine over them.

A folder of manifests has Deployments without pods and pods without addresses; a dump has both. What is given stays,
equal input gives an equal cluster, and everything that was added or left out is in `notes` and `assumptions`. What
policies mean is decided by the engine alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self, TypeVar

from haechi.analysis.cluster.assumptions import Assumption
from haechi.analysis.cluster.defects import defect_warnings
from haechi.analysis.cluster.owners import Owner, Owners
from haechi.analysis.cluster.synthetic import SyntheticAddresses
from haechi.analysis.cluster.workloads import MOST_REPLICAS, pods_of_workloads
from haechi.engine import Endpoint, Engine
from haechi.model import (
    AnyPolicyKey,
    ClusterPolicyKey,
    Code,
    Loaded,
    Location,
    Manifests,
    Namespace,
    NetworkPolicy,
    Node,
    Object,
    Path,
    Pod,
    PodKey,
    PolicyKey,
    Problem,
    RuleRef,
    Service,
    Severity,
    TierPolicy,
    TierRuleRef,
    Workload,
    check_one,
    policy_key,
)

_AnyRef = TypeVar("_AnyRef", RuleRef, TierRuleRef)


@dataclass(frozen=True, eq=False, repr=False)
class Cluster:
    """A cluster in which every pod that policies see has an address and an owner.

    A plain value: questions are functions of it, in the packages beside this one.

    Attributes:
        engine: what its policies mean.
        pods: all that policies see, by key.
        owners: the workload of each of them.
        policies: the NetworkPolicies by key, as given.
        tier_policies: the policies of tiers by key, as given.
        nodes: as given.
        namespaces: as given.
        services: as given.
        given: all objects as given, each with a name.
        manifests: what was loaded, in the order of `given`, with the places of all objects; None for objects that were
            made in Python.
        synthesized: the keys of pods whose addresses were chosen here.
        notes: what was added or left out, in words.
        assumptions: those that the cluster itself rests on, in the order of `Assumption`.
    """

    engine: Engine
    pods: Mapping[PodKey, Pod]
    owners: Mapping[PodKey, Owner]
    policies: Mapping[PolicyKey, NetworkPolicy]
    tier_policies: Mapping[ClusterPolicyKey, TierPolicy] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    services: tuple[Service, ...] = ()
    given: tuple[Object, ...] = ()
    manifests: Manifests | None = None
    synthesized: frozenset[PodKey] = frozenset()
    notes: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()

    @classmethod
    def of(cls, manifests: Manifests | Iterable[Object], *, ipblock_matches_pods: bool = True) -> Self:
        """The cluster of what was loaded, or of plain objects. Of several objects with one key the last counts.

        Args:
            manifests: what is in it.
            ipblock_matches_pods: whether an ipBlock matches pods whose addresses it contains; on some networks it never
                does.
        """
        if isinstance(manifests, Manifests):
            objects = [one.object for one in manifests.distinct().objects]
            return _completed(cls, objects, manifests, ipblock_matches_pods=ipblock_matches_pods)
        last = {(one.kind, one.key): one for one in manifests}
        return _completed(cls, list(last.values()), None, ipblock_matches_pods=ipblock_matches_pods)

    def __eq__(self, other: object) -> bool:
        """Equal input makes equal clusters: everything else follows from it."""
        return isinstance(other, Cluster) and (self.given, self.ipblock_assumption) == (
            other.given,
            other.ipblock_assumption,
        )

    def __repr__(self) -> str:
        """One line."""
        return f"<{type(self).__name__} pods={len(self.pods)} policies={len(self.policies) + len(self.tier_policies)}>"

    @property
    def objects(self) -> tuple[Node | Namespace | Pod | NetworkPolicy | TierPolicy, ...]:
        """All that the engine was given."""
        policies = (*self.policies.values(), *self.tier_policies.values())
        return (*self.nodes, *self.namespaces, *self.pods.values(), *policies)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Errors and warnings in what was loaded, and what was skipped, by location."""
        if self.manifests is None:
            return ()
        found = [*self.manifests.problems]
        for loaded in self.manifests.objects:
            own = check_one(loaded)
            found += own
            found += () if any(one.severity is Severity.ERROR for one in own) else defect_warnings(loaded)
        return tuple(sorted(found, key=lambda problem: problem.location))

    @cached_property
    def places(self) -> Mapping[AnyPolicyKey, Loaded[Object]]:
        """Where the policies were read; empty for objects that were made in Python."""
        if self.manifests is None:
            return {}
        pairs = zip(self.given, self.manifests.objects, strict=True)
        return {policy_key(one): place for one, place in pairs if isinstance(one, NetworkPolicy | TierPolicy)}

    def location(self, policy: AnyPolicyKey, path: str | Path = "") -> Location | None:
        """Where a field of a policy was read; None for a policy that was made in Python."""
        place = self.places.get(policy)
        return None if place is None else place.location(path)

    def located(self, rule: _AnyRef) -> _AnyRef:
        """The same rule with the place where it was read."""
        return replace(rule, location=self.location(rule.policy, rule.steps))

    @property
    def ipblock_assumption(self) -> Assumption:
        """What is assumed of ipBlocks and pods, where an answer rests on it."""
        return Assumption.IPBLOCK_PODS if self.engine.ipblock_matches_pods else Assumption.IPBLOCK_NO_PODS

    def endpoint(self, key: PodKey) -> Endpoint | None:
        """A pod as the engine knows it."""
        return self.engine.endpoint(key)


_AnyCluster = TypeVar("_AnyCluster", bound=Cluster)


def _completed(
    kind: type[_AnyCluster], objects: list[Object], manifests: Manifests | None, *, ipblock_matches_pods: bool
) -> _AnyCluster:
    policies = {PolicyKey(one.namespace, one.name): one for one in objects if isinstance(one, NetworkPolicy)}
    tier_policies = {ClusterPolicyKey(one.kind, one.name): one for one in objects if isinstance(one, TierPolicy)}
    nodes = tuple({one.name: one for one in objects if isinstance(one, Node)}.values())
    namespaces = tuple({one.name: one for one in objects if isinstance(one, Namespace)}.values())
    found = {PodKey(one.namespace, one.name): one for one in _pods(objects, nodes)}
    addresses = SyntheticAddresses(objects)
    seen = {key: pod for key, pod in found.items() if not pod.spec.host_network and not pod.completed}
    pods = {key: addresses.completed(pod) for key, pod in seen.items()}
    synthesized = frozenset(key for key, pod in pods.items() if pod is not seen[key] and pod.addresses)
    engine = Engine.of(
        (*nodes, *namespaces, *pods.values(), *policies.values(), *tier_policies.values()),
        ipblock_matches_pods=ipblock_matches_pods,
    )
    owners = Owners(objects)
    return kind(
        engine=engine,
        pods=pods,
        owners={key: owners.of(pod) for key, pod in pods.items()},
        policies=policies,
        tier_policies=tier_policies,
        nodes=nodes,
        namespaces=namespaces,
        services=tuple(one for one in objects if isinstance(one, Service)),
        given=tuple(objects),
        manifests=manifests,
        synthesized=synthesized,
        notes=(
            *(manifests.notes if manifests else ()),
            *_notes(objects, found.values(), len(synthesized), addresses),
            *_other_policies(manifests),
            *_unbuilt(manifests),
        ),
        assumptions=tuple(_assumptions(objects, found.values(), synthesized, engine)),
    )


def _pods(objects: list[Object], nodes: Iterable[Node]) -> Iterator[Pod]:
    """The pods that are given, then those that workloads would make."""
    yield from (one for one in objects if isinstance(one, Pod))
    names = [node.name for node in nodes] or [""]
    yield from pods_of_workloads(objects, names, MOST_REPLICAS)


def _notes(
    objects: list[Object], pods: Iterable[Pod], synthesized: int, addresses: SyntheticAddresses
) -> Iterator[str]:
    for one in objects:
        if isinstance(one, Workload) and (one.pod_count or 0) > MOST_REPLICAS:
            yield f"{one.display_name} asks for {one.pod_count} pods: the first {MOST_REPLICAS} stand for all"
    if synthesized:
        yield f"{_counted(synthesized)} without an address: given one {addresses.choice}"
    host = sum(pod.spec.host_network and not pod.completed for pod in pods)
    if host:
        yield f"{_counted(host)} with hostNetwork left out: policies do not apply to them as pods"
    completed = sum(pod.completed for pod in pods)
    if completed:
        yield f"{_counted(completed)} completed: left out"


def _other_policies(manifests: Manifests | None) -> Iterator[str]:
    """What the input has beside NetworkPolicies that may decide otherwise."""
    found = [problem for problem in manifests.problems if problem.code is Code.OTHER_POLICY] if manifests else []
    if found:
        kinds = ", ".join(sorted({problem.object.kind for problem in found if problem.object is not None}))
        objects = "1 object" if len(found) == 1 else f"{len(found)} objects"
        yield f"{objects} of other policy kinds may change this answer: {kinds}"


def _unbuilt(manifests: Manifests | None) -> Iterator[str]:
    """Parts of what has to be built that were read by themselves."""
    for problem in manifests.problems if manifests else ():
        if problem.code is Code.UNBUILT and problem.severity is Severity.WARNING:
            yield f"{problem.location} {problem.message}"


def _counted(number: int) -> str:
    return "1 pod" if number == 1 else f"{number} pods"


def domain_name_rules(objects: Iterable[Object]) -> int:
    """How many rules of tiers have domain names, which match no address yet."""
    tiers = (one for one in objects if isinstance(one, TierPolicy))
    return sum(any(peer.domain_names for peer in rule.to) for one in tiers for rule in one.spec.egress)


def _assumptions(
    objects: Iterable[Object], pods: Iterable[Pod], synthesized: frozenset[PodKey], engine: Engine
) -> Iterator[Assumption]:
    """In the order of `Assumption`."""
    listed = list(pods)
    if not engine.ipblock_matches_pods:
        yield Assumption.IPBLOCK_NO_PODS
    if any(pod.spec.host_network for pod in listed):
        yield Assumption.HOST_NETWORK
    if any(pod.completed for pod in listed):
        yield Assumption.COMPLETED
    if any(len(engine.claimants(point)) > 1 for endpoint in engine.endpoints for point in endpoint.addresses):
        yield Assumption.DISPUTED
    if any(one.defects for one in engine.policies.values()) or any(
        one.defects for one in engine.tier_policies.values()
    ):
        yield Assumption.UNREADABLE
    if synthesized:
        yield Assumption.SYNTHETIC
    if domain_name_rules(objects):
        yield Assumption.DOMAIN_NAMES
