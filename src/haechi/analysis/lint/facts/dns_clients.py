"""Which isolated pods may look up names.

Why: most that a pod sends begins with a question for a name, and who isolates pods forgets it. Promises to judge by
what all policies of a pod allow together, on the ports on which the resolvers of the cluster listen. Pods that may ask
somebody else on the port of DNS are left in peace, and so are those that may send to a few addresses only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pyroaring import BitMap

from haechi.analysis.lint.facts.resolvers import PORT, Resolvers
from haechi.analysis.lint.facts.review import Review, WrittenPolicy, WrittenRule
from haechi.analysis.reach import PodClass, all_peers
from haechi.engine import PolicySet
from haechi.model import Direction, PodKey, PolicyKey
from haechi.sets import UDP, AddressSet, PortSet

HOSTS = 65_536
"""The most addresses of an ipBlock that means certain hosts; a wider one means a network."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Pods with equal egress policies, and how they may ask.

    Attributes:
        policy: of their policies the first that allows something.
        pods: who they are; no resolvers.
        protocols: those by which they may ask some resolver of the cluster.
        refused: those by which a resolver of the cluster could be asked, and they may not.
    """

    policy: WrittenPolicy
    pods: tuple[PodKey, ...]
    protocols: frozenset[int]
    refused: frozenset[int]


class Lookups:
    """Everybody who is isolated and may send something.

    Args:
        review: of whose pods.
    """

    def __init__(self, review: Review) -> None:
        self._review = review
        self._written: Mapping[PolicyKey, WrittenPolicy] = {one.key: one for one in review.policies}
        self.resolvers = Resolvers.of(review.cluster, review.servers)

    def all(self) -> Iterator[Asking]:
        """Those who need names, and may ask nobody else on the port of DNS."""
        answering = {id(one): self._ports(one) for one in self._review.reach.classes} if self.resolvers.ports else {}
        servers = [one for one in self._review.reach.classes if one.addresses and answering.get(id(one))]
        for client, policies, pods in self._isolated() if servers else ():
            if not _needs_names(policies) or self._asks_elsewhere(policies):
                continue
            could, may = set[int](), set[int]()
            for one in servers:
                sides = self._review.reach.side(client, Direction.EGRESS, one)
                allowed = PortSet.union_all([ports for _, ports in sides])
                could |= {protocol for protocol, _ in answering[id(one)]}
                may |= {protocol for protocol, number in answering[id(one)] if allowed.contains(protocol, number)}
            yield Asking(self._telling(policies), pods, frozenset(may), frozenset(could - may))

    def _ports(self, one: PodClass) -> set[tuple[int, int]]:
        """Where the resolvers among the pods of a class listen."""
        ports = self.resolvers.ports
        return {port for key in one.members if key in ports for port in ports[key]}

    def _isolated(self) -> Iterator[tuple[PodClass, PolicySet, tuple[PodKey, ...]]]:
        """By egress policies: one class that has them, and all pods that have them but for resolvers."""
        found: dict[int, tuple[PodClass, PolicySet, list[PodKey]]] = {}
        for one in self._review.reach.classes:
            if one.egress is not None:
                pods = found.setdefault(id(one.egress), (one, one.egress, []))[2]
                pods += [key for key in one.members if key not in self.resolvers.ports]
        return ((one, policies, tuple(sorted(pods))) for one, policies, pods in found.values() if pods)

    def _telling(self, policies: PolicySet) -> WrittenPolicy:
        written = [self._written[key] for key in policies.policies]
        return next((one for one in written if any(_egress(one))), written[0])

    # -- names that are looked up elsewhere --------------------------------------------------------------------------

    def _asks_elsewhere(self, policies: PolicySet) -> bool:
        """Whether they may ask a resolver on their node or by its address, or one of their own."""
        ports = {PORT, *(number for some in self.resolvers.ports.values() for p, number in some if p == UDP)}
        peers = [peers for port in ports for peers in policies.at(UDP, port)]
        blocks = AddressSet.union_all([one.blocks for one in peers])
        if not blocks.isdisjoint(self.resolvers.local):
            return True
        if (
            blocks and self.resolvers.ports.keys() <= self._review.cluster.synthesized
        ):  # with real addresses it may mean them
            return True
        own = {selection for one in peers for selection in one.selections}
        if any(self._others.intersect(self._review.pods(selection)) for selection in own):
            return True
        return any(self._means_hosts(rule) for key in policies.policies for rule in _egress(self._written[key]))

    @cached_property
    def _others(self) -> BitMap:
        """Pods that list the port of DNS and are none of the cluster's resolvers."""
        listing = self._review.servers.listing(UDP, PORT)
        return BitMap(n for n in listing if self._review.engine.numbered(n).key not in self.resolvers.ports)

    def _means_hosts(self, rule: WrittenRule) -> bool:
        """Whether it allows to ask certain addresses, other than those of the Services in front of the resolvers."""
        if rule.rule is None or not rule.rule.ports.contains(UDP, PORT):
            return False
        blocks = [peer.peers.blocks - self.resolvers.services for peer in rule.peers if peer.peers is not None]
        return any(0 < one.size <= HOSTS for one in blocks)


def _egress(policy: WrittenPolicy) -> Iterable[WrittenRule]:
    """The egress rules that count."""
    return (one for one in policy.rules if one.direction is Direction.EGRESS and one.in_force and one.rule is not None)


def _needs_names(policies: PolicySet) -> bool:
    """Whether they may send to more than a few addresses."""
    return bool(policies.named) or any(
        one.anywhere or one.selections or one.blocks.size > HOSTS for one in all_peers(policies)
    )
