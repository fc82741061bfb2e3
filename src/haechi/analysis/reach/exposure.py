"""What may reach a workload, or be reached by it, whether it exists or not: the exposure of each direction.

Connections list the pods of today; tomorrow's pod with the right labels gets in as well, and so does an address that is
no pod's. An exposure is what policies allow in one direction, by kind of peer:

    shop/db[StatefulSet] Ingress: isolated, open to
      pods app=api in namespace shop           TCP 5432
      addresses 10.0.0.0/8                     TCP 5432
      everyone, the Internet included          TCP 9187

A pod with some labels and address is allowed on a port exactly if an entry that matches it has the port, and its own
policies allow it as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from haechi.analysis.cluster import Cluster
from haechi.analysis.reach.classes import PodClass
from haechi.analysis.reach.groups import Group
from haechi.engine import ANY_POD, NamedPeer, PodSelection, PolicyRule, PolicySet
from haechi.model import Direction, RuleRef
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
    PODS = "pods"


@dataclass(frozen=True, slots=True)
class Peer:
    """Everyone, the pods of a selection (only those in some ipBlocks, if `addresses` has any), or addresses."""

    kind: PeerKind
    pods: PodSelection | None = None
    addresses: AddressSet = AddressSet.NONE

    def __str__(self) -> str:
        """`everyone, the Internet included`, `pods app=api in namespace shop`, `any pod`, or CIDRs."""
        if self.kind is PeerKind.EVERYONE:
            return "everyone, the Internet included"
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
        rules: the rules that allow it, with their locations; none where nothing isolates.
    """

    peer: Peer
    ports: PortSet
    port_name: tuple[int, str] | None = None
    rules: tuple[RuleRef, ...] = ()

    @property
    def name(self) -> str:
        """The port name in words, such as `TCP http`; empty where ports are numbers."""
        return "" if self.port_name is None else f"{protocol_text(self.port_name[0])} {self.port_name[1]}"


@dataclass(frozen=True, slots=True)
class Exposure:
    """One direction of a group: whether policies isolate it, and what it is open to."""

    group: str
    direction: Direction
    isolated: bool
    entries: tuple[ExposureEntry, ...] = ()

    @property
    def allows_everything(self) -> bool:
        """Whether everyone may connect on every port."""
        return any(one.peer.kind is PeerKind.EVERYONE and one.ports == PortSet.ALL for one in self.entries)


OPEN: tuple[ExposureEntry, ...] = (ExposureEntry(Peer(PeerKind.EVERYONE), PortSet.ALL),)
"""The entries of a direction that nothing isolates."""


def exposures(cluster: Cluster, groups: Iterable[Group], classes: tuple[PodClass, ...]) -> tuple[Exposure, ...]:
    """Both directions of every group, in order."""
    known: dict[int, tuple[ExposureEntry, ...]] = {}
    found: list[Exposure] = []
    for group in groups:
        one = classes[group.number]
        for direction, policies in ((Direction.EGRESS, one.egress), (Direction.INGRESS, one.ingress)):
            entries = OPEN if policies is None else known.get(id(policies))
            if entries is None and policies is not None:
                entries = known[id(policies)] = tuple(_entries(cluster, policies))
            found.append(Exposure(group.name, direction, policies is not None, entries or ()))
    return tuple(found)


def granted(policies: PolicySet) -> Iterator[ExposureEntry]:
    """What a policy set is open to, without the rules: everyone, addresses, pods by selection, then port names."""
    by_peer: dict[Peer, list[PortSet]] = {}
    for ports, peers in ((PortSet.ALL, policies.everywhere), *policies.by_ports):
        if peers.anywhere:
            by_peer.setdefault(Peer(PeerKind.EVERYONE), []).append(ports)
        for selection in peers.selections:
            by_peer.setdefault(Peer(PeerKind.PODS, pods=selection), []).append(ports)
        if peers.blocks:
            by_peer.setdefault(Peer(PeerKind.ADDRESSES, addresses=peers.blocks), []).append(ports)
    order = list(PeerKind)
    for peer in sorted(by_peer, key=lambda peer: (order.index(peer.kind), str(peer))):
        yield ExposureEntry(peer, PortSet.union_all(by_peer[peer]))
    for named in sorted(policies.named, key=str):
        yield ExposureEntry(Peer.of_name(named), PortSet.protocol(named.protocol), (named.protocol, named.name))


def _entries(cluster: Cluster, policies: PolicySet) -> Iterator[ExposureEntry]:
    """The same with the rules that allow each."""
    rules = [
        (cluster.located(ref), rule)
        for key in policies.policies
        for ref, rule in cluster.engine.policies[key].referenced(policies.direction)
    ]
    for entry in granted(policies):
        yield replace(entry, rules=tuple(ref for ref, rule in rules if _allows(rule, entry)))


def _allows(rule: PolicyRule, entry: ExposureEntry) -> bool:
    """Whether a rule has a part in an entry."""
    peer = entry.peer
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
