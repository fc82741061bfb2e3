"""Whether the policies of the other end allow anything of what an item of `from` or `to` allows.

Why: a connection needs both ends, and a rule is only one of them.

    policy web, ingress: from app=client, port 80

      own pods    peers
      class A ─┬─ class C     for each pair: do C's egress policies allow some port of the rule to A?
               └─ class D
      class B ─┬─ class C       yes, for one pair     no finding
               └─ class D       no, for every pair    Denial: the egress policies of C and D

Pairs that share no address family, and pods without a port of a name that the rule uses, are left out: it is not the
policies that stop them. A pod whose address is synthetic may have one that an ipBlock of the other end includes. Where
tiers deny a connection, the Denial has their rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from haechi.analysis.cluster import Cluster, Owner
from haechi.analysis.reach import PodClass, Reach
from haechi.engine import Endpoint, Engine, PodSelection, PolicyRule, PolicySet, TierSet, side
from haechi.model import Action, Direction, Packet, PodKey, PolicyKey, TierRuleRef
from haechi.sets import V6_START, AddressSet, PortSet, point_to_text

_OPPOSITE = {Direction.INGRESS: Direction.EGRESS, Direction.EGRESS: Direction.INGRESS}


@dataclass(frozen=True, slots=True)
class Denial:
    """The policies that deny everything that an item allows, at its other end.

    Attributes:
        direction: in which they deny it.
        policies: their keys, sorted.
        workloads: those of the pods that they isolate, sorted.
        rules: those of tiers that deny it before policies are asked, sorted.
    """

    direction: Direction
    policies: tuple[PolicyKey, ...]
    workloads: tuple[Owner, ...]
    rules: tuple[TierRuleRef, ...] = ()


@dataclass(frozen=True, slots=True)
class _SelectedPods:
    """The pods of one class that a selection selects."""

    of: PodClass
    pods: tuple[Endpoint, ...]
    families: frozenset[int]
    has_synthetic: bool  # whether one of them has a synthetic address

    @classmethod
    def of_class(cls, one: PodClass, pods: Iterable[Endpoint], synthesized: Collection[PodKey]) -> _SelectedPods:
        found = tuple(pods)
        families = frozenset(4 if point < V6_START else 6 for point in one.addresses)
        return cls(one, found, families, any(pod.key in synthesized for pod in found))

    def ports(self, rule: PolicyRule) -> PortSet:
        """The ports that a rule allows with these pods as servers."""
        if not rule.names:
            return rule.ports
        named = {port for pod in self.pods for port in pod.ports if (port.protocol, port.name) in rule.names}
        return PortSet.union_all([rule.ports, *(PortSet.port(port.protocol, port.number) for port in named)])

    def is_same_pod(self, other: _SelectedPods) -> bool:
        """Whether both are one and the same pod, which reaches itself without a rule."""
        return len(self.pods) == 1 and self.pods == other.pods


class _Pair(NamedTuple):
    """Pods that deny others everything on some ports."""

    other: _SelectedPods
    own: _SelectedPods
    ports: PortSet


def has_blocks(stage: PolicySet | TierSet, ports: PortSet) -> bool:
    """Whether a stage may allow some of these ports to some addresses but not to all."""
    if isinstance(stage, TierSet):
        entries = (one for own, entries in stage.pieces() if not own.isdisjoint(ports) for one in entries)
        return any(one.action is not Action.DENY and _is_partial(one.peers.blocks) for one in entries)
    return bool(stage.everywhere.blocks) or any(
        peers.blocks and not allowed.isdisjoint(ports) for allowed, peers in stage.by_ports
    )


def _is_partial(blocks: AddressSet) -> bool:
    """Whether they are a part of a family."""
    return any(0 < part.size < family.size for part, family in ((blocks.v4, AddressSet.V4), (blocks.v6, AddressSet.V6)))


def denying_rule(
    engine: Engine, subject: Endpoint, direction: Direction, peer: Endpoint, protocol: int, port: int
) -> TierRuleRef | None:
    """The rule of a tier that denies a pod a connection with another one; None if no tier does."""
    families = {point < V6_START for point in subject.addresses}
    remote = next((point for point in peer.addresses if (point < V6_START) in families), None)
    if remote is None:
        return None
    address = ip_address(point_to_text(remote))  # only its port counts below
    found = side(engine, subject, direction, remote, peer, Packet(address, address, protocol, port))
    return None if found.allowed else found.tier_rule


class PeerPolicies:
    """The policies at the other ends of rules.

    Args:
        cluster: the cluster with these rules.
        reach: its connections.
    """

    def __init__(self, cluster: Cluster, reach: Reach) -> None:
        self._engine = cluster.engine
        self._owners = cluster.owners
        self._synthesized = cluster.synthesized
        self._reach = reach
        self._classes = {key: one for one in reach.classes for key in one.members}
        self._selected: dict[PodSelection, tuple[_SelectedPods, ...]] = {}
        self._known: dict[object, Denial | None] = {}

    def denial(
        self, subject: PodSelection, direction: Direction, peers: PodSelection, rule: PolicyRule
    ) -> Denial | None:
        """The policies that deny everything that an item allows; None if something passes, or if no pair is left.

        Args:
            subject: the pods of the item's policy.
            direction: of its rule.
            peers: the pods that the item selects.
            rule: its rule.
        """
        key = (subject, direction, peers, rule.ports, rule.names)
        if key not in self._known:
            self._known[key] = self._judged(subject, direction, peers, rule)
        return self._known[key]

    def _judged(
        self, subject: PodSelection, direction: Direction, peers: PodSelection, rule: PolicyRule
    ) -> Denial | None:
        others, denying = self._by_class(peers), dict[int, _Pair]()
        opposite = _OPPOSITE[direction]
        received = {} if direction is Direction.INGRESS else {other.of.number: other.ports(rule) for other in others}
        for own in self._by_class(subject):
            ports = own.ports(rule) if direction is Direction.INGRESS else PortSet.NONE
            for other in others:
                allowed = received.get(other.of.number, ports)
                if allowed and not own.families.isdisjoint(other.families) and not own.is_same_pod(other):
                    if self._may_pass(other, opposite, own, allowed):
                        return None
                    denying.setdefault(other.of.number, _Pair(other, own, allowed))
        return self._denial(opposite, denying.values()) if denying else None

    def _may_pass(self, other: _SelectedPods, direction: Direction, own: _SelectedPods, ports: PortSet) -> bool:
        """Whether the other end allows some of these ports, or may allow them to a synthetic address."""
        sides = self._reach.side(other.of, direction, own.of)
        if any(family in other.families and not allowed.isdisjoint(ports) for family, allowed in sides):
            return True
        may_be_in_blocks = own.has_synthetic and self._engine.ipblock_matches_pods
        return may_be_in_blocks and any(has_blocks(stage, ports) for stage in other.of.stages(direction))

    def _by_class(self, selection: PodSelection) -> tuple[_SelectedPods, ...]:
        """The pods of a selection by their classes."""
        found = self._selected.get(selection)
        if found is None:
            pods: dict[int, list[Endpoint]] = {}
            for number in self._engine.select(selection):
                endpoint = self._engine.numbered(number)
                pods.setdefault(self._classes[endpoint.key].number, []).append(endpoint)
            classes = self._reach.classes
            found = tuple(
                _SelectedPods.of_class(classes[number], endpoints, self._synthesized)
                for number, endpoints in pods.items()
            )
            self._selected[selection] = found
        return found

    def _denial(self, direction: Direction, denying: Iterable[_Pair]) -> Denial:
        listed = list(denying)
        keys: set[PolicyKey] = set()
        rules: set[TierRuleRef] = set()
        for pair in listed:
            for found in set(self._denied(pair, direction)):
                if found is not None:
                    rules.add(found)
                elif (policies := pair.other.of.policy_set(direction)) is not None:
                    keys.update(policies.policies)
        workloads = {self._owners[pod.key] for pair in listed for pod in pair.other.pods}
        return Denial(direction, tuple(sorted(keys)), tuple(sorted(workloads)), tuple(sorted(rules)))

    def _denied(self, pair: _Pair, direction: Direction) -> Iterator[TierRuleRef | None]:
        """What denies a pair its ports: rules of tiers, and None for policies."""
        tiers = [one for one in pair.other.of.stages(direction) if isinstance(one, TierSet)]
        if not tiers:
            yield None
        pieces = [pair.ports & ports for tier_set in tiers for ports, _ in tier_set.pieces()]
        for protocol, port in {ports.witness() for ports in pieces if ports}:
            yield denying_rule(self._engine, pair.other.pods[0], direction, pair.own.pods[0], protocol, port)
