"""A policy of a tier in plain sentences: ClusterNetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy.

Why: rules of tiers are ordered, across policies as well, so a policy alone does not show what it does. Promises that
the order is the engine's, that every rule appears exactly once, with its place, and that a rule, or a part of one, that
is said never to decide changes no verdict, in any cluster.

    ClusterNetworkPolicy deny-ssh
     ├─ its tier and priority ── the policies that are asked before and after it
     ├─ its subject ── the pods that it selects right now
     └─ each direction
         ├─ each rule ─┬─ its peers (OR) ── the pods that they select right now, rules that decide this before
         │             └─ its ports (OR)
         └─ where connections go that no rule matches, or that a rule passes
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from haechi.analysis.cluster import Cluster
from haechi.analysis.explain.policy import SUFFIXES
from haechi.analysis.explain.selections import MOST_NAMES, SelectedPods, name_list, pod_count, selection_phrase
from haechi.analysis.explain.sentences import Joined, Sentence, Value
from haechi.analysis.explain.tierrules import (
    DecidedRule,
    WrittenPeer,
    WrittenRule,
    decided_by,
    entry_phrase,
    given_rules,
    named_numbers,
    nodes_now,
    reasons,
    rule_label,
    tier_peer_phrase,
)
from haechi.engine import ANY_POD, OrderedPolicy, OrderedRule, Peers, read_tier_peer, read_tier_protocol
from haechi.model import (
    Action,
    AnyPolicyKey,
    BaselineAdminNetworkPolicy,
    ClusterNetworkPolicy,
    ClusterPolicyKey,
    Direction,
    Path,
    PodKey,
    PolicyKey,
    Tier,
    TierRuleRef,
    as_cluster_network_policy,
)
from haechi.sets import PortSet

_PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


@dataclass(frozen=True, slots=True)
class TierPolicyExplanation:
    """A policy of a tier, explained.

    Attributes:
        key: its kind and name.
        tier: its tier; Admin for one that cannot be read.
        priority: None if its kind has none.
        before: the policies of the tier that can select the same pods and are asked before it, in order.
        after: those that are asked after it.
        selected: the pods of the cluster that it selects, sorted.
        decided: its rules and parts of rules that never decide.
        sentence: its title, with the explanation below.
    """

    key: ClusterPolicyKey
    tier: Tier
    priority: int | None
    before: tuple[ClusterPolicyKey, ...]
    after: tuple[ClusterPolicyKey, ...]
    selected: tuple[PodKey, ...]
    decided: tuple[DecidedRule, ...]
    sentence: Sentence


def explain_tier_policy(
    cluster: Cluster, key: ClusterPolicyKey, selected: SelectedPods | None = None
) -> TierPolicyExplanation:
    """Explain one policy of a tier.

    Args:
        cluster: the cluster that has the policy.
        key: the policy.
        selected: of the same cluster; shared between explanations, it resolves each selection once.

    Raises:
        KeyError: the cluster has no such policy.
    """
    explainer = _TierPolicyExplainer(cluster, key, selected or SelectedPods(cluster))
    policy, title = explainer.policy, explainer.title()
    return TierPolicyExplanation(
        key,
        policy.tier,
        policy.priority if _has_priority(policy) else None,
        tuple(one.key for one in explainer.before),
        tuple(one.key for one in explainer.after),
        explainer.selected,
        tuple(explainer.decided),
        title,
    )


class _TierPolicyExplainer:
    """Builds the sentences about one policy."""

    def __init__(self, cluster: Cluster, key: ClusterPolicyKey, pods: SelectedPods) -> None:
        self.cluster = cluster
        self.key = key
        self.given = cluster.tier_policies[key]
        self.spec = as_cluster_network_policy(self.given).spec
        self.policy: OrderedPolicy = cluster.engine.tier_policies[key]
        self.pods = pods
        self.selected = () if self.policy.subject is None else pods.keys(self.policy.subject)
        self.decided: list[DecidedRule] = []
        self.before, self.after = self._others()

    def _others(self) -> tuple[list[OrderedPolicy], list[OrderedPolicy]]:
        """The policies of the tier that can select the same pods, by the order in which they are asked."""
        own = self.policy
        if own.subject is None:
            return [], []
        excluded = self.pods.precedence.excluded_by(own.subject)
        others = [
            one
            for one in self.cluster.engine.tier_policies.values()
            if one.tier is own.tier and one.subject is not None and one.subject not in excluded
        ]
        others.sort(key=lambda one: one.order)
        before = [one for one in others if one.order < own.order]
        return before, [one for one in others if one.order > own.order]

    def title(self) -> Sentence:
        below = [self._tier(), self._subject()]
        closed = [f"{one.path}: {one.reason}" for one in self.policy.defects if one.rule is None]
        if closed:
            below.append(Sentence.of("tier.unreadable", reasons=Joined(tuple(closed))))
        below += [self._direction(direction) for direction in Direction]
        return self._at((), "tier.title", tuple(below), kind=self.key.kind, name=self.key.name)

    def _at(self, path: Path, key: str, below: tuple[Sentence, ...] = (), /, **values: Value) -> Sentence:
        return Sentence.of(key, location=self.cluster.location(self.key, path), below=below, **values)

    def _tier(self) -> Sentence:
        own = self.policy
        tied = [one.key for one in (*self.before, *self.after) if one.priority == own.priority]
        below = [
            Sentence.of(f"tier.{where}", names=name_list([*map(_with_priority, some)]))
            for where, some in (("before", self.before), ("after", self.after))
            if some
        ] or [Sentence.of("tier.alone")]
        if tied:
            below.append(Sentence.of("tier.tied", names=name_list([*map(str, tied)])))
        if not _has_priority(own):
            return self._at(("spec",), "tier.last", tuple(below))
        if self.spec.tier not in tuple(Tier):
            return self._at(("spec", "tier"), "tier.is_unknown", tuple(below), priority=own.priority)
        word = "tier.is_admin" if own.tier is Tier.ADMIN else "tier.is_baseline"
        return self._at(("spec", "priority"), word, tuple(below), priority=own.priority)

    def _subject(self) -> Sentence:
        path, subject = ("spec", "subject"), self.policy.subject
        if subject is None:
            return self._at(path, "tier.subject.unreadable")
        if subject.contradictory:
            return self._at(path, "tier.subject.none")
        if subject == ANY_POD:
            return self._at(path, "tier.subject.all", (self.pods.sentence(subject),))
        return self._at(path, "tier.subject", (self.pods.sentence(subject),), peer=selection_phrase(subject))

    # -- a direction -------------------------------------------------------------------------------------------------

    def _direction(self, direction: Direction) -> Sentence:
        suffix = SUFFIXES[direction]
        rules: tuple[WrittenRule, ...] = self.spec.ingress if direction is Direction.INGRESS else self.spec.egress
        if not rules:
            return Sentence.of(f"tier.unaffected.{suffix}")
        readable = {rule.ref.index: rule for rule in self.policy.rules(direction)}
        refs = [TierRuleRef(self.key, direction, index) for index in range(len(rules))]
        below = [
            self._rule(rule, ref, len(rules), readable.get(ref.index)) for rule, ref in zip(rules, refs, strict=True)
        ]
        if direction is Direction.INGRESS and not any(rule.peers.anywhere for rule in readable.values()):
            below.append(Sentence.of("tier.pods_only"))
        below.append(self._rest(direction))
        return self._at(("spec", direction.lower()), f"tier.direction.{suffix}", tuple(below))

    def _rest(self, direction: Direction) -> Sentence:
        """What becomes of connections that the policy leaves undecided, for the pods that it selects."""
        rules = self.policy.rules(direction)
        if any(rule.peers.anywhere for rule in rules) and not any(rule.action is Action.PASS for rule in rules):
            return Sentence.of("tier.rest.none")
        key = "admin" if self.policy.tier is Tier.ADMIN else "baseline"
        where = "next" if any(direction in one.directions for one in self.after) else "last"
        return Sentence.of(f"tier.rest.{key}.{where}", below=tuple(self._following(direction)))

    def _following(self, direction: Direction) -> Iterator[Sentence]:
        by = self.pods.after_admin(direction)
        groups: dict[tuple[AnyPolicyKey, ...], list[PodKey]] = {}
        for pod in self.selected:
            policies = by[pod]
            isolated = bool(policies) and isinstance(policies[0], PolicyKey)
            if isolated or self.policy.tier is Tier.ADMIN:
                groups.setdefault(policies, []).append(pod)
        for policies, pods in [*groups.items()][:MOST_NAMES]:
            count, names = pod_count(len(pods)), self.pods.names(pods)
            if not policies:
                yield Sentence.of("following.nothing", count=count, names=names)
                continue
            key = "policies" if isinstance(policies[0], PolicyKey) else "baseline"
            word = f"following.{key}" if self.policy.tier is Tier.ADMIN else "following.isolated"
            yield Sentence.of(word, count=count, names=names, policies=name_list([*map(str, policies)]))
        if len(groups) > MOST_NAMES:
            yield Sentence.of("following.more", number=len(groups) - MOST_NAMES)

    # -- a rule ------------------------------------------------------------------------------------------------------

    def _rule(self, rule: WrittenRule, ref: TierRuleRef, total: int, read: OrderedRule | None) -> Sentence:
        suffix, label = SUFFIXES[ref.direction], rule_label(rule, ref.index + 1, total)
        wrong = tuple(reasons(self.cluster, self.policy, ref))
        if wrong or read is None:
            key = "tier.closed.accept" if rule.action == Action.ACCEPT else f"tier.closed.{suffix}"
            never = () if read is None else self._never(read, ref.steps)
            return self._at(ref.steps, key, never, rule=label, reasons=Joined(wrong))
        never = self._never(read, ref.steps)
        below = [
            *never,
            self._peers(rule, read, is_decided=bool(never)),
            self._ports(rule, read, is_decided=bool(never)),
        ]
        if read.action is Action.PASS:
            below.append(Sentence.of("pass.admin" if self.policy.tier is Tier.ADMIN else "pass.baseline"))
        written = given_rules(self.given, ref.direction)[ref.index].action
        key = f"tier.{read.action.lower()}.{suffix}"
        return self._at(ref.steps, key, tuple(below), rule=label, action=written, tier=self.policy.tier.value)

    def _never(self, part: OrderedRule, steps: Path) -> tuple[Sentence, ...]:
        """That earlier rules decide all that a rule, or a part of one, could match; nothing if they may not."""
        by = self.pods.precedence.before(part)
        if not by or self.policy.subject is None or self.policy.subject.contradictory:
            return ()
        self.decided.append(DecidedRule.of(self.cluster, self.key, steps, by))
        return (Sentence.of("never", below=decided_by(self.cluster, by)),)

    def _peers(self, rule: WrittenRule, read: OrderedRule, *, is_decided: bool) -> Sentence:
        suffix, path = SUFFIXES[read.ref.direction], (*read.ref.steps, _PEERS[read.ref.direction])
        several = len(rule.peers) > 1
        key = "peers.item" if several else f"peers.one.{suffix}"
        items = []
        given: tuple[WrittenPeer, ...] = rule.peers
        for number, peer in enumerate(given):
            peers = read_tier_peer(peer, read.action)
            below = [*self._now(peers)]
            if several and not is_decided:
                below += self._never(replace(read, peers=peers), (*path, number))
            items.append(self._at((*path, number), key, tuple(below), peer=tier_peer_phrase(peer, peers)))
        return self._at(path, f"peers.many.{suffix}", tuple(items), number=len(items)) if several else items[0]

    def _now(self, peers: Peers) -> Iterator[Sentence]:
        for selection in peers.selections:
            if not selection.contradictory:
                yield self.pods.sentence(selection)
        for nodes in peers.nodes:
            if not nodes.contradictory:
                yield nodes_now(self.cluster, nodes)
        if peers.blocks:
            if self.cluster.engine.ipblock_matches_pods:
                yield Sentence.of("tier.networks")
        elif not peers:
            yield Sentence.of("tier.domains")

    def _ports(self, rule: WrittenRule, read: OrderedRule, *, is_decided: bool) -> Sentence:
        direction = read.ref.direction
        field = "protocols" if self.key.kind == ClusterNetworkPolicy.kind else "ports"
        path = (*read.ref.steps, field)
        if rule.protocols is None:
            return self._at(read.ref.steps, "tier.ports.any", field=field)
        several = len(rule.protocols) > 1
        items = []
        for number, each in enumerate(rule.protocols):
            entry = read_tier_protocol(each)
            below = []
            if isinstance(entry, str) and direction is Direction.INGRESS and self.policy.subject is not None:
                selected = (endpoint for endpoint, _ in self.cluster.engine.members(self.policy.subject))
                below.append(named_numbers(entry, selected))
            if several and not is_decided:
                ports, names = (PortSet.NONE, (entry,)) if isinstance(entry, str) else (entry, ())
                below += self._never(replace(read, ports=ports, names=names), (*path, number))
            key = "ports.item" if several else "ports.one"
            items.append(self._at((*path, number), key, tuple(below), port=entry_phrase(entry, direction)))
        return self._at(path, "ports.many", tuple(items), number=len(items)) if several else items[0]


def _with_priority(policy: OrderedPolicy) -> Sentence | str:
    if not _has_priority(policy):
        return str(policy.key)
    return Sentence.of("tier.policy", policy=str(policy.key), priority=policy.priority)


def _has_priority(policy: OrderedPolicy) -> bool:
    return policy.key.kind != BaselineAdminNetworkPolicy.kind
