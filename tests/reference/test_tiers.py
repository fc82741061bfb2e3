"""Tiers read literally: the conformance cases, and what cannot be read."""

from __future__ import annotations

import pytest

from haechi.reference import allowed
from tests.clusters import cluster
from tests.tier_cases import TIER_CASES, TierCase


@pytest.mark.parametrize("case", TIER_CASES, ids=lambda case: case.name)
def test_conformance(case: TierCase) -> None:
    known = cluster(list(case.objects))
    for text, packet, passes in case.connections():
        assert allowed(known, packet).allowed is passes, text


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in TIER_CASES}) == len(TIER_CASES) > 60
