"""Policies and pods in sentences, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from haechi.model import Direction, Location, Tier, path_text
from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    NamespacedName,
    ObjectReference,
    PolicyField,
    document_text,
    named,
    policy_reference,
    policy_rule,
)

if TYPE_CHECKING:
    from haechi.analysis.explain import (
        DecidedRule,
        Explanations,
        Language,
        PodExplanation,
        PolicyExplanation,
        Sentence,
        TierPolicyExplanation,
    )
    from haechi.engine import PolicySet, TierSet


class SentenceJson(JsonValue, frozen=True):
    """A sentence: a stable key, its text, the place that it is about, and the sentences below it."""

    key: str
    text: str
    location: Location | None
    below: list[SentenceJson]


class DecidedPart(JsonValue, frozen=True):
    """A rule, or a part of one, that never decides, in any cluster: the rules in `by` decide all of it before."""

    rule: PolicyField
    by: list[PolicyField]


class ExplainedPolicy(JsonValue, frozen=True):
    """A policy, the pods that it selects and the directions in which it isolates them.

    `decided` are its rules, or all rules of a direction (`spec.egress`), that never decide because of tiers.
    """

    policy: ObjectReference
    selected: list[NamespacedName]
    isolates: list[Direction]
    decided: list[DecidedPart]
    explanation: SentenceJson


class ExplainedTierPolicy(JsonValue, frozen=True):
    """A policy of a tier and the pods that it selects.

    `priority` is null for a kind without priorities. `before` and `after` are the policies of the tier that can select
    the same pods and are evaluated before and after it, in order.
    """

    policy: ObjectReference
    tier: Tier
    priority: int | None
    before: list[ObjectReference]
    after: list[ObjectReference]
    selected: list[NamespacedName]
    decided: list[DecidedPart]
    explanation: SentenceJson


class StageJson(JsonValue, frozen=True):
    """The policies of a tier that judge a pod, in order; or the NetworkPolicies that isolate it."""

    stage: Literal["Admin", "NetworkPolicy", "Baseline"]
    policies: list[ObjectReference]


class ExplainedPod(JsonValue, frozen=True):
    """A pod, with the policies that isolate it in each direction, and what judges its connections, in order."""

    pod: NamespacedName
    ingress: list[ObjectReference]
    egress: list[ObjectReference]
    ingress_stages: list[StageJson]
    egress_stages: list[StageJson]
    explanation: SentenceJson


class Explanation(Document, frozen=True):
    """Policies or pods, explained. `language` is `en` or `ko`; `tierPolicies` are in the order of evaluation."""

    kind: Literal["Explanation"]
    language: str
    policies: list[ExplainedPolicy]
    tier_policies: list[ExplainedTierPolicy]
    pods: list[ExplainedPod]


def explanation_json(explanations: Explanations, language: Language, basis: Basis) -> str:
    """The explanations as JSON text; what a reader must know about every connection is among the notes."""
    from haechi.analysis.explain import in_words

    head = basis._replace(notes=[*basis.notes, *(in_words(note, language) for note in explanations.notes)])
    policies = [_policy(one, language) for one in explanations.policies]
    tier_policies = [_tier_policy(one, language) for one in explanations.tier_policies]
    pods = [_pod(one, language) for one in explanations.pods]
    return document_text(Explanation(API_VERSION, "Explanation", *head, language.value, policies, tier_policies, pods))


def _policy(one: PolicyExplanation, language: Language) -> ExplainedPolicy:
    return ExplainedPolicy(
        policy_reference(one.key),
        [*map(named, one.selected)],
        list(one.isolates),
        [*map(_decided, one.decided)],
        _sentence(one.sentence, language),
    )


def _tier_policy(one: TierPolicyExplanation, language: Language) -> ExplainedTierPolicy:
    return ExplainedTierPolicy(
        policy_reference(one.key),
        one.tier,
        one.priority,
        [*map(policy_reference, one.before)],
        [*map(policy_reference, one.after)],
        [*map(named, one.selected)],
        [*map(_decided, one.decided)],
        _sentence(one.sentence, language),
    )


def _decided(one: DecidedRule) -> DecidedPart:
    part = PolicyField(policy_reference(one.policy), path_text(one.steps), one.location)
    return DecidedPart(part, [*map(policy_rule, one.by)])


def _pod(one: PodExplanation, language: Language) -> ExplainedPod:
    ingress, egress = [*map(policy_reference, one.ingress)], [*map(policy_reference, one.egress)]
    stages = [*map(_stage, one.ingress_stages)], [*map(_stage, one.egress_stages)]
    return ExplainedPod(named(one.key), ingress, egress, *stages, _sentence(one.sentence, language))


def _stage(one: PolicySet | TierSet) -> StageJson:
    from haechi.engine import TierSet

    policies = [*map(policy_reference, one.policies)]
    return StageJson(one.tier.value if isinstance(one, TierSet) else "NetworkPolicy", policies)


def _sentence(one: Sentence, language: Language) -> SentenceJson:
    from haechi.analysis.explain import in_words

    below = [_sentence(each, language) for each in one.below]
    return SentenceJson(one.key, in_words(one, language), one.location, below)
