"""A NetworkPolicy in plain sentences.

Why: people who meet policies for the first time must be able to check what one does: whom it selects in general and
right now, what each rule allows and where it stands, what is AND and what is OR, what an absent list means, and what
stays closed. Promises that who is selected is the engine's answer, and that each rule is told exactly once, with its
place. Words come last: see `haechi.analysis.explain.sentences`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster
from haechi.analysis.explain.ports import named_now, port
from haechi.analysis.explain.selections import Present, group, labels
from haechi.analysis.explain.sentences import Joined, Sentence, say
from haechi.engine import PodSelection, Policy
from haechi.model import (
    Direction,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    PodKey,
    PolicyKey,
    default,
)
from haechi.select import EVERYTHING, Selector

Rule = NetworkPolicyIngressRule | NetworkPolicyEgressRule
WAYS = {Direction.INGRESS: "in", Direction.EGRESS: "out"}
"""How the keys of sentences end."""
_PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


@dataclass(frozen=True, slots=True)
class PolicyExplanation:
    """What there is to say about a policy.

    Attributes:
        key: which one.
        selected: the pods of the cluster that it selects, sorted.
        isolates: the directions in which it isolates them.
        told: the whole, as a sentence with others below.
    """

    key: PolicyKey
    selected: tuple[PodKey, ...]
    isolates: tuple[Direction, ...]
    told: Sentence


def explain_policy(cluster: Cluster, key: PolicyKey, present: Present | None = None) -> PolicyExplanation:
    """Explain one policy of a cluster.

    Args:
        cluster: where it is in force.
        key: the policy.
        present: shared between the explanations of one cluster, so that groups are looked up once.

    Raises:
        KeyError: the cluster has no such policy.
    """
    teller = _Teller(cluster, key, present or Present(cluster))
    read = teller.read
    isolates = tuple(direction for direction in Direction if direction in read.directions)
    return PolicyExplanation(key, teller.present.keys(read.subject), isolates, teller.whole())


class _Teller:
    """One policy, about to be told."""

    def __init__(self, cluster: Cluster, key: PolicyKey, present: Present) -> None:
        self.cluster = cluster
        self.key = key
        self.given: NetworkPolicy = cluster.policies[key]
        self.read: Policy = cluster.engine.policies[key]
        self.present = present

    def whole(self) -> Sentence:
        below = [self._subject()]
        if self._closed:
            below.insert(0, self._say("policy.closed", "spec"))
        if not self.given.spec.policy_types:
            types = Joined(default(self.given).spec.policy_types)
            below.append(say("types.default", types=types))
        below += [self._direction(direction) for direction in Direction]
        return self._say("policy.title", "", tuple(below), policy=str(self.key))

    @property
    def _closed(self) -> bool:
        """Whether the manifest cannot be read as a policy, so that none of its rules is here."""
        place = self.cluster.places.get(self.key)
        return place is not None and bool(place.problems)

    def _say(
        self, key: str, path: str, below: tuple[Sentence, ...] = (), /, **values: str | int | Sentence | Joined
    ) -> Sentence:
        return say(key, location=self.cluster.location(self.key, path), below=below, **values)

    def _subject(self) -> Sentence:
        selector, path = self.read.subject.pods, "spec.podSelector"
        if selector.contradictory:
            return self._say("subject.nobody", path)
        now = (self.present.now(self.read.subject),)
        if selector == EVERYTHING:
            return self._say("subject.all", path, now, namespace=self.key.namespace)
        return self._say("subject.some", path, now, namespace=self.key.namespace, labels=labels(selector))

    def _direction(self, direction: Direction) -> Sentence:
        way, field = WAYS[direction], f"spec.{direction.lower()}"
        spec = self.given.spec
        rules: Sequence[Rule] = spec.ingress if direction is Direction.INGRESS else spec.egress
        if direction not in self.read.directions:
            ignored = (self._say(f"direction.ignored.{way}", field),) if rules else ()
            return say(f"direction.free.{way}", below=ignored)
        below = [self._rule(rule, direction, number, len(rules)) for number, rule in enumerate(rules)]
        if not rules and not self._closed:
            below.append(self._say(f"rules.none.{way}", field))
        everything = any(each.key == f"rule.everything.{way}" for each in below)
        below.append(say(f"closed.none.{way}" if everything else f"closed.{way}"))
        return self._say(f"direction.isolated.{way}", "spec.policyTypes", tuple(below))

    def _rule(self, rule: Rule, direction: Direction, number: int, total: int) -> Sentence:
        way, path = WAYS[direction], f"spec.{direction.lower()}[{number}]"
        reasons = tuple(self._defects(path))
        if reasons:
            return self._say("rule.unreadable", path, number=number + 1, total=total, reasons=Joined(reasons))
        if not rule.peers and not rule.ports:
            return self._say(f"rule.everything.{way}", path, number=number + 1, total=total)
        below = (self._peers(rule, direction, path), self._ports(rule, way, path))
        return self._say(f"rule.both.{way}", path, below, number=number + 1, total=total)

    def _defects(self, path: str) -> Iterator[str]:
        """Why a rule allows nothing: its own defects, or those of podSelector and policyTypes."""
        for defect in self.read.defects:
            if defect.path.startswith((f"{path}.", "spec.podSelector", "spec.policyTypes")):
                yield f"{defect.path}: {defect.reason}"

    def _peers(self, rule: Rule, direction: Direction, path: str) -> Sentence:
        way, field = WAYS[direction], f"{path}.{_PEERS[direction]}"
        if not rule.peers:
            return self._say(f"peers.any.{way}", path)
        several = len(rule.peers) > 1
        key = "peers.item" if several else f"peers.one.{way}"
        items = tuple(self._peer(key, peer, f"{field}[{number}]") for number, peer in enumerate(rule.peers))
        return self._say(f"peers.many.{way}", field, items, number=len(items)) if several else items[0]

    def _peer(self, key: str, peer: NetworkPolicyPeer, path: str) -> Sentence:
        if peer.ip_block is not None:
            cidr, excepts = peer.ip_block.cidr, peer.ip_block.except_
            phrase = say("peer.block.except", cidr=cidr, excepts=Joined(excepts)) if excepts else None
            return self._say(key, path, peer=phrase or say("peer.block", cidr=cidr))
        meant = _selection(peer, self.key.namespace)
        phrase = group(meant)
        now = () if phrase.key == "peer.nobody" else (self.present.now(meant),)
        return self._say(key, path, now, peer=phrase)

    def _ports(self, rule: Rule, way: str, path: str) -> Sentence:
        if not rule.ports:
            return self._say("ports.any", path)
        several = len(rule.ports) > 1
        key = "ports.item" if several else "ports.one"
        items: list[Sentence] = []
        for number, each in enumerate(rule.ports):
            now: tuple[Sentence, ...] = ()
            if isinstance(each.port, str) and way == "in":
                selected = (endpoint for endpoint, _ in self.cluster.engine.members(self.read.subject))
                now = (named_now(each, selected),)
            items.append(self._say(key, f"{path}.ports[{number}]", now, port=port(each, way)))
        return self._say("ports.many", f"{path}.ports", tuple(items), number=len(items)) if several else items[0]


def _selection(peer: NetworkPolicyPeer, namespace: str) -> PodSelection:
    """The pods of a peer that the engine could read."""
    pods = EVERYTHING if peer.pod_selector is None else Selector.parse(peer.pod_selector)
    if peer.namespace_selector is None:
        return PodSelection(namespace, pods)
    return PodSelection.of(Selector.parse(peer.namespace_selector), pods)
