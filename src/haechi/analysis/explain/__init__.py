"""A policy or a pod in words, English or Korean, or as `kubectl describe` prints it."""

from haechi.analysis.explain.description import describe_all
from haechi.analysis.explain.explanations import Explanations
from haechi.analysis.explain.pod import PodExplanation, explain_pod, ignored_pods
from haechi.analysis.explain.policy import PolicyExplanation, explain_policy
from haechi.analysis.explain.selections import SelectedPods
from haechi.analysis.explain.sentences import Language, Sentence, in_words
from haechi.analysis.explain.tierrules import DecidedRule
from haechi.analysis.explain.tiers import TierPolicyExplanation, explain_tier_policy

__all__ = [
    "DecidedRule", "Explanations", "Language", "PodExplanation", "PolicyExplanation", "SelectedPods", "Sentence",
    "TierPolicyExplanation", "describe_all", "explain_pod", "explain_policy", "explain_tier_policy", "ignored_pods",
    "in_words",
]  # fmt: skip
