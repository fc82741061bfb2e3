"""`haechi validate` agrees with what a real API server said about the recorded sample."""

from __future__ import annotations

from collections import Counter

from tests.conformance.answers import answer_of_haechi
from tests.conformance.recorded import SAMPLE, recorded


def test_the_sample_is_answered_as_the_server_did() -> None:
    sample = list(recorded())
    assert len(sample) == SAMPLE
    for text, is_yaml, theirs in sample:
        ours = answer_of_haechi(text, is_yaml=is_yaml)
        assert theirs.agrees(ours), (text[:2000], theirs, ours)


def test_the_sample_has_every_sort_of_answer() -> None:
    sorts = Counter(one.answer.sort for one in recorded())
    assert min(sorts[sort] for sort in ("accepted", "invalid", "strict", "undecodable")) > 20
    assert len(sorts) == 4
