"""Random clusters on real packets: the kernel says what the engine says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from haechi.lab.cluster import lab_cluster
from haechi.lab.plan import ProbePlan
from haechi.lab.probe import Protocol
from haechi.lab.run import run_lab
from haechi.model import Namespace, NetworkPolicy, Pod, TierPolicy
from tests import clusters, tier_words
from tests.lab.labs import separate
from tests.lab.plans import LABELLED

pytestmark = pytest.mark.kernel

small_pods = st.lists(clusters.pods(), min_size=2, max_size=6)
protocols: st.SearchStrategy[Protocol] = st.sampled_from(("TCP", "UDP", "SCTP"))
ports = st.lists(st.tuples(protocols, st.sampled_from(clusters.PORTS)), min_size=1, max_size=2, unique=True)
any_policy = clusters.policies() | tier_words.tier_policies() | tier_words.old_policies()
many_policies = st.lists(any_policy, min_size=1, max_size=5)


@given(small_pods, many_policies, st.lists(clusters.namespaces, max_size=3), ports)
@settings(
    max_examples=10, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
def test_packets_say_what_the_engine_says(
    pods: list[Pod],
    policies: list[NetworkPolicy | TierPolicy],
    namespaces: list[Namespace],
    asked: list[tuple[Protocol, int]],
) -> None:
    some = {(type(each), each.key): each for each in (*policies, *namespaces)}
    cluster = lab_cluster([*LABELLED, *separate(pods), *some.values()])
    report = run_lab(cluster, ProbePlan(tuple(asked)))
    assert report.mismatches == ()
    assert report.holds, report.proofs
