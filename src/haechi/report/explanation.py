"""Policies and pods in sentences, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from haechi.model import Direction, Location
from haechi.report.document import API_VERSION, Basis, Document, JsonValue, NamespacedName, document_text, named

if TYPE_CHECKING:
    from haechi.analysis.explain import Explanations, Language, PodExplanation, PolicyExplanation, Sentence


class SentenceJson(JsonValue, frozen=True):
    """A sentence: a stable key, its text, the place that it is about, and the sentences below it."""

    key: str
    text: str
    location: Location | None
    below: list[SentenceJson]


class ExplainedPolicy(JsonValue, frozen=True):
    """A policy, the pods that it selects and the directions in which it isolates them."""

    policy: NamespacedName
    selected: list[NamespacedName]
    isolates: list[Direction]
    explanation: SentenceJson


class ExplainedPod(JsonValue, frozen=True):
    """A pod, with the policies that isolate it in each direction."""

    pod: NamespacedName
    ingress: list[NamespacedName]
    egress: list[NamespacedName]
    explanation: SentenceJson


class Explanation(Document, frozen=True):
    """Policies or pods, explained. `language` is `en` or `ko`."""

    kind: Literal["Explanation"]
    language: str
    policies: list[ExplainedPolicy]
    pods: list[ExplainedPod]


def explanation_json(explanations: Explanations, language: Language, basis: Basis) -> str:
    """The explanations as JSON text; what a reader must know about every connection is among the notes."""
    from haechi.analysis.explain import in_words

    head = basis._replace(notes=[*basis.notes, *(in_words(note, language) for note in explanations.notes)])
    policies = [_policy(one, language) for one in explanations.policies]
    pods = [_pod(one, language) for one in explanations.pods]
    return document_text(Explanation(API_VERSION, "Explanation", *head, language.value, policies, pods))


def _policy(one: PolicyExplanation, language: Language) -> ExplainedPolicy:
    selected = [*map(named, one.selected)]
    return ExplainedPolicy(named(one.key), selected, list(one.isolates), _sentence(one.sentence, language))


def _pod(one: PodExplanation, language: Language) -> ExplainedPod:
    ingress, egress = [*map(named, one.ingress)], [*map(named, one.egress)]
    return ExplainedPod(named(one.key), ingress, egress, _sentence(one.sentence, language))


def _sentence(one: Sentence, language: Language) -> SentenceJson:
    from haechi.analysis.explain import in_words

    below = [_sentence(each, language) for each in one.below]
    return SentenceJson(one.key, in_words(one, language), one.location, below)
