"""What checks look at: a cluster, and each policy as it is written beside what it means.

Why: a check talks about what stands in a file (this item of this list) and judges it by what it means to the engine.
Here the two are side by side. Promises that whatever cannot be read means nothing here (None) and hides nothing else,
and that each question about pods is answered by the engine, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from pyroaring import BitMap

from haechi.analysis.cluster import Cluster
from haechi.analysis.lint.facts.inventory import Population
from haechi.analysis.lint.facts.redundancy import Coverage
from haechi.analysis.lint.facts.servers import Servers
from haechi.analysis.reach import Reach
from haechi.engine import Endpoint, Peers, PodSelection, Policy, PolicyRule, read_peer, read_ports
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
    Pod,
    PolicyKey,
    Resource,
    Workload,
)
from haechi.select import InvalidSelector, Selector
from haechi.sets import PortSet

_WORKLOADS = get_args(Workload)


@dataclass(frozen=True, slots=True)
class WrittenSelector:
    """A label selector of a policy.

    Attributes:
        path: `("spec", "podSelector")`.
        written: as it stands there.
        selector: what it means.
        of_namespaces: whether it is about labels of namespaces, not of pods.
        peer: the item that it is a part of; None for the policy's own pods.
    """

    path: Path
    written: LabelSelector
    selector: Selector
    of_namespaces: bool = False
    peer: WrittenPeer | None = None


@dataclass(frozen=True, slots=True)
class WrittenPeer:
    """An item of `from` or `to`; `peers` is whom it means, None if it cannot be read."""

    path: Path
    written: NetworkPolicyPeer
    peers: Peers | None

    @property
    def selection(self) -> PodSelection | None:
        """The pods that it means by labels; None for an ipBlock."""
        return next(iter(self.peers.selections), None) if self.peers is not None else None


@dataclass(frozen=True, slots=True)
class WrittenPort:
    """An item of `ports`; `ports` and `names` are what it means, `ports` None if it cannot be read."""

    path: Path
    written: NetworkPolicyPort
    ports: PortSet | None
    names: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """An item of `ingress` or `egress`.

    Attributes:
        path: `("spec", "ingress", 0)`.
        direction: of the connections that it allows.
        in_force: whether policyTypes lets it count.
        written: as it stands there.
        rule: what it means; None if a part of it cannot be read, and it allows nothing.
        peers: the items of `from` or `to`.
        ports: the items of `ports`.
    """

    path: Path
    direction: Direction
    in_force: bool
    written: NetworkPolicyIngressRule | NetworkPolicyEgressRule
    rule: PolicyRule | None
    peers: tuple[WrittenPeer, ...]
    ports: tuple[WrittenPort, ...]

    @property
    def peers_path(self) -> Path:
        """Of the list of peers: `("spec", "ingress", 0, "from")`."""
        return (*self.path, "from" if self.direction is Direction.INGRESS else "to")


@dataclass(frozen=True, slots=True)
class WrittenPolicy:
    """A NetworkPolicy.

    Attributes:
        object: as given.
        policy: what it means.
        rules: ingress, then egress, also those that do not count.
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
        """The rules that are readable and count, with what they mean."""
        for one in self.rules:
            if one.in_force and one.rule is not None and not self.policy.defects:
                yield one, one.rule


