"""`diff` against the lists of both sides and the reference."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.difference import ChangeKind, diff
from haechi.analysis.reach.listing import connections
from haechi.model import Object
from haechi.sets import AddressSet, PortSet
from tests import tier_words
from tests.analysis.reach.test_listing import judge
from tests.building import pod, policy
from tests.clusters import OTHER_ADDRESSES, objects

ANY = tier_words.objects(readable=False)
WEB, DB = pod("x/web", "10.0.0.1", marks="app=web"), pod("x/db", "10.0.0.2", marks="app=db")
FROM_WEB = "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}"


@given(
    st.lists(ANY, max_size=12) | st.lists(objects(readable=False), max_size=12),
    st.lists(ANY, max_size=4),
    st.integers(0, 6),
)
def test_differences_between_pods_are_those_of_the_lists(
    common: list[Object], more: list[Object], dropped: int
) -> None:
    """For every pair of pods the ports before and after are those that `list` gives, which the reference confirms."""
    old, new = Cluster.of(common), Cluster.of([*common[dropped:], *more])
    lists = [
        {(one.source, one.destination): one.ports for one in connections(side, "pod", external=False)}
        for side in (old, new)
    ]
    wanted = {
        pair: (lists[0].get(pair, PortSet.NONE), lists[1].get(pair, PortSet.NONE)) for pair in lists[0] | lists[1]
    }
    found = [one for one in diff(old, new) if "/" in one.source and "/" in one.destination]
    assert {(one.source, one.destination): (one.before, one.after) for one in found} == {
        pair: ports for pair, ports in wanted.items() if ports[0] != ports[1]
    }


@given(st.lists(objects(), max_size=10) | st.lists(ANY, max_size=12), st.lists(ANY, max_size=3))
def test_differences_to_outside_are_what_the_reference_says(common: list[Object], more: list[Object]) -> None:
    old, new = Cluster.of(common), Cluster.of([*common, *more])
    sides = (old, judge(old)), (new, judge(new))
    found = diff(old, new)
    for text, key in product(OTHER_ADDRESSES, old.pods.keys() & new.pods.keys()):
        if any(text in node.addresses for side in (old, new) for node in side.nodes):
            continue
        if any(entry.ip == text for side in (old, new) for entry in side.pods[key].status.host_ips):
            continue
        lines = [one for one in found if one.source == f"{key}[Pod]" and _holds(one.destination, text)]
        before, after = (passes(side.pods[key], text, 6, 80) for side, passes in sides)
        assert any(one.before.contains(6, 80) != one.after.contains(6, 80) for one in lines) == (before != after)


def _holds(name: str, text: str) -> bool:
    return "/" not in name and AddressSet.parse(text) <= AddressSet.parse(name)


@given(st.lists(objects(), max_size=12))
def test_a_set_does_not_differ_from_itself(found: list[Object]) -> None:
    assert diff(Cluster.of(found), Cluster.of(found)) == ()


def test_a_new_policy_is_the_cause_of_what_it_closes() -> None:
    old, new = Cluster.of([WEB, DB]), Cluster.of([WEB, DB, policy("{podSelector: {matchLabels: {app: db}}}")])
    found = [one for one in diff(old, new) if one.source == "x/web[Pod]"]
    assert [(one.kind, one.destination, [str(cause) for cause in one.causes]) for one in found] == [
        (ChangeKind.REMOVED, "x/db[Pod]", ["x/p (added)"])
    ]


def test_other_ports_are_a_change_that_adds_and_removes() -> None:
    one = policy(FROM_WEB.replace("}}}]}]", "}}}], ports: [{port: 80}]}]"))
    other = policy(FROM_WEB.replace("}}}]}]", "}}}], ports: [{port: 81}]}]"))
    (found,) = diff(Cluster.of([WEB, DB, one]), Cluster.of([WEB, DB, other]))
    assert (found.kind, found.adds, found.removes) == (ChangeKind.CHANGED, True, True)
    assert [str(cause) for cause in found.causes] == ["x/p (changed)"]


def test_a_label_that_changes_is_no_policys_doing() -> None:
    renamed = pod("x/web", "10.0.0.1", marks="app=other")
    (found,) = diff(Cluster.of([WEB, DB, policy(FROM_WEB)]), Cluster.of([renamed, DB, policy(FROM_WEB)]))
    assert (found.kind, found.causes) == (ChangeKind.REMOVED, ())


@pytest.mark.parametrize(("old", "new"), [([WEB], [WEB, DB]), ([WEB, DB], [WEB])])
def test_a_pod_that_comes_or_goes_is_told(old: list[Object], new: list[Object]) -> None:
    kinds = {one.kind for one in diff(Cluster.of(old), Cluster.of(new))}
    assert kinds == {ChangeKind.ADDED if len(new) > len(old) else ChangeKind.REMOVED}
