"""A NetworkPolicy in plain sentences.

Why: people who are new to policies must be able to check what one does: which pods it selects in general and right now,
what each rule allows and where it is written, what is AND and what is OR, what an absent list means, and what stays
denied. Promises that the selected pods are the engine's answer, and that every rule appears exactly once, with its
place.

    NetworkPolicy shop/web
     ├─ the pods that it selects ── the pods that it selects right now
     └─ each direction: isolated or not affected
         ├─ each rule ─┬─ its peers (OR) ── the pods that they select right now
         │             └─ its ports (OR)
         └─ what stays denied
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster
from haechi.analysis.explain.ports import port_numbers, port_phrase
from haechi.analysis.explain.selections import SelectedPods, labels_phrase, name_list, selection_phrase
from haechi.analysis.explain.sentences import Joined, Sentence
from haechi.analysis.explain.tierrules import DecidedRule, decided_by
from haechi.engine import Peers, Policy, PolicyRule, read_peer
from haechi.model import (
    Direction,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    Path,
    PodKey,
    PolicyKey,
    RuleRef,
    default,
    parse_cidr,
)
from haechi.select import EVERYTHING
from haechi.sets import PortSet

SUFFIXES = {Direction.INGRESS: "in", Direction.EGRESS: "out"}
"""The last part of keys that differ by direction."""
_Written = NetworkPolicyIngressRule | NetworkPolicyEgressRule
_EVERYTHING = PolicyRule(Peers(anywhere=True), PortSet.ALL)
_PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


@dataclass(frozen=True, slots=True)
class PolicyExplanation:
    """A policy, explained.

    Attributes:
        key: its namespace and name.
        selected: the pods of the cluster that it selects, sorted.
        isolates: the directions in which it isolates them.
        sentence: its title, with the explanation below.
        decided: its rules, or all rules of a direction, that never decide, because tiers decide before them.
    """

    key: PolicyKey
    selected: tuple[PodKey, ...]
    isolates: tuple[Direction, ...]
    sentence: Sentence
    decided: tuple[DecidedRule, ...] = ()


def explain_policy(cluster: Cluster, key: PolicyKey, selected: SelectedPods | None = None) -> PolicyExplanation:
    """Explain one policy of a cluster.

    Args:
        cluster: the cluster that has the policy.
        key: the policy.
        selected: of the same cluster; shared between explanations, it resolves each selection once.

    Raises:
        KeyError: the cluster has no such policy.
    """
    explainer = _PolicyExplainer(cluster, key, selected or SelectedPods(cluster))
    policy = explainer.policy
    isolates = tuple(direction for direction in Direction if direction in policy.directions)
    title = explainer.title()
    return PolicyExplanation(key, explainer.pods.keys(policy.subject), isolates, title, tuple(explainer.decided))


class _PolicyExplainer:
    """Builds the sentences about one policy."""

    def __init__(self, cluster: Cluster, key: PolicyKey, pods: SelectedPods) -> None:
        self.cluster = cluster
        self.key = key
        self.written: NetworkPolicy = cluster.policies[key]
        self.policy: Policy = cluster.engine.policies[key]
        self.pods = pods
        self.decided: list[DecidedRule] = []

    def title(self) -> Sentence:
        below = [self._subject()]
        if self._is_unreadable:
            below.insert(0, self._at(("spec",), "policy.unreadable"))
        if not self.written.spec.policy_types:
            types = Joined(default(self.written).spec.policy_types)
            below.append(Sentence.of("types.default", types=types))
        below += [self._direction(direction) for direction in Direction]
        return self._at((), "policy.title", tuple(below), policy=str(self.key))

    @property
    def _is_unreadable(self) -> bool:
        """Whether the manifest cannot be decoded, so that its rules are unknown."""
        place = self.cluster.places.get(self.key)
        return place is not None and bool(place.problems)

    def _at(
        self, path: Path, key: str, below: tuple[Sentence, ...] = (), /, **values: str | int | Sentence | Joined
    ) -> Sentence:
        return Sentence.of(key, location=self.cluster.location(self.key, path), below=below, **values)

    def _subject(self) -> Sentence:
        selector, path = self.policy.subject.pods, ("spec", "podSelector")
        if selector.contradictory:
            return self._at(path, "subject.none")
        now, namespace = (self.pods.sentence(self.policy.subject),), self.key.namespace
        if selector == EVERYTHING:
            return self._at(path, "subject.all", now, namespace=namespace)
        return self._at(path, "subject.some", now, namespace=namespace, labels=labels_phrase(selector))

    def _direction(self, direction: Direction) -> Sentence:
        suffix, path = SUFFIXES[direction], ("spec", direction.lower())
        spec = self.written.spec
        rules: Sequence[_Written] = spec.ingress if direction is Direction.INGRESS else spec.egress
        if direction not in self.policy.directions:
            ignored = (self._at(path, f"direction.ignored.{suffix}"),) if rules else ()
            return Sentence.of(f"direction.unaffected.{suffix}", below=ignored)
        below = [*self._asked_first(direction)]
        read = dict(self.policy.referenced(direction))
        for index, rule in enumerate(rules):
            ref = RuleRef(self.key, direction, index)
            below.append(self._rule(rule, ref, len(rules), read.get(ref)))
        if not rules and not self._is_unreadable:
            below.append(self._at(path, f"rules.none.{suffix}"))
        is_open = any(each.key == f"rule.everything.{suffix}" for each in below)
        open_key = "rest.undecided" if self.cluster.engine.tier_policies else "rest.none"
        below.append(Sentence.of(f"{open_key if is_open else 'rest'}.{suffix}"))
        return self._at(("spec", "policyTypes"), f"direction.isolated.{suffix}", tuple(below))

    def _asked_first(self, direction: Direction) -> Iterator[Sentence]:
        """The policies of tiers that judge some of the selected pods before, and whether they decide everything."""
        first = self.pods.asked_first(self.policy.subject, direction)
        if first:
            yield Sentence.of("tiers.first", policies=name_list([*map(str, first)]))
        yield from self._never(_EVERYTHING, direction, ("spec", direction.lower()), "tiers.decide")

    def _never(self, rule: PolicyRule | None, direction: Direction, steps: Path, key: str) -> Iterator[Sentence]:
        """That policies of tiers decide all that a rule allows, if they do in every cluster."""
        if rule is None or not self.cluster.engine.tier_policies or self.policy.subject.contradictory:
            return
        by = self.pods.precedence.before_policies(rule, self.policy.subject, direction)
        if by:
            self.decided.append(DecidedRule.of(self.cluster, self.key, steps, by))
            yield Sentence.of(key, below=decided_by(self.cluster, by))

    def _rule(self, rule: _Written, ref: RuleRef, total: int, read: PolicyRule | None) -> Sentence:
        suffix, path, number = SUFFIXES[ref.direction], ref.steps, ref.index + 1
        reasons = tuple(self._defects(ref))
        if reasons:
            return self._at(path, "rule.unreadable", number=number, total=total, reasons=Joined(reasons))
        never = tuple(self._never(read, ref.direction, path, "never"))
        if not rule.peers and not rule.ports:
            return self._at(path, f"rule.everything.{suffix}", never, number=number, total=total)
        below = (*never, self._peers(rule, ref), self._ports(rule, ref))
        return self._at(path, f"rule.both.{suffix}", below, number=number, total=total)

    def _defects(self, ref: RuleRef) -> Iterator[str]:
        """Why a rule allows nothing: its own defects, or those of podSelector and policyTypes."""
        for defect in self.policy.defects:
            if defect.rule in (None, ref):
                yield f"{defect.path}: {defect.reason}"

    def _peers(self, rule: _Written, ref: RuleRef) -> Sentence:
        suffix, path = SUFFIXES[ref.direction], (*ref.steps, _PEERS[ref.direction])
        if not rule.peers:
            return self._at(ref.steps, f"peers.any.{suffix}")
        if len(rule.peers) == 1:
            return self._peer(f"peers.one.{suffix}", rule.peers[0], (*path, 0))
        items = tuple(self._peer("peers.item", peer, (*path, number)) for number, peer in enumerate(rule.peers))
        return self._at(path, f"peers.many.{suffix}", items, number=len(items))

    def _peer(self, key: str, peer: NetworkPolicyPeer, path: Path) -> Sentence:
        if peer.ip_block is not None:
            cidr, excepts = _masked(peer.ip_block.cidr), tuple(map(_masked, peer.ip_block.except_))
            if excepts:
                return self._at(path, key, peer=Sentence.of("peer.block.except", cidr=cidr, excepts=Joined(excepts)))
            return self._at(path, key, peer=Sentence.of("peer.block", cidr=cidr))
        (selection,) = read_peer(peer, self.key.namespace).selections
        now = () if selection.contradictory else (self.pods.sentence(selection),)
        return self._at(path, key, now, peer=selection_phrase(selection))

    def _ports(self, rule: _Written, ref: RuleRef) -> Sentence:
        suffix, path = SUFFIXES[ref.direction], (*ref.steps, "ports")
        if not rule.ports:
            return self._at(ref.steps, "ports.any")
        key = "ports.item" if len(rule.ports) > 1 else "ports.one"
        items: list[Sentence] = []
        for number, each in enumerate(rule.ports):
            now: tuple[Sentence, ...] = ()
            if isinstance(each.port, str) and ref.direction is Direction.INGRESS:
                selected = (endpoint for endpoint, _ in self.cluster.engine.members(self.policy.subject))
                now = (port_numbers(each, selected),)
            items.append(self._at((*path, number), key, now, port=port_phrase(each, suffix)))
        return self._at(path, "ports.many", tuple(items), number=len(items)) if len(items) > 1 else items[0]


def _masked(text: str) -> str:
    """A readable CIDR, with the network that it means where it has host bits: `10.0.0.5/8 = 10.0.0.0/8`."""
    cidr = parse_cidr(text)
    return f"{text} = {cidr.canonical}" if cidr.has_host_bits else text
