"""What checks look at: a cluster, with each part of a policy as it is written beside what the engine makes of it.

Why: a finding is about a place in a file (this item of this list), but whether there is one depends on the meaning.

    WrittenPolicy             engine.Policy
     └─ WrittenRule            PolicyRule        None if a part of it cannot be read
         ├─ WrittenPeer         Peers
         └─ WrittenPort         PortSet, names

Promises that a part which cannot be read hides no other part, and that each selection is resolved by the engine, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, cast

from pyroaring import BitMap

from haechi.analysis.cluster import Cluster
from haechi.analysis.lint.facts.inventory import Inventory
from haechi.analysis.lint.facts.redundancy import Redundancy
from haechi.analysis.lint.facts.servers import Servers
from haechi.analysis.lint.facts.tiers import WrittenTierPolicy, written_tier_policies
from haechi.analysis.reach import Reach
from haechi.engine import (
    Endpoint,
    Peers,
    PodSelection,
    Policy,
    PolicyRule,
    Precedence,
    Stages,
    outside,
    read_peer,
    read_ports,
)
from haechi.model import (
    Direction,
    LabelSelector,
    Loaded,
    Location,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    Object,
    Path,
    PolicyKey,
    Resource,
    RuleRef,
)
from haechi.select import InvalidSelector, Selector
from haechi.sets import PortSet, Traffic

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class WrittenSelector:
    """A label selector of a policy.

    Attributes:
        path: `("spec", "podSelector")`.
        written: as given.
        selector: as the engine reads it.
        of_namespaces: whether it selects namespaces, not pods.
        is_subject: whether it selects the pods of the policy, not those of an item.
        peer: the item of a NetworkPolicy that it is a part of.
    """

    path: Path
    written: LabelSelector
    selector: Selector
    of_namespaces: bool = False
    is_subject: bool = False
    peer: WrittenPeer | None = None


@dataclass(frozen=True, slots=True)
class WrittenPeer:
    """An item of `from` or `to`, and as the engine reads it; `peers` is None if it cannot be read."""

    path: Path
    written: NetworkPolicyPeer
    peers: Peers | None

    @property
    def selection(self) -> PodSelection | None:
        """The pods that it selects; None for an ipBlock, or if it cannot be read."""
        return next(iter(self.peers.selections), None) if self.peers is not None else None


@dataclass(frozen=True, slots=True)
class WrittenPort:
    """An item of `ports`, and as the engine reads it; `ports` is None if it cannot be read."""

    path: Path
    written: NetworkPolicyPort
    ports: PortSet | None
    names: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """An item of `ingress` or `egress`.

    Attributes:
        ref: which item.
        in_force: whether policyTypes includes its direction.
        written: as given.
        rule: as the engine reads it; None if a part of it cannot be read, so that it allows nothing.
        peers: the items of `from` or `to`.
        ports: the items of `ports`.
    """

    ref: RuleRef
    in_force: bool
    written: NetworkPolicyIngressRule | NetworkPolicyEgressRule
    rule: PolicyRule | None
    peers: tuple[WrittenPeer, ...]
    ports: tuple[WrittenPort, ...]

    @property
    def direction(self) -> Direction:
        """Of the connections that it allows."""
        return self.ref.direction

    @property
    def path(self) -> Path:
        """`("spec", "ingress", 0)`."""
        return self.ref.steps


@dataclass(frozen=True, slots=True)
class WrittenPolicy:
    """A NetworkPolicy.

    Attributes:
        object: as given.
        policy: as the engine reads it.
        rules: ingress, then egress, also those that are not in force.
    """

    object: NetworkPolicy
    policy: Policy
    rules: tuple[WrittenRule, ...]

    @property
    def key(self) -> PolicyKey:
        """Namespace and name."""
        return self.policy.key

    @property
    def effective(self) -> Iterator[tuple[WrittenRule, PolicyRule]]:
        """The readable rules that are in force, written and as the engine reads them."""
        for one in self.rules:
            if one.in_force and one.rule is not None and not self.policy.defects:
                yield one, one.rule


class Review:
    """A cluster as checks see it.

    Args:
        cluster: the cluster to check.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.engine = cluster.engine
        self.objects = cluster.given
        self._selectors: dict[int, tuple[LabelSelector, Selector | None]] = {}
        self._shared: dict[object, object] = {}
        self._outside: dict[int, Traffic] = {}  # by stages, which the engine shares

    def shared(self, work: Callable[[Review], Iterable[_T]]) -> tuple[_T, ...]:
        """What a function finds in this review, found once however many checks ask for it."""
        if work not in self._shared:
            self._shared[work] = tuple(work(self))
        return cast("tuple[_T, ...]", self._shared[work])

    @cached_property
    def policies(self) -> tuple[WrittenPolicy, ...]:
        """All policies, sorted by key."""
        engine = self.engine
        return tuple(_written(one, engine.policies[key]) for key, one in sorted(self.cluster.policies.items()))

    @cached_property
    def tier_policies(self) -> tuple[WrittenTierPolicy, ...]:
        """All policies of tiers, by tier and order."""
        return tuple(written_tier_policies(self.cluster))

    @cached_property
    def precedence(self) -> Precedence:
        """Which rules of tiers never decide."""
        return Precedence(self.engine.tier_policies.values())

    @cached_property
    def reach(self) -> Reach:
        """The connections between classes of pods."""
        return Reach(self.cluster)

    @cached_property
    def servers(self) -> Servers:
        """The ports that pods list, and the Services in front of them."""
        return Servers(self.cluster)

    def destinations(
        self, policy: WrittenPolicy, rule: WrittenRule, read: PolicyRule
    ) -> frozenset[PodSelection] | None:
        """The destination pods of a rule; None where the input may lack some of them."""
        subject, complete = policy.policy.subject, self.inventory.is_complete
        return self.servers.destinations(subject, rule.direction, read.peers, complete=complete)

    @cached_property
    def redundancy(self) -> Redundancy:
        """The policies and rules that others cover."""
        return Redundancy(one.policy for one in self.policies)

    @cached_property
    def inventory(self) -> Inventory:
        """The namespaces and labels of the input."""
        return Inventory(self.cluster)

    # -- pods --------------------------------------------------------------------------------------------------------

    def pods(self, selection: PodSelection) -> BitMap:
        """The numbers of the pods that a selection selects; not to be changed by the caller."""
        return self.engine.select(selection)

    def endpoints(self, numbers: Iterable[int]) -> list[Endpoint]:
        """The pods with these numbers, sorted by key."""
        return sorted((self.engine.numbered(number) for number in numbers), key=lambda endpoint: endpoint.key)

    def outside(self, subject: PodSelection, direction: Direction) -> tuple[Traffic, ...]:
        """What policies and tiers together allow the pods of a selection outside: each answer once."""
        egress = direction is Direction.EGRESS
        stages = {id(one): one for one in (self._stages(number)[not egress] for number in self.pods(subject))}
        for key, one in stages.items():
            if key not in self._outside:
                self._outside[key] = outside(self.engine, one)
        return tuple(self._outside[key] for key in stages)

    def _stages(self, number: int) -> tuple[Stages, Stages]:
        return self.engine.stages(self.engine.numbered(number))

    def selector(self, written: LabelSelector) -> Selector | None:
        """A selector as the engine reads it; None if it cannot be read."""
        known = self._selectors.get(id(written))
        if known is None:
            try:
                known = written, Selector.parse(written)
            except InvalidSelector:
                known = written, None
            self._selectors[id(written)] = known
        return known[1]

    def selectors(self, policy: WrittenPolicy) -> Iterator[WrittenSelector]:
        """The readable selectors of a policy: its podSelector, then those of the peers of rules in force."""
        own = policy.object.spec.pod_selector
        if (selector := self.selector(own)) is not None:
            yield WrittenSelector(("spec", "podSelector"), own, selector, is_subject=True)
        for peer in [peer for rule in policy.rules if rule.in_force for peer in rule.peers if peer.selection]:
            pods, namespaces = peer.written.pod_selector, peer.written.namespace_selector
            if namespaces is not None and (selector := self.selector(namespaces)) is not None:
                yield WrittenSelector(
                    (*peer.path, "namespaceSelector"), namespaces, selector, of_namespaces=True, peer=peer
                )
            if pods is not None and (selector := self.selector(pods)) is not None:
                yield WrittenSelector((*peer.path, "podSelector"), pods, selector, peer=peer)

    def tier_selectors(self, policy: WrittenTierPolicy) -> Iterator[WrittenSelector]:
        """The readable selectors of a policy of a tier: those of its subject, then those of the items of its rules."""
        items = [item for rule in policy.rules for item in rule.items()]
        parts = [(("spec", "subject"), policy.spec.subject), *((path, peer) for path, peer, _ in items)]
        for path, part in parts:
            pods, nodes = part.pods, getattr(part, "nodes", None)
            found = [((*path, "namespaces"), part.namespaces, True), ((*path, "nodes"), nodes, False)]
            if pods is not None:
                found.append(((*path, "pods", "namespaceSelector"), pods.namespace_selector, True))
                found.append(((*path, "pods", "podSelector"), pods.pod_selector, False))
            for where, written, of_namespaces in found:
                if written is not None and (selector := self.selector(written)) is not None:
                    yield WrittenSelector(where, written, selector, of_namespaces, part is policy.spec.subject)

    # -- places ------------------------------------------------------------------------------------------------------

    def location(self, one: Resource, path: Path = ()) -> Location | None:
        """Where a field of an object was read; None for objects that were made in Python."""
        place = self._places.get(id(one))
        return None if place is None else place.location(path)

    def is_written(self, one: Resource, path: Path) -> bool:
        """Whether the text has a field, even an empty one; False for objects that were made in Python."""
        return self.location(one, path) != self.location(one, path[:-1])

    def omits_namespace(self, policy: WrittenPolicy) -> bool:
        """Whether a policy is in `default` only because its text has no namespace."""
        path, one = ("metadata", "namespace"), policy.object
        return one.namespace == "default" and self.location(one) is not None and not self.is_written(one, path)

    @cached_property
    def _places(self) -> dict[int, Loaded[Object]]:
        manifests = self.cluster.manifests
        if manifests is None:
            return {}
        return {id(one): loaded for one, loaded in zip(self.objects, manifests.objects, strict=True)}


