"""`haechi validate` agrees with what a real API server said about the recorded sample."""

from __future__ import annotations

from collections import Counter

from tests.conformance.answers import answer_of_haechi, answer_of_haechi_to_update
from tests.conformance.recorded import SAMPLE, recorded


def test_the_sample_is_answered_as_the_server_did() -> None:
    sample = list(recorded())
    assert len(sample) == 2 * SAMPLE
    for text, is_yaml, theirs, stored in sample:
        if stored:
            ours = answer_of_haechi_to_update(stored, text, is_yaml=is_yaml)
        else:
            ours = answer_of_haechi(text, is_yaml=is_yaml)
        assert theirs.agrees(ours), (stored, text[:2000], theirs, ours)


def test_the_sample_has_every_sort_of_answer() -> None:
    sorts = Counter(one.answer.sort for one in recorded())
    assert min(sorts[sort] for sort in ("accepted", "invalid", "strict", "undecodable", "conflict")) > 10
    assert len(sorts) == 5
