"""Explanations of some policies and pods, with the notes that hold for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from haechi.analysis.explain.pod import PodExplanation
from haechi.analysis.explain.policy import PolicyExplanation
from haechi.analysis.explain.sentences import Sentence
from haechi.analysis.explain.tiers import TierPolicyExplanation
from haechi.engine import TierSet
from haechi.model import Tier


@dataclass(frozen=True, slots=True)
class Explanations:
    """Policies of each kind and pods, explained; those of tiers in the order in which they are asked."""

    policies: tuple[PolicyExplanation, ...] = ()
    tier_policies: tuple[TierPolicyExplanation, ...] = ()
    pods: tuple[PodExplanation, ...] = ()

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """The titles of all of them: policies in the order in which they judge a connection, then pods."""
        admin = [one.sentence for one in self.tier_policies if one.tier is Tier.ADMIN]
        baseline = [one.sentence for one in self.tier_policies if one.tier is Tier.BASELINE]
        return (
            *admin, *(one.sentence for one in self.policies), *baseline, *(one.sentence for one in self.pods)
        )  # fmt: skip

    @property
    def notes(self) -> tuple[Sentence, ...]:
        """What a reader must know about every connection."""
        always = (Sentence.of("note.always"),) if self.pods else ()
        stages = [stage for pod in self.pods for stage in (*pod.ingress_stages, *pod.egress_stages)]
        judged = self.tier_policies or any(isinstance(stage, TierSet) for stage in stages)
        itself = (Sentence.of("note.itself"),) if judged else ()
        return Sentence.of("note.ends"), *always, *itself
