"""What a run tries: everything, a sample, or nothing because it is too much."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from haechi.lab.cluster import LabCluster
from haechi.lab.plan import ProbePlan, TooManyConnections
from tests.lab.plans import PORTS, asked, chosen, deployments, lab_clusters, names


@given(lab_clusters(), names, names)
@settings(suppress_health_check=list(HealthCheck), max_examples=30)
def test_connections_are_counted_without_going_through_them(
    cluster: LabCluster, sources: set[str] | None, destinations: set[str] | None
) -> None:
    plan = ProbePlan(PORTS, sources, destinations)
    assert chosen(cluster, plan).every == len(asked(cluster, plan))


def test_a_budget_that_is_enough_changes_nothing() -> None:
    cluster = deployments(3, "a", "b")
    assert chosen(cluster, ProbePlan(PORTS, budget=60.0)) == chosen(cluster, ProbePlan(PORTS))


def test_more_connections_than_memory_is_for_are_sampled_or_refused_with_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("haechi.lab.plan.MOST_CONNECTIONS", 1000)
    cluster = deployments(20, "a", "b")
    with pytest.raises(TooManyConnections, match=r"^3,280 connections, and one run can try 1,000$"):
        chosen(cluster, ProbePlan(PORTS))
    result = chosen(cluster, ProbePlan(PORTS, budget=100_000.0))
    assert result.sample is not None
    assert 900 <= result.connections <= 1000
    monkeypatch.setattr("haechi.lab.plan.MOST_CONNECTIONS", 10)
    with pytest.raises(TooManyConnections, match=r"^even a sample has 16 connections, and one run can try 10$"):
        chosen(cluster, ProbePlan(PORTS, budget=100_000.0))
