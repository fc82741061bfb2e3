"""`describe` prints what the real kubectl prints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.explain.description import describe, describe_all, format_selector
from haechi.model import NetworkPolicy, ObjectMeta
from tests import clusters
from tests.analysis.kubectl import described
from tests.building import policy, selector

EMPTY = """\
Name:         p
Namespace:    x
Created on:   0001-01-01 00:00:00 +0000 UTC
Labels:       <none>
Annotations:  <none>
Spec:
"""


def test_a_zero_policy_is_described_as_the_server_would_store_it() -> None:
    assert describe(policy()) == EMPTY + (
        "  PodSelector:     <none> (Allowing the specific traffic to all pods in this namespace)\n"
        "  Allowing ingress traffic:\n"
        "    <none> (Selected pods are isolated for ingress connectivity)\n"
        "  Not affecting egress traffic\n"
        "  Policy Types: Ingress\n"
    )


def test_every_kind_of_peer_and_port() -> None:
    given = policy(
        """
        podSelector: {matchLabels: {role: db}}
        policyTypes: [Egress, Ingress]
        ingress:
        - ports: [{port: 80}, {port: web, protocol: UDP}, {protocol: SCTP}, {port: 80, endPort: 82}]
          from:
          - {namespaceSelector: {}, podSelector: {matchLabels: {c: d}}}
          - ipBlock: {cidr: 192.168.0.0/16, except: [192.168.3.0/24, 192.168.4.0/24]}
          - ipBlock: {cidr: "::/0"}
        - {}
        egress:
        - to: [{podSelector: {}}]
        """
    )
    assert describe(given) == EMPTY + (
        "  PodSelector:     role=db\n"
        "  Allowing ingress traffic:\n"
        "    To Port: 80/TCP\n"
        "    To Port: web/UDP\n"
        "    To Port: <nil>/SCTP\n"
        "    To Port Range: 80-82/TCP\n"
        "    From:\n"
        "      NamespaceSelector: <none>\n"
        "      PodSelector: c=d\n"
        "    From:\n"
        "      IPBlock:\n"
        "        CIDR: 192.168.0.0/16\n"
        "        Except: 192.168.3.0/24, 192.168.4.0/24\n"
        "    From:\n"
        "      IPBlock:\n"
        "        CIDR: ::/0\n"
        "        Except: \n"
        "    ----------\n"
        "    To Port: <any> (traffic allowed to all ports)\n"
        "    From: <any> (traffic not restricted by source)\n"
        "  Allowing egress traffic:\n"
        "    To Port: <any> (traffic allowed to all ports)\n"
        "    To:\n"
        "      PodSelector: <none>\n"
        "  Policy Types: Egress, Ingress\n"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{}", "<none>"),
        ("matchLabels: {b: '2', a: ''}", "a=,b=2"),
        ("matchExpressions: [{key: k, operator: In, values: [b, a, b]}]", "k in (a,b,b)"),
        ("matchExpressions: [{key: k, operator: NotIn, values: [a]}, {key: j, operator: Exists}]", "j,k notin (a)"),
        ("{matchLabels: {k: v}, matchExpressions: [{key: k, operator: DoesNotExist}]}", "k=v,!k"),
        ("matchExpressions: [{key: k, operator: Like}]", "<error>"),
        ("matchExpressions: [{key: k, operator: In}]", "<error>"),
    ],
)
def test_selectors_are_written_as_given(text: str, written: str) -> None:
    assert format_selector(selector(text)) == written


@pytest.mark.parametrize(
    ("timestamp", "told"),
    [
        ("2017-06-05T04:45:56Z", "2017-06-04 21:45:56 -0700 PDT"),
        ("2017-01-05T04:45:56.120Z", "2017-01-04 20:45:56.12 -0800 PST"),
        ("2017-06-05T06:45:56+02:00", "2017-06-04 21:45:56 -0700 PDT"),
        (None, "0001-01-01 00:00:00 +0000 UTC"),
        ("yesterday", "0001-01-01 00:00:00 +0000 UTC"),
    ],
)
def test_creation_is_told_in_the_local_zone(timestamp: str | None, told: str) -> None:
    given = NetworkPolicy(metadata=ObjectMeta(name="p", creation_timestamp=timestamp))
    assert f"\nCreated on:   {told}\n" in describe(given, _in("America/Los_Angeles"))


def _in(zone: str) -> Callable[[datetime], datetime]:
    return lambda moment: moment.astimezone(ZoneInfo(zone))


# -- kubectl itself --------------------------------------------------------------------------------------------------

_TEXT = st.text(st.sampled_from("ab \t\v\f\r\n\x1b가é"), max_size=12)
_LONG = st.integers(120, 150).map(lambda n: "나" * (n // 3) + "x" * (n % 3))
_KEYS = st.sampled_from(("a", "a.b/c", "kubectl.kubernetes.io/last-applied-configuration", "z-9", "B"))
_TIMES = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2037, 1, 1)).map(lambda t: f"{t.isoformat()}Z")


@st.composite
def _batches(draw: st.DrawFn) -> list[NetworkPolicy]:
    found = draw(st.lists(clusters.policies(), min_size=20, max_size=30))
    metas = st.builds(
        ObjectMeta,
        namespace=st.sampled_from(("a", "b")),
        labels=st.dictionaries(_KEYS, st.sampled_from(("", "1", "x.y")), max_size=3),
        annotations=st.dictionaries(_KEYS, st.one_of(_TEXT, _LONG), max_size=4),
        creation_timestamp=st.one_of(st.none(), _TIMES),
    )
    return [
        msgspec.structs.replace(one, metadata=msgspec.structs.replace(draw(metas), name=f"p{number}"))
        for number, one in enumerate(found)
    ]


@settings(max_examples=10)
@given(batch=_batches(), zone=st.sampled_from(("UTC", "Asia/Seoul", "America/Sao_Paulo", "Europe/Berlin")))
def test_kubectl_prints_the_same_bytes(
    batch: list[NetworkPolicy], zone: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home: Path = tmp_path_factory.mktemp("home")
    assert describe_all(batch, _in(zone)) == described(batch, home, zone)
