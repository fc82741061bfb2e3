"""A policy or a pod in words, English or Korean, or as `kubectl describe` prints it."""

from haechi.analysis.explain.description import describe_all
from haechi.analysis.explain.pod import PodExplanation, explain_pod, unseen
from haechi.analysis.explain.policy import PolicyExplanation, explain_policy
from haechi.analysis.explain.selections import Present
from haechi.analysis.explain.sentences import Language, Sentence, in_words, say

__all__ = [
    "Language",
    "PodExplanation",
    "PolicyExplanation",
    "Present",
    "Sentence",
    "describe_all",
    "explain_pod",
    "explain_policy",
    "in_words",
    "say",
    "unseen",
]
