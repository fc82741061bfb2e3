"""What may reach a workload, or be reached by it, whether it exists or not: the exposure of each direction.

Connections list the pods of today; tomorrow's pod with the right labels gets in as well, and so does an address that is
no pod's. An exposure is what policies allow in one direction, by kind of peer:

    shop/db[StatefulSet] Ingress: isolated, open to
      pods app=api in namespace shop           TCP 5432
      addresses 10.0.0.0/8                     TCP 5432
      everyone, the Internet included          TCP 9187

A pod with some labels and address is allowed on a port exactly if an entry that matches it has the port, and its own
policies allow it as well. Entries of tiers are ordered: the first of a tier that matches decides, unless it passes the
pod on to what follows the tier; what no tier decides is allowed if another entry allows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from haechi.analysis.cluster import Cluster
from haechi.analysis.reach.classes import PodClass
from haechi.analysis.reach.groups import Group
from haechi.engine import (
    ANY_POD,
    NamedPeer,
    OrderedRule,
    Peers,
    PodSelection,
    PolicyRule,
    PolicySet,
    Stages,
    TierEntry,
    TierSet,
)
from haechi.model import Action, AnyRuleRef, Direction, Tier
from haechi.select import Selector
from haechi.sets import AddressSet, PortSet, protocol_text

_SHOWN = 3  # CIDRs of an entry in words
_RESERVED = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    "224.0.0.0/3",
)


class PeerKind(StrEnum):
    """What an entry of an exposure matches."""

    EVERYONE = "everyone"
    ADDRESSES = "addresses"
    NODES = "nodes"
    PODS = "pods"


@dataclass(frozen=True, slots=True)
class Peer:
    """Everyone, the pods of a selection (only those in some ipBlocks, if `addresses` has any), nodes, or addresses."""

    kind: PeerKind
    pods: PodSelection | None = None
    addresses: AddressSet = AddressSet.NONE
    nodes: Selector | None = None

    def __str__(self) -> str:
        """`everyone, the Internet included`, `pods app=api in namespace shop`, `any pod`, or CIDRs."""
        if self.kind is PeerKind.EVERYONE:
            return "everyone, the Internet included"
        if self.nodes is not None:
            return f"nodes {self.nodes}" if self.nodes.requirements or self.nodes.contradictory else "all nodes"
        cidrs = self.addresses.cidrs()
        more = f" and {len(cidrs) - _SHOWN} more" if len(cidrs) > _SHOWN else ""
        blocks = f"{', '.join(cidrs[:_SHOWN])}{more}"
        if self.pods is not None:
            return pods_text(self.pods) + (f" in {blocks}" if cidrs else "")
        return f"{'the Internet' if self.is_internet else 'addresses'} {blocks}"

    @classmethod
    def of_name(cls, named: NamedPeer) -> Peer:
        """The pods that are meant by a port name."""
        every = named.within == AddressSet.ALL
        return cls(PeerKind.PODS, named.selection, AddressSet.NONE if every else named.within)

    @classmethod
    def of_peers(cls, peers: Peers) -> Iterator[Peer]:
        """Each of some peers, in a fixed order."""
        if peers.anywhere:
            yield cls(PeerKind.EVERYONE)
        if peers.blocks:
            yield cls(PeerKind.ADDRESSES, addresses=peers.blocks)
        yield from sorted((cls(PeerKind.NODES, nodes=one) for one in peers.nodes), key=str)
        yield from sorted((cls(PeerKind.PODS, pods=one) for one in peers.selections), key=str)

    @property
    def is_internet(self) -> bool:
        """Whether it includes at least half of the public addresses of a family."""
        if self.kind is not PeerKind.ADDRESSES:
            return self.kind is PeerKind.EVERYONE
        return any(2 * _size(self.addresses & public) >= _size(public) for public in _public())


@dataclass(frozen=True, slots=True)
class ExposureEntry:
    """One peer on some ports.

    Attributes:
        peer: what it matches.
        ports: on which ports; the whole protocol of a port name.
        port_name: protocol and name of a port whose number is each peer's own; None where ports are numbers.
        rules: the rules behind it, with their locations; none where nothing isolates.
        tier: whose entry it is; None for NetworkPolicies, and for what is allowed where nothing decides.
        action: what becomes of a connection.
    """

    peer: Peer
    ports: PortSet
    port_name: tuple[int, str] | None = None
    rules: tuple[AnyRuleRef, ...] = ()
    tier: Tier | None = None
    action: Action = Action.ACCEPT

    @property
    def name(self) -> str:
        """The port name in words, such as `TCP http`; empty where ports are numbers."""
        return "" if self.port_name is None else f"{protocol_text(self.port_name[0])} {self.port_name[1]}"


@dataclass(frozen=True, slots=True)
class Exposure:
    """One direction of a group: whether NetworkPolicies isolate it, and what it is open to, first what tiers decide."""

    group: str
    direction: Direction
    isolated: bool
    entries: tuple[ExposureEntry, ...] = ()

    @property
    def allows_everything(self) -> bool:
        """Whether everyone may connect on every port."""
        allowed = PortSet.NONE
        for one in self.entries:
            if one.action is Action.DENY:
                return False
            if one.peer.kind is PeerKind.EVERYONE and one.port_name is None:
                allowed |= one.ports
        return allowed == PortSet.ALL


OPEN: tuple[ExposureEntry, ...] = (ExposureEntry(Peer(PeerKind.EVERYONE), PortSet.ALL),)
"""The entries of a direction that nothing isolates."""


def exposures(cluster: Cluster, groups: Iterable[Group], classes: tuple[PodClass, ...]) -> tuple[Exposure, ...]:
    """Both directions of every group, in order."""
    known: dict[int, tuple[ExposureEntry, ...]] = {}
    found: list[Exposure] = []
    for group in groups:
        one = classes[group.number]
        for direction in (Direction.EGRESS, Direction.INGRESS):
            stages = one.stages(direction)
            entries = known.get(id(stages))
            if entries is None:
                entries = known[id(stages)] = tuple(entries_of(cluster, stages, direction))
            found.append(Exposure(group.name, direction, one.policy_set(direction) is not None, entries))
    return tuple(found)


def granted(stages: Stages) -> Iterator[ExposureEntry]:
    """What stages are open to, without the rules."""
    for stage in stages:
        yield from _ordered(stage) if isinstance(stage, TierSet) else _allowed(stage)
    if not stages or isinstance(stages[-1], TierSet):
        yield from OPEN


def _ordered(tier_set: TierSet) -> Iterator[ExposureEntry]:
    """What a tier decides. Equal entries for different ports are one where that keeps the order for each port."""
    found: list[ExposureEntry] = []
    others, *limited = tier_set.pieces()
    for ports, entries in (*limited, others):
        place = 0
        for each in (one for entry in entries for one in _of_entry(tier_set.tier, entry, ports)):
            same = (n for n in range(place, len(found)) if replace(found[n], ports=each.ports) == each)
            number = next(same, None)
            if number is None:
                found.insert(place, each)
            else:
                place = number
                found[place] = replace(each, ports=found[place].ports | each.ports)
            place += 1
    return iter(found)


def _of_entry(tier: Tier, entry: TierEntry, ports: PortSet) -> Iterator[ExposureEntry]:
    for peer in Peer.of_peers(entry.peers):
        yield ExposureEntry(peer, ports, tier=tier, action=entry.action)
    for named in sorted(entry.named, key=str):
        own = ports & PortSet.protocol(named.protocol)
        if own:
            name = named.protocol, named.name
            yield ExposureEntry(Peer.of_name(named), own, name, tier=tier, action=entry.action)


def _allowed(policies: PolicySet) -> Iterator[ExposureEntry]:
    """What a policy set is open to: everyone, addresses, pods by selection, then port names."""
    by_peer: dict[Peer, list[PortSet]] = {}
    for ports, peers in ((PortSet.ALL, policies.everywhere), *policies.by_ports):
        for peer in Peer.of_peers(peers):
            by_peer.setdefault(peer, []).append(ports)
    order = list(PeerKind)
    for peer in sorted(by_peer, key=lambda peer: (order.index(peer.kind), str(peer))):
        yield ExposureEntry(peer, PortSet.union_all(by_peer[peer]))
    for named in sorted(policies.named, key=str):
        yield ExposureEntry(Peer.of_name(named), PortSet.protocol(named.protocol), (named.protocol, named.name))


def entries_of(cluster: Cluster, stages: Stages, direction: Direction) -> Iterator[ExposureEntry]:
    """What stages are open to, with the rules behind each."""
    rules: list[tuple[Tier | None, Action, AnyRuleRef, PolicyRule | OrderedRule]] = []
    for stage in stages:
        if isinstance(stage, TierSet):
            ordered = [one for key in stage.policies for one in cluster.engine.tier_policies[key].rules(direction)]
            rules += [(stage.tier, one.action, cluster.located(one.ref), one) for one in ordered]
        else:
            policies = [cluster.engine.policies[key] for key in stage.policies]
            referenced = [one for policy in policies for one in policy.referenced(direction)]
            rules += [(None, Action.ACCEPT, cluster.located(ref), rule) for ref, rule in referenced]
    for entry in granted(stages):
        mine = [(ref, rule) for tier, action, ref, rule in rules if (tier, action) == (entry.tier, entry.action)]
        yield replace(entry, rules=tuple(ref for ref, rule in mine if _has_part(rule, entry)))


def _has_part(rule: PolicyRule | OrderedRule, entry: ExposureEntry) -> bool:
    """Whether a rule has a part in an entry."""
    peer = entry.peer
    if isinstance(rule, OrderedRule) and not rule.names and rule.ports.isdisjoint(entry.ports):
        return False
    if entry.port_name is not None:
        return any(
            (each.protocol, each.name) == entry.port_name
            and each.selection == peer.pods
            and (not peer.addresses or not each.within.isdisjoint(peer.addresses))
            for each in rule.named_peers()
        )
    if peer.kind is PeerKind.EVERYONE:
        return rule.peers.anywhere
    if peer.kind is PeerKind.PODS:
        return peer.pods in rule.peers.selections
    if peer.kind is PeerKind.NODES:
        return peer.nodes in rule.peers.nodes
    return not rule.peers.blocks.isdisjoint(peer.addresses)


def pods_text(selection: PodSelection) -> str:
    """`pods app=api in namespace shop`, `all pods in namespaces team=a`, or `any pod`."""
    if selection == ANY_POD:
        return "any pod"
    pods = f"pods {selection.pods}" if selection.pods.requirements or selection.pods.contradictory else "all pods"
    scope = selection.namespaces
    if isinstance(scope, str):
        return f"{pods} in namespace {scope}"
    return f"{pods} in namespaces {scope}" if scope.requirements or scope.contradictory else f"{pods} in any namespace"


@cache
def _public() -> tuple[AddressSet, AddressSet]:
    """The public addresses of both families (RFC 6890; 2000::/3)."""
    return AddressSet.V4 - AddressSet.from_cidrs(_RESERVED), AddressSet.from_cidr("2000::/3")


def _size(addresses: AddressSet) -> int:
    return sum(last - first + 1 for first, last in addresses.intervals)
