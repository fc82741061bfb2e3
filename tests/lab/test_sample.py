"""A sample in which every class of endpoints meets every other."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haechi.lab.cluster import LabCluster
from haechi.lab.plan import ProbePlan, estimated_seconds
from haechi.lab.probe import Probe
from haechi.model import PacketVerdict
from tests.lab.plans import PORTS, TINY, asked, chosen, deployments, lab_clusters, names


class Met(NamedTuple):
    """Two classes that met, and how."""

    source: tuple[str, ...]
    destination: tuple[str, ...]
    protocol: str
    port: int
    family: int


def met(found: dict[Probe, PacketVerdict], classes: dict[str, tuple[str, ...]]) -> set[Met]:
    return {
        Met(
            classes[each.source],
            classes[each.destination],
            each.protocol,
            each.port,
            6 if ":" in each.source_address else 4,
        )
        for each in found
    }


@given(lab_clusters(), names, names, st.sampled_from([TINY, 0.2, 0.5]), st.integers(0, 3))
@settings(suppress_health_check=list(HealthCheck), max_examples=60)
def test_whatever_policies_tell_apart_is_in_the_sample(
    cluster: LabCluster, sources: set[str] | None, destinations: set[str] | None, budget: float, seed: int
) -> None:
    """Judged by classes, and, which knows nothing of classes, by the verdicts with their policies."""
    everything = ProbePlan(PORTS, sources, destinations)
    some = replace(everything, budget=budget, seed=seed)
    every, found = asked(cluster, everything), asked(cluster, some)
    result = chosen(cluster, some)
    assert found.items() <= every.items()
    assert (result.connections, result.every) == (len(found), len(every))
    if result.sample is None:
        assert found == every
        return
    classes = {name: each.members for each in result.sample.classes for name in each.members}
    assert met(found, classes) == met(every, classes)
    assert verdicts(found) == verdicts(every)
    for each in result.sample.classes:
        tried = {name for probe in found for name in (probe.source, probe.destination)}
        assert set(each.representatives) == tried.intersection(each.members)


def verdicts(found: dict[Probe, PacketVerdict]) -> set[tuple[PacketVerdict, str, int, bool]]:
    """Without the rules of tiers: policies that name pods apart by rules may still treat them alike."""
    return {
        (
            PacketVerdict(replace(answer.egress, tier_rule=None), replace(answer.ingress, tier_rule=None)),
            each.protocol,
            each.port,
            ":" in each.source_address,
        )
        for each, answer in found.items()
    }


def test_the_smallest_sample_has_one_pair_of_each_two_classes() -> None:
    result = chosen(deployments(20, "a", "b", "c"), ProbePlan(PORTS, budget=TINY))
    assert result.sample is not None
    assert [len(each.members) for each in result.sample.classes] == [20, 20, 20, 1]  # the last one is outside
    assert len(result.pairs) == 3 * 3 + 3 + 3
    assert result.connections == 2 * len(result.pairs)


def test_what_is_left_of_the_budget_is_used_first_for_the_other_node_then_for_any_pairs() -> None:
    cluster = deployments(20, "a", "b", "c")
    one = len(chosen(cluster, ProbePlan(PORTS, budget=TINY)).pairs)
    basis = estimated_seconds(60, 0)
    both = chosen(cluster, ProbePlan(PORTS, budget=basis + estimated_seconds(0, 2 * (one + 9)) + TINY / 10))
    homes = {each.key: each.spec.node_name for each in cluster.pods}
    relations = {
        (source.name[:3], destination.name[:3], homes[source.name] == homes[destination.name])
        for source, destination in both.pairs
        if source.is_pod and destination.is_pod
    }
    assert len(relations) == 3 * 3 * 2
    more = chosen(cluster, ProbePlan(PORTS, budget=basis + estimated_seconds(0, 1000)))
    assert len(both.pairs) < len(more.pairs)
    assert more.connections in (998, 1000)
    assert more.seconds <= basis + estimated_seconds(0, 1000)


def test_equal_seeds_give_equal_samples_and_others_other_ones() -> None:
    cluster = deployments(20, "a", "b")
    first, same, other = (chosen(cluster, ProbePlan(PORTS, budget=TINY, seed=seed)) for seed in (1, 1, 2))
    assert first == same
    assert first.pairs != other.pairs
    assert first.seconds < first.seconds_for_all
