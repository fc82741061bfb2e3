"""Groups of pods in words: in general, and who they are right now.

Why: a selector says who may come, the input says who is there. Promises that membership is the engine's answer, that
pods of one workload are told as one, and that each group is looked up once.
"""

from __future__ import annotations

from collections import Counter

from haechi.analysis.cluster import Cluster
from haechi.analysis.explain.sentences import Joined, Sentence, say
from haechi.engine import PodSelection
from haechi.model import PodKey
from haechi.select import EVERYTHING, Requirement, Selector, SelectorOperator

MOST_NAMES = 10
"""How many names a sentence lists; the others are counted."""


class Present:
    """The pods of a cluster, asked for by selections that its policies use."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._told: dict[PodSelection, Sentence] = {}

    def keys(self, selection: PodSelection) -> tuple[PodKey, ...]:
        """The pods that a selection means now, sorted."""
        return tuple(sorted(endpoint.key for endpoint, _ in self._cluster.engine.members(selection)))

    def now(self, selection: PodSelection) -> Sentence:
        """The same as a sentence."""
        if selection not in self._told:
            self._told[selection] = self._sentence(self.keys(selection))
        return self._told[selection]

    def _sentence(self, keys: tuple[PodKey, ...]) -> Sentence:
        if not keys:
            return say("now.none")
        groups = Counter(self._cluster.owners[key] for key in keys)
        names: list[Sentence | str] = [
            f"{owner.namespace}/{owner.name}"
            if owner.kind == "Pod"
            else say("group", kind=owner.kind, name=f"{owner.namespace}/{owner.name}", count=counted(number))
            for owner, number in sorted(groups.items())
        ]
        return say("now.some", count=counted(len(keys)), names=listed(names))


def counted(number: int) -> Sentence:
    """`2 pods`."""
    return say("count.one") if number == 1 else say("count.many", number=number)


def listed(names: list[Sentence | str]) -> Sentence | Joined:
    """Names by comma, of many the first."""
    first = Joined(tuple(names[:MOST_NAMES]))
    rest = len(names) - MOST_NAMES
    return say("names.more", names=first, number=rest) if rest > 0 else first


def labels(selector: Selector) -> Joined:
    """What a selector that is neither empty nor contradictory asks for."""
    return Joined(tuple(_requirement(each) for each in selector.requirements), "join.and")


def _requirement(one: Requirement) -> Sentence:
    values = Joined(tuple(value or '""' for value in one.values))
    match one.operator:
        case SelectorOperator.IN if len(one.values) == 1:
            return say("label.is", key=one.key, value=values)
        case SelectorOperator.IN:
            return say("label.one_of", key=one.key, values=values)
        case SelectorOperator.NOT_IN:
            return say("label.none_of", key=one.key, values=values)
        case SelectorOperator.EXISTS:
            return say("label.present", key=one.key)
        case SelectorOperator.DOES_NOT_EXIST:
            return say("label.absent", key=one.key)


def group(selection: PodSelection) -> Sentence:
    """Pods as a peer, in general."""
    spaces, pods = selection.namespaces, selection.pods
    if pods.contradictory or (isinstance(spaces, Selector) and spaces.contradictory):
        return say("peer.nobody")
    if isinstance(spaces, str):
        if pods == EVERYTHING:
            return say("peer.pods.all", namespace=spaces)
        return say("peer.pods", namespace=spaces, labels=labels(pods))
    if spaces == EVERYTHING:
        return say("peer.everywhere") if pods == EVERYTHING else say("peer.anywhere", labels=labels(pods))
    if pods == EVERYTHING:
        return say("peer.namespaces", namespaces=labels(spaces))
    return say("peer.both", labels=labels(pods), namespaces=labels(spaces))
