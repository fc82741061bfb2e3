"""The catalogue: selecting checks, and all of them on arbitrary input."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.catalogue import CATALOGUE, UnknownCode, run_checks, select_checks
from haechi.model import Object
from tests import clusters
from tests.analysis.lint.hostile import lists
from tests.analysis.lint.random_services import served
from tests.building import pod

WHATEVER = st.one_of(lists(), lists(), st.lists(clusters.objects(readable=False), max_size=8), served())
RESOLVER = pod("kube-system/dns", "10.0.9.9", marks="k8s-app=kube-dns")
USUAL = {one.code for one in CATALOGUE if not one.on_request}


def codes(*select: str, ignore: tuple[str, ...] = ()) -> set[str]:
    return {one.code for one in select_checks(select, ignore)}


def test_every_code_is_one_check() -> None:
    assert set(Counter(one.code for one in CATALOGUE).values()) == {1}


def test_codes_and_patterns_select_checks() -> None:
    assert codes() == USUAL
    assert codes("all") == {one.code for one in CATALOGUE}
    assert codes("named-port-*", "everyone") == {one for one in codes("all") if one.startswith("named-port-")} | {
        "everyone"
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
