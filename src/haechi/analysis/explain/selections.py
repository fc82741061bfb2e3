"""Selections of pods as phrases: in general, the pods that they select right now, and what judges those.

Promises that membership is the engine's answer, that pods of one workload are named together, and that each selection
is resolved once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from haechi.analysis.cluster import Cluster
from haechi.analysis.explain.sentences import Joined, Sentence
from haechi.engine import OrderedPolicy, PodSelection, Precedence
from haechi.model import NAME_LABEL, AnyPolicyKey, ClusterPolicyKey, Direction, PodKey, Tier
from haechi.select import EVERYTHING, Requirement, Selector, SelectorOperator

MOST_NAMES = 10
"""How many names a sentence lists; the others are counted."""


class SelectedPods:
    """The pods of a cluster by selection, and the policies that judge them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._sentences: dict[PodSelection, Sentence] = {}
        self._admin: dict[PodKey, list[OrderedPolicy]] = {}
        self._finally: dict[Direction, Mapping[PodKey, tuple[AnyPolicyKey, ...]]] = {}

    @cached_property
    def precedence(self) -> Precedence:
        """Which rules of tiers are asked before others."""
        engine = self._cluster.engine
        return Precedence(engine.tier_policies.values(), blocks_match_pods=engine.ipblock_matches_pods)

    def after_admin(self, direction: Direction) -> Mapping[PodKey, tuple[AnyPolicyKey, ...]]:
        """What judges each pod after the Admin tier: NetworkPolicies, else the Baseline tier, else nothing."""
        if direction not in self._finally:
            engine = self._cluster.engine
            self._finally[direction] = {
                one.key: tuple(sorted(engine.policies_of(one, direction)))
                or tuple(
                    each.key for each in engine.tier_policies_of(one, Tier.BASELINE) if direction in each.directions
                )
                for one in engine.endpoints
            }
        return self._finally[direction]

    def asked_first(self, selection: PodSelection, direction: Direction) -> tuple[ClusterPolicyKey, ...]:
        """The policies of the Admin tier with rules about any pod of a selection, in order."""
        engine = self._cluster.engine
        if not engine.tier_policies:
            return ()
        found: dict[ClusterPolicyKey, tuple[int, str, str]] = {}
        for endpoint, _ in engine.members(selection):
            if endpoint.key not in self._admin:
                self._admin[endpoint.key] = engine.tier_policies_of(endpoint, Tier.ADMIN)
            found.update({one.key: one.order for one in self._admin[endpoint.key] if direction in one.directions})
        return tuple(sorted(found, key=found.__getitem__))

    def keys(self, selection: PodSelection) -> tuple[PodKey, ...]:
        """The pods that it selects now, sorted."""
        return tuple(sorted(endpoint.key for endpoint, _ in self._cluster.engine.members(selection)))

    def sentence(self, selection: PodSelection) -> Sentence:
        """Which pods it selects now: `Right now 2 pods: shop/client, shop/web`."""
        if selection not in self._sentences:
            self._sentences[selection] = self._sentence(self.keys(selection))
        return self._sentences[selection]

    def _sentence(self, keys: tuple[PodKey, ...]) -> Sentence:
        if not keys:
            return Sentence.of("now.none")
        return Sentence.of("now.some", count=pod_count(len(keys)), names=self.names(keys))

    def names(self, keys: Collection[PodKey]) -> Sentence | Joined:
        """Some pods, those of one workload together."""
        workloads = Counter(self._cluster.owners[key] for key in keys)
        return name_list(
            [
                f"{owner.namespace}/{owner.name}"
                if owner.kind == "Pod"
                else Sentence.of(
                    "workload", kind=owner.kind, name=f"{owner.namespace}/{owner.name}", count=pod_count(number)
                )
                for owner, number in sorted(workloads.items())
            ]
        )


def pod_count(number: int) -> Sentence:
    """`2 pods`."""
    return Sentence.of("count.one") if number == 1 else Sentence.of("count.many", number=number)


def name_list(names: Sequence[Sentence | str]) -> Sentence | Joined:
    """`a, b and 3 more`: the first `MOST_NAMES` names."""
    first = Joined(tuple(names[:MOST_NAMES]))
    rest = len(names) - MOST_NAMES
    return Sentence.of("names.more", names=first, number=rest) if rest > 0 else first


def labels_phrase(selector: Selector) -> Joined:
    """The requirements of a selector that is neither empty nor contradictory."""
    return Joined(tuple(_requirement(each) for each in selector.requirements), "join.and")


def _requirement(one: Requirement) -> Sentence:
    values = Joined(tuple(value or '""' for value in one.values))
    match one.operator:
        case SelectorOperator.IN if len(one.values) == 1:
            return Sentence.of("label.is", key=one.key, value=values)
        case SelectorOperator.IN:
            return Sentence.of("label.one_of", key=one.key, values=values)
        case SelectorOperator.NOT_IN:
            return Sentence.of("label.none_of", key=one.key, values=values)
        case SelectorOperator.EXISTS:
            return Sentence.of("label.present", key=one.key)
        case SelectorOperator.DOES_NOT_EXIST:
            return Sentence.of("label.absent", key=one.key)


def selection_phrase(selection: PodSelection) -> Sentence:
    """`pods in namespace shop that have label app=web`."""
    namespaces, pods = selection.namespaces, selection.pods
    if selection.contradictory:
        themselves = pods.contradictory or (isinstance(namespaces, Selector) and namespaces.contradictory)
        return Sentence.of("peer.none") if themselves else Sentence.of("peer.nameless", key=NAME_LABEL)
    if isinstance(namespaces, str):
        if pods == EVERYTHING:
            return Sentence.of("peer.pods.all", namespace=namespaces)
        return Sentence.of("peer.pods", namespace=namespaces, labels=labels_phrase(pods))
    if namespaces == EVERYTHING:
        if pods == EVERYTHING:
            return Sentence.of("peer.everywhere")
        return Sentence.of("peer.anywhere", labels=labels_phrase(pods))
    if pods == EVERYTHING:
        return Sentence.of("peer.namespaces", namespaces=labels_phrase(namespaces))
    return Sentence.of("peer.both", labels=labels_phrase(pods), namespaces=labels_phrase(namespaces))
