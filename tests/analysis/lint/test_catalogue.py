"""The catalogue: selecting checks, and all of them on arbitrary input."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.catalogue import CATALOGUE, UnknownCode, run_checks, select_checks
from haechi.model import Namespace, NetworkPolicy, Object, Pod
from haechi.reference import allowed
from tests import clusters, tier_words
from tests.analysis.lint import overlapping
from tests.analysis.lint.fixing import all_fixed, fixed
from tests.analysis.lint.hostile import lists
from tests.analysis.lint.linting import LARGE_EXAMPLES, found
from tests.analysis.lint.random_services import served
from tests.building import pod

WHATEVER = st.one_of(
    lists(),
    lists(),
    st.lists(clusters.objects(readable=False), max_size=8),
    st.lists(tier_words.objects(readable=False), max_size=8),
    served(),
)
RESOLVER = pod("kube-system/dns", "10.0.9.9", marks="k8s-app=kube-dns")
USUAL = {one.code for one in CATALOGUE if not one.on_request}


def codes(*select: str, ignore: tuple[str, ...] = ()) -> set[str]:
    return {one.code for one in select_checks(select, ignore)}


def test_every_code_is_one_check() -> None:
    assert set(Counter(one.code for one in CATALOGUE).values()) == {1}


def test_codes_and_patterns_select_checks() -> None:
    assert codes() == USUAL
    assert codes("all") == {one.code for one in CATALOGUE}
    assert codes("named-port-*", "open-egress") == {one for one in codes("all") if one.startswith("named-port-")} | {
        "open-egress"
    }
    assert codes(ignore=("dns-*",)) == {one for one in USUAL if not one.startswith("dns-")}


@pytest.mark.parametrize("text", ["none-such", "ALL", "", "dash-trap,everyone"])
def test_a_code_that_matches_no_check_is_an_error(text: str) -> None:
    with pytest.raises(UnknownCode, match="no check matches"):
        select_checks([text])
    with pytest.raises(UnknownCode):
        select_checks(ignore=[text])


@given(WHATEVER)
@settings(max_examples=3 * settings().max_examples)  # for all checks together
def test_no_input_makes_a_check_raise(objects: list[Object]) -> None:
    for one in run_checks(Cluster.of([*objects, RESOLVER]), CATALOGUE):
        assert str(one)
        assert one.message
        assert not one.message.endswith(".")


@LARGE_EXAMPLES
@given(
    st.lists(clusters.pods() | clusters.namespaces, max_size=6),
    overlapping.policies(),
    st.lists(clusters.pods() | clusters.namespaces, max_size=3),
    st.randoms(use_true_random=False),
)
def test_no_fix_of_any_check_changes_a_verdict_now_or_for_pods_to_come(
    objects: list[Namespace | Pod], policies: list[NetworkPolicy], to_come: list[Namespace | Pod], random: Random
) -> None:
    before = clusters.cluster([*objects, *policies])
    given_objects: list[Namespace | Pod | NetworkPolicy] = [*before.namespaces, *before.pods, *before.policies]
    fixable = [one for one in run_checks(Cluster.of(given_objects), CATALOGUE) if one.fix is not None]
    for code in {one.code for one in fixable}:
        event(code)
    alone = [
        tuple(fixed(each, one) if each.display_name == one.subject else each for each in before.policies)
        for one in fixable[:3]
    ]
    together = tuple(all_fixed(each, fixable) for each in before.policies)
    for world in (before, clusters.cluster([*given_objects, *to_come])):
        packets = clusters.probes(world, random)
        verdicts = [allowed(world, packet).allowed for packet in packets]
        for after in (*alone, together):
            fixed_world = replace(world, policies=after)
            assert [allowed(fixed_world, packet).allowed for packet in packets] == verdicts


def test_a_fix_leaves_what_other_checks_report() -> None:
    """Written out, policyTypes would look as if they were meant."""
    for text in ("spec: {podSelector: {}, egress: [{}]}", "spec: {podSelector: {}, egress: []}"):
        head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
        codes = {one.code: one.fix for one in found(head + text, "all")}
        assert codes["policy-types-implicit"] is None
        assert {"isolates-ingress-too", "empty-egress-without-policy-type"} & codes.keys()
