"""Which earlier rules of tiers decide everything that a rule could match, so that it never decides, in every cluster.

    Admin     priority 1   all pods   Deny    from team=a         every port
              priority 2   app=web    Accept  from team=a         port 80       never asked: denied before
                                      Pass    from app=b          every port
                                      Deny    from all pods       port 80
    NetworkPolicy          app=web            from team=c         port 80       decides nothing, but only if
                                                                                no pod of team=c has app=b

Each rule is cut into parts, one for each of its peers; every earlier rule takes from a part what it matches whatever
the labels, addresses and ports of a cluster are. Promises never to claim more than is sure: addresses and ports are
exact, pods as far as one selector implies another. What a Pass of an earlier tier may let through counts as not decided
by that tier. Policies of one priority, whose order the API leaves open, do not precede each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from haechi.engine.policy import PolicyRule
from haechi.engine.selection import ANY_POD, PodSelection
from haechi.engine.tierpolicy import OrderedPolicy, OrderedRule
from haechi.model import Action, Direction, Tier, TierRuleRef
from haechi.select import Selector
from haechi.sets import AddressSet, PortSet, Traffic


@dataclass(frozen=True, slots=True)
class _Part:
    """What a rule matches with one of its peers: pods, nodes, or else addresses.

    Attributes:
        left: the packets that no earlier rule is known to match.
        pods: if the peer is pods.
        nodes: if it is nodes.
        name: IP protocol and name, if the port is given by its name.
    """

    left: Traffic
    pods: PodSelection | None = None
    nodes: Selector | None = None
    name: tuple[int, str] | None = None

    @property
    def ports(self) -> PortSet:
        """All ports of what is left."""
        return PortSet.union_all([ports for _, _, ports in self.left.steps])


class Precedence:
    """The rules of all policies of tiers, by the order in which they are asked.

    Args:
        policies: all of them.
        blocks_match_pods: whether networks match pods whose addresses they contain, as in `Engine`.
    """

    def __init__(self, policies: Iterable[OrderedPolicy], *, blocks_match_pods: bool = True) -> None:
        self._blocks_match_pods = blocks_match_pods
        self._policies = {policy.key: policy for policy in sorted(policies, key=lambda one: one.order)}
        self._selections = frozenset[PodSelection]().union(*[one.selections() for one in self._policies.values()])
        self._implied: dict[PodSelection, frozenset[PodSelection]] = {}
        self._rules = [rule for one in self._policies.values() for rule in (*one.ingress, *one.egress)]
        self._named = frozenset(id(rule) for rule in self._rules if rule.names)
        self._passing = frozenset(id(rule) for rule in self._rules if rule.action is Action.PASS)
        self._by_ports: dict[PortSet, set[int]] = {}
        for rule in self._rules:
            self._by_ports.setdefault(rule.ports, set()).add(id(rule))
        self._on_ports: dict[PortSet, frozenset[int]] = {}
        self._excluded: dict[PodSelection, frozenset[PodSelection]] = {}
        self._taking_from: dict[tuple[PodSelection | None, Selector | None], frozenset[int]] = {}
        self._known: dict[tuple[Tier, int | None, PodSelection, Direction], list[OrderedRule]] = {}

    def before(self, rule: OrderedRule) -> tuple[TierRuleRef, ...] | None:
        """The earlier rules that together decide all that a rule of a tier, or a part of it, could match.

        Rules of its own tier count if they precede it for every pod of its policy, and those of an earlier tier.

        Returns:
            None if there may be packets left, no rule at all if it can match nothing.
        """
        policy, direction = self._policies[rule.ref.policy], rule.ref.direction
        subject = policy.subject
        if subject is None:
            return ()
        own = [one for one in policy.rules(direction) if one.ref.index < rule.ref.index]
        stages = [[*self._rules_before(policy, subject, direction), *own]]
        if policy.tier is Tier.BASELINE:
            stages.insert(0, self._admin_rules(subject, direction))
        return self._deciding(rule, direction, stages)

    def before_policies(
        self, rule: PolicyRule, subject: PodSelection, direction: Direction
    ) -> tuple[TierRuleRef, ...] | None:
        """The same for a rule of a NetworkPolicy that selects `subject`."""
        return self._deciding(rule, direction, [self._admin_rules(subject, direction), []])

    def excluded_by(self, pods: PodSelection) -> frozenset[PodSelection]:
        """The selections of policies and rules that, in every cluster, select none of some pods."""
        if pods not in self._excluded:
            self._excluded[pods] = frozenset(one for one in self._selections if pods.excludes(one))
        return self._excluded[pods]

    def _rules_before(self, policy: OrderedPolicy, subject: PodSelection, direction: Direction) -> list[OrderedRule]:
        """The rules of its tier that are asked before a policy about each of its pods."""
        key = policy.tier, policy.priority, subject, direction
        if key not in self._known:
            self._known[key] = [
                rule
                for one in self._policies.values()
                if one.tier is policy.tier and one.priority < policy.priority and _includes(one, subject)
                for rule in one.rules(direction)
            ]
        return self._known[key]

    def _admin_rules(self, subject: PodSelection, direction: Direction) -> list[OrderedRule]:
        """The rules of the Admin tier about each pod of a subject, and every Pass about some of them.

        Among policies of one priority, those of Pass come first.
        """
        key = Tier.ADMIN, None, subject, direction
        if key not in self._known:
            admin = [one for one in self._policies.values() if one.tier is Tier.ADMIN]
            some = [one for one in admin if one.subject is not None and not one.subject.excludes(subject)]
            found: list[OrderedRule] = []
            for _, group in groupby(some, lambda one: one.priority):
                equal = list(group)
                if len(equal) > 1 or not _includes(equal[0], subject):
                    found += [rule for one in equal for rule in one.rules(direction) if rule.action is Action.PASS]
                found += [rule for one in equal if _includes(one, subject) for rule in one.rules(direction)]
            self._known[key] = found
        return self._known[key]

    def _deciding(
        self, rule: OrderedRule | PolicyRule, direction: Direction, stages: Sequence[Sequence[OrderedRule]]
    ) -> tuple[TierRuleRef, ...] | None:
        """The last of `stages` is the rule's own, where a Pass ends the way to it as well."""
        found: set[TierRuleRef] = set()
        for part in _parts(rule, direction):
            by = self._taking(part, stages)
            if by is None:
                return None
            found.update(by)
        return tuple(one.ref for stage in stages for one in stage if one.ref in found)

    def _taking(self, part: _Part, stages: Sequence[Sequence[OrderedRule]]) -> list[TierRuleRef] | None:
        found: list[TierRuleRef] = []
        overlapping = self._overlapping(part.ports)
        takers = self._takers(part) & overlapping
        passing = self._passing & overlapping
        for stage in stages if takers else ():
            for rule in stage:
                if stage is not stages[-1] and id(rule) in passing:
                    if self._may_meet(part, rule):
                        break
                elif id(rule) in takers:
                    left = self._left(part, rule)
                    if left != part.left:
                        found.append(rule.ref)
                        part = replace(part, left=left)
                    if not left:
                        return found
        return None

    def _takers(self, part: _Part) -> frozenset[int]:
        """The rules, by identity, whose peers surely match some of a part's: thousands of rules share few peers."""
        key = part.pods, part.nodes
        if key not in self._taking_from:
            self._taking_from[key] = frozenset(
                id(rule) for rule in self._rules if rule.peers.blocks or self._includes_peers(rule, part)
            )
        return self._taking_from[key]

    def _overlapping(self, ports: PortSet) -> frozenset[int]:
        """The rules, by identity, that are on any of some ports, or on ports by name."""
        if ports not in self._on_ports:
            groups = (some for own, some in self._by_ports.items() if not own.isdisjoint(ports))
            self._on_ports[ports] = self._named.union(*groups)
        return self._on_ports[ports]

    def _left(self, part: _Part, rule: OrderedRule) -> Traffic:
        """What a rule surely does not match of a part, or might not."""
        includes, blocks = self._includes_peers(rule, part), rule.peers.blocks
        if includes and part.name is not None and part.name[1] in rule.names:
            return Traffic.NONE
        is_block = part.pods is None and part.nodes is None
        if not includes and not (blocks and (is_block or self._blocks_match_pods)):
            return part.left
        return part.left - Traffic.of(AddressSet.ALL if includes else blocks, rule.ports)

    def _includes_peers(self, rule: OrderedRule, part: _Part) -> bool:
        """Whether a rule matches all pods, or all nodes, of a part."""
        peers = rule.peers
        return (
            peers.anywhere
            or (part.pods is not None and not peers.selections.isdisjoint(self._implied_by(part.pods)))
            or (part.nodes is not None and any(map(part.nodes.implies, peers.nodes)))
        )

    def _may_meet(self, part: _Part, rule: OrderedRule) -> bool:
        """Whether a rule might match some of a part, in some cluster. A pod and a node may have any address."""
        peers = rule.peers
        only_pods = not (peers.anywhere or peers.blocks or peers.nodes)
        if only_pods and part.pods is not None and peers.selections <= self.excluded_by(part.pods):
            return False
        only_blocks = not (peers.anywhere or peers.selections or peers.nodes or part.pods or part.nodes)
        ports = PortSet.ALL if rule.names else rule.ports
        return bool(part.left & Traffic.of(peers.blocks if only_blocks else AddressSet.ALL, ports))

    def _implied_by(self, pods: PodSelection) -> frozenset[PodSelection]:
        """The selections in rules that include all of some pods."""
        if pods not in self._implied:
            self._implied[pods] = frozenset(one for one in self._selections if pods.implies(one))
        return self._implied[pods]