class Review:
    """A cluster before its checks.

    Args:
        cluster: whose policies are looked at.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.engine = cluster.engine
        self.objects = cluster.given
        self._selectors: dict[int, tuple[LabelSelector, Selector | None]] = {}

    @cached_property
    def policies(self) -> tuple[WrittenPolicy, ...]:
        """All policies, by key."""
        engine = self.engine
        return tuple(_written(one, engine.policies[key]) for key, one in sorted(self.cluster.policies.items()))

    @cached_property
    def reach(self) -> Reach:
        """Who may reach whom, by class of pods."""
        return Reach(self.cluster)

    @cached_property
    def servers(self) -> Servers:
        """What pods list, and the Services in front of them."""
        return Servers(self.cluster)

    def serving(self, policy: WrittenPolicy, rule: WrittenRule, meaning: PolicyRule) -> frozenset[PodSelection] | None:
        """The pods that receive what a rule allows; None where the input may not have all of them."""
        subject, whole = policy.policy.subject, self.population.is_whole
        return self.servers.serving(subject, rule.direction, meaning.peers, whole=whole)

    @cached_property
    def coverage(self) -> Coverage:
        """What policies say that others say too."""
        return Coverage(one.policy for one in self.policies)

    # -- pods --------------------------------------------------------------------------------------------------------

    def pods(self, selection: PodSelection) -> BitMap:
        """The numbers of the pods that a selection means; not to be changed by the caller."""
        return self.engine.select(selection)

    def endpoints(self, numbers: Iterable[int]) -> list[Endpoint]:
        """Pods by their numbers, sorted by key."""
        return sorted((self.engine.numbered(number) for number in numbers), key=lambda endpoint: endpoint.key)

    def selector(self, written: LabelSelector) -> Selector | None:
        """What a selector means; None if it cannot be read."""
        known = self._selectors.get(id(written))
        if known is None:
            try:
                known = written, Selector.parse(written)
            except InvalidSelector:
                known = written, None
            self._selectors[id(written)] = known
        return known[1]

    def selectors(self, policy: WrittenPolicy) -> Iterator[WrittenSelector]:
        """The selectors of a policy that can be read: of its pods, then of the peers of rules that count."""
        own = policy.object.spec.pod_selector
        if (meaning := self.selector(own)) is not None:
            yield WrittenSelector(("spec", "podSelector"), own, meaning)
        for peer in [peer for rule in policy.rules if rule.in_force for peer in rule.peers if peer.selection]:
            pods, namespaces = peer.written.pod_selector, peer.written.namespace_selector
            if namespaces is not None and (meaning := self.selector(namespaces)) is not None:
                yield WrittenSelector((*peer.path, "namespaceSelector"), namespaces, meaning, True, peer)
            if pods is not None and (meaning := self.selector(pods)) is not None:
                yield WrittenSelector((*peer.path, "podSelector"), pods, meaning, False, peer)

    @cached_property
    def population(self) -> Population:
        """What the input knows of namespaces and labels."""
        return Population(self.cluster)

    # -- namespaces --------------------------------------------------------------------------------------------------

    @cached_property
    def populated(self) -> frozenset[str]:
        """The namespaces that have pods or what makes pods, seen by policies or not."""
        return frozenset(one.namespace for one in self.objects if isinstance(one, (Pod, *_WORKLOADS)))

    # -- places ------------------------------------------------------------------------------------------------------

    def location(self, one: Resource, path: Path = ()) -> Location | None:
        """Where a field of an object was read; None for objects that were made in Python."""
        place = self._places.get(id(one))
        return None if place is None else place.location(path)

    def is_written(self, one: Resource, path: Path) -> bool:
        """Whether a field stands in the text, were it empty; False for objects that were made in Python."""
        return self.location(one, path) != self.location(one, path[:-1])

    def lacks_namespace(self, policy: WrittenPolicy) -> bool:
        """Whether a policy is in `default` only because its text names no namespace."""
        path, one = ("metadata", "namespace"), policy.object
        return one.namespace == "default" and self.location(one) is not None and not self.is_written(one, path)

    @cached_property
    def _places(self) -> dict[int, Loaded[Object]]:
        manifests = self.cluster.manifests
        if manifests is None:
            return {}
        return {id(one): loaded for one, loaded in zip(self.objects, manifests.objects, strict=True)}


def _written(one: NetworkPolicy, policy: Policy) -> WrittenPolicy:
    ingress = (_rule(each, ("spec", "ingress", n), policy) for n, each in enumerate(one.spec.ingress))
    egress = (_rule(each, ("spec", "egress", n), policy) for n, each in enumerate(one.spec.egress))
    return WrittenPolicy(one, policy, (*ingress, *egress))


def _rule(written: NetworkPolicyIngressRule | NetworkPolicyEgressRule, path: Path, policy: Policy) -> WrittenRule:
    ingress = isinstance(written, NetworkPolicyIngressRule)
    direction = Direction.INGRESS if ingress else Direction.EGRESS
    namespace = policy.key.namespace
    peers_path = (*path, "from" if ingress else "to")
    peers = [_peer(one, (*peers_path, number), namespace) for number, one in enumerate(written.peers)]
    ports = [_port(one, (*path, "ports", number)) for number, one in enumerate(written.ports)]
    try:
        rule = PolicyRule.read(written, namespace)
    except ValueError:
        rule = None
    in_force = direction in policy.directions
    return WrittenRule(path, direction, in_force, written, rule, tuple(peers), tuple(ports))


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
