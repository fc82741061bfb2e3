"""Isolated pods and their access to the cluster's DNS.

Why: most connections of a pod begin with a DNS lookup, which is easily forgotten when pods are isolated.

    pods with equal egress policies
      allow no more than a few addresses?                                      skipped: they need no names
      allow node-local DNS, a resolver by its address, or one of their own?    skipped: they resolve elsewhere
      else, by protocol: do they allow a resolver of the cluster on its port?  DnsClient

Promises to judge by what all policies and tiers of a pod together allow, on the ports on which the cluster's resolvers
listen. Where a tier denies it, the client has the rule. Pods that no policy isolates need names if they may send to
others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pyroaring import BitMap

from haechi.analysis.lint.facts.peer_policies import denying_rule, has_blocks
from haechi.analysis.lint.facts.resolvers import DNS_PORT, Resolvers
from haechi.analysis.lint.facts.review import Review, WrittenPolicy, WrittenRule
from haechi.analysis.reach import PodClass, all_peers
from haechi.engine import PolicySet, TierSet, outside
from haechi.model import Direction, PodKey, PolicyKey, TierRuleRef
from haechi.sets import UDP, V6_START, AddressSet, PortSet

MOST_HOSTS = 65_536
"""The most addresses of an ipBlock that stands for certain hosts; a wider one stands for a network."""


@dataclass(frozen=True, slots=True)
class DnsClient:
    """Pods with equal egress policies, and their access to the cluster's resolvers.

    Attributes:
        policy: the first of their policies that allows something; None if no policy isolates them.
        pods: their keys; resolvers are left out.
        allowed: the protocols by which they may reach some resolver.
        denied: the other protocols on which resolvers listen.
        rules: by denied protocol, the rule of a tier that denies it.
    """

    policy: WrittenPolicy | None
    pods: tuple[PodKey, ...]
    allowed: frozenset[int]
    denied: frozenset[int]
    rules: Mapping[int, TierRuleRef] = field(default_factory=dict)


class DnsClients:
    """The isolated pods of a cluster that need its DNS.

    Args:
        review: of the cluster.
    """

    def __init__(self, review: Review) -> None:
        self._review = review
        self._written: Mapping[PolicyKey, WrittenPolicy] = {one.key: one for one in review.policies}
        self.resolvers = Resolvers.of(review.cluster, review.servers)

    def all(self) -> Iterator[DnsClient]:
        """Those that need names and have no other resolver."""
        listening = {id(one): self._ports(one) for one in self._review.reach.classes} if self.resolvers.ports else {}
        servers = [one for one in self._review.reach.classes if one.addresses and listening.get(id(one))]
        for client, pods in self._judged() if servers else ():
            policies = client.policy_set(Direction.EGRESS)
            if policies is not None and (not _needs_names(policies) or self._resolves_elsewhere(policies)):
                continue
            if (policies is None or len(client.egress) > 1) and not self._needs_cluster_dns(client):
                continue
            served, allowed = set[int](), set[int]()
            for one in servers:
                sides = self._review.reach.side(client, Direction.EGRESS, one)
                ports = PortSet.union_all([ports for _, ports in sides])
                served |= {protocol for protocol, _ in listening[id(one)]}
                allowed |= {protocol for protocol, number in listening[id(one)] if ports.contains(protocol, number)}
            denied = frozenset(served - allowed)
            rules = {
                protocol: rule
                for one in servers
                for protocol, number in listening[id(one)]
                if protocol in denied and (rule := self._denying(pods[0], one, protocol, number)) is not None
            }
            written = None if policies is None else self._policy(policies)
            yield DnsClient(written, pods, frozenset(allowed), denied, rules)

    def _denying(self, client: PodKey, server: PodClass, protocol: int, number: int) -> TierRuleRef | None:
        engine = self._review.engine
        mine, other = engine.endpoint(client), engine.endpoint(server.members[0])
        if mine is None or other is None:
            return None
        return denying_rule(engine, mine, Direction.EGRESS, other, protocol, number)

    def _ports(self, one: PodClass) -> set[tuple[int, int]]:
        """Where the resolvers among the pods of a class listen."""
        ports = self.resolvers.ports
        return {port for key in one.members if key in ports for port in ports[key]}

    def _judged(self) -> Iterator[tuple[PodClass, tuple[PodKey, ...]]]:
        """By what judges their egress: one class, and all pods of such classes except resolvers."""
        found: dict[int, tuple[PodClass, list[PodKey]]] = {}
        for one in self._review.reach.classes:
            if one.egress:
                pods = found.setdefault(id(one.egress), (one, []))[1]
                pods += [key for key in one.members if key not in self.resolvers.ports]
        return ((one, tuple(sorted(pods))) for one, pods in found.values() if pods)

    def _policy(self, policies: PolicySet) -> WrittenPolicy:
        written = [self._written[key] for key in policies.policies]
        return next((one for one in written if any(_egress(one))), written[0])

    def _needs_cluster_dns(self, client: PodClass) -> bool:
        """Whether pods that are subject to tiers may send to others, and nothing shows that they resolve elsewhere."""
        review, lookups = self._review, PortSet.udp(DNS_PORT)
        families = [AddressSet.V4 if point < V6_START else AddressSet.V6 for point in client.addresses]
        traffic = outside(review.engine, client.egress).restricted(AddressSet.union_all(families), PortSet.ALL)
        resolvers = traffic.addresses_for(lookups) - self.resolvers.services
        if not resolvers.isdisjoint(self.resolvers.local) or 0 < resolvers.size <= MOST_HOSTS:
            return False
        if self.resolvers.ports.keys() <= review.cluster.synthesized and any(
            has_blocks(stage, lookups) for stage in client.egress if isinstance(stage, TierSet)
        ):
            return False  # their real addresses may be in it
        others = {review.engine.numbered(number).key for number in self._other_resolvers}
        servers = review.reach.servers(client)
        if any(
            servers[one.number].contains(UDP, DNS_PORT) and not others.isdisjoint(one.members)
            for one in review.reach.classes
            if one.number in servers
        ):
            return False
        return bool(servers) or traffic.addresses.size > MOST_HOSTS

    # -- other resolvers ---------------------------------------------------------------------------------------------

    def _resolves_elsewhere(self, policies: PolicySet) -> bool:
        """Whether they may reach a resolver on their node or by its address, or one of their own."""
        ports = {DNS_PORT, *(number for some in self.resolvers.ports.values() for p, number in some if p == UDP)}
        peers = [peers for port in ports for peers in policies.at(UDP, port)]
        blocks = AddressSet.union_all([one.blocks for one in peers])
        if not blocks.isdisjoint(self.resolvers.local):
            return True
        match_pods = self._review.engine.ipblock_matches_pods
        if match_pods and _may_hold_pods(blocks) and self.resolvers.ports.keys() <= self._review.cluster.synthesized:
            return True  # their real addresses may be in it
        own = {selection for one in peers for selection in one.selections}
        if any(self._other_resolvers.intersect(self._review.pods(selection)) for selection in own):
            return True
        return any(self._allows_hosts(rule) for key in policies.policies for rule in _egress(self._written[key]))

    @cached_property
    def _other_resolvers(self) -> BitMap:
        """Pods that list the port of DNS and are not resolvers of the cluster."""
        listing = self._review.servers.listing(UDP, DNS_PORT)
        return BitMap(n for n in listing if self._review.engine.numbered(n).key not in self.resolvers.ports)

    def _allows_hosts(self, rule: WrittenRule) -> bool:
        """Whether it allows DNS to certain addresses, other than those of the Services in front of the resolvers."""
        if rule.rule is None or not rule.rule.ports.contains(UDP, DNS_PORT):
            return False
        blocks = [peer.peers.blocks - self.resolvers.services for peer in rule.peers if peer.peers is not None]
        return any(0 < one.size <= MOST_HOSTS for one in blocks)


def _egress(policy: WrittenPolicy) -> Iterable[WrittenRule]:
    """The egress rules that are in force."""
    return (one for one in policy.rules if one.direction is Direction.EGRESS and one.in_force and one.rule is not None)


def _may_hold_pods(blocks: AddressSet) -> bool:
    """Whether pods without addresses may really have some of these.

    What is most of a family leaves pods out on purpose or not at all: synthesized addresses show which.
    """
    families = ((blocks.v4, AddressSet.V4), (blocks.v6, AddressSet.V6))
    return any(0 < part.size <= family.size // 2 for part, family in families)


def _needs_names(policies: PolicySet) -> bool:
    """Whether they allow more than a few addresses."""
    return bool(policies.named) or any(
        one.anywhere or one.selections or one.blocks.size > MOST_HOSTS for one in all_peers(policies)
    )