def _includes(policy: OrderedPolicy, subject: PodSelection) -> bool:
    """Whether a policy is about every pod of a subject."""
    return policy.subject is not None and subject.implies(policy.subject)


def _parts(rule: OrderedRule | PolicyRule, direction: Direction) -> Iterator[_Part]:
    peers, everywhere = rule.peers, Traffic.of(AddressSet.ALL, rule.ports)
    names = tuple(rule.protocol_names()) if isinstance(rule, OrderedRule) else rule.names
    for pods in peers.selections:
        if not pods.contradictory:
            yield from _with_names(_Part(everywhere, pods), names, AddressSet.ALL)
    for nodes in peers.nodes:
        if everywhere and not nodes.contradictory:
            yield _Part(everywhere, nodes=nodes)
    if peers.anywhere and everywhere:
        yield _Part(everywhere, ANY_POD)
    addresses = AddressSet.ALL if peers.anywhere else peers.blocks
    if addresses:
        if rule.ports:
            yield _Part(Traffic.of(addresses, rule.ports))
        having_names = None if direction is Direction.INGRESS else ANY_POD  # the destination's pod gives the names
        yield from _with_names(_Part(Traffic.NONE, having_names), names, addresses)


def _with_names(part: _Part, names: Iterable[tuple[int, str]], addresses: AddressSet) -> Iterator[_Part]:
    """A part, unless it is empty, and the same for each port name: on any port that it can stand for."""
    if part.left:
        yield part
    for protocol, name in names:
        yield replace(part, left=Traffic.of(addresses, PortSet.port(protocol, 1, 65535)), name=(protocol, name))
