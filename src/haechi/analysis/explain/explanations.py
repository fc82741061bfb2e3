"""Explanations of some policies and pods, with the notes that hold for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from haechi.analysis.explain.pod import PodExplanation
from haechi.analysis.explain.policy import PolicyExplanation
from haechi.analysis.explain.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Explanations:
    """Policies and pods, explained."""

    policies: tuple[PolicyExplanation, ...] = ()
    pods: tuple[PodExplanation, ...] = ()

    @property
    def notes(self) -> tuple[Sentence, ...]:
        """What a reader must know about every connection."""
        always = (Sentence.of("note.always"),) if self.pods else ()
        return Sentence.of("note.ends"), *always