def _written(one: NetworkPolicy, policy: Policy) -> WrittenPolicy:
    key, spec = policy.key, one.spec
    ingress = (_rule(each, RuleRef(key, Direction.INGRESS, n), policy) for n, each in enumerate(spec.ingress))
    egress = (_rule(each, RuleRef(key, Direction.EGRESS, n), policy) for n, each in enumerate(spec.egress))
    return WrittenPolicy(one, policy, (*ingress, *egress))


def _rule(written: NetworkPolicyIngressRule | NetworkPolicyEgressRule, ref: RuleRef, policy: Policy) -> WrittenRule:
    namespace, peers_field = policy.key.namespace, "from" if ref.direction is Direction.INGRESS else "to"
    peers = [_peer(one, (*ref.steps, peers_field, number), namespace) for number, one in enumerate(written.peers)]
    ports = [_port(one, (*ref.steps, "ports", number)) for number, one in enumerate(written.ports)]
    in_force = ref.direction in policy.directions
    return WrittenRule(ref, in_force, written, _read(written, ref, policy), tuple(peers), tuple(ports))


def _read(
    written: NetworkPolicyIngressRule | NetworkPolicyEgressRule, ref: RuleRef, policy: Policy
) -> PolicyRule | None:
    """The rule as the engine reads it, which has read those of a policy without defects."""
    if not policy.defects:
        return (policy.ingress if ref.direction is Direction.INGRESS else policy.egress)[ref.index]
    try:
        return PolicyRule.read(written, policy.key.namespace)
    except ValueError:
        return None


def _peer(written: NetworkPolicyPeer, path: Path, namespace: str) -> WrittenPeer:
    try:
        return WrittenPeer(path, written, read_peer(written, namespace))
    except ValueError:
        return WrittenPeer(path, written, None)


def _port(written: NetworkPolicyPort, path: Path) -> WrittenPort:
    try:
        return WrittenPort(path, written, *read_ports((written,)))
    except ValueError:
        return WrittenPort(path, written, None)
