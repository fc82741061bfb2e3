"""Explanations: true by the reference, told in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from ipaddress import ip_address
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.explain.pod import explain_pod, unseen
from haechi.analysis.explain.policy import explain_policy
from haechi.analysis.explain.selections import MOST_NAMES, Present
from haechi.analysis.explain.sentences import Language, Sentence, in_words, particle, say
from haechi.analysis.explain.words import WORDS
from haechi.files import load
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import Direction, Packet, PodKey, PolicyKey
from haechi.reference import Cluster as Literal
from haechi.reference import allowed
from tests import clusters
from tests.building import namespace, pod, policy

Object = Namespace | Node | Pod | NetworkPolicy
OUTSIDE = {4: ip_address("198.51.100.7"), 6: ip_address("2001:db8:ffff::7")}


def lines(sentence: Sentence, language: Language = Language.ENGLISH, depth: int = 0) -> Iterator[str]:
    """A sentence and those below it, indented."""
    yield "  " * depth + in_words(sentence, language)
    for each in sentence.below:
        yield from lines(each, language, depth + 1)


def told(spec: str, *others: Object, language: Language = Language.ENGLISH) -> str:
    """The explanation of policy x/p."""
    cluster = Cluster.of([policy(spec), *others])
    return "\n".join(lines(explain_policy(cluster, PolicyKey("x", "p")).told, language))


# -- the words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(WORDS))
def test_every_sentence_is_there_in_both_languages_about_the_same_values(key: str) -> None:
    english, korean = WORDS[key]
    assert english
    assert korean
    assert _fields(english) == _fields(korean)
    assert english.isascii()
    if re.search("[A-Za-z]{2}", _literal(english)) and key != "label.is":
        assert re.search("[가-힣]", _literal(korean))


def _literal(template: str) -> str:
    return "".join(literal for literal, *_ in Formatter().parse(template))


def _fields(template: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(template) if field is not None}


def test_what_is_said_of_one_direction_is_said_of_the_other() -> None:
    assert {key.removesuffix(".in") for key in WORDS if key.endswith(".in")} == {
        key.removesuffix(".out") for key in WORDS if key.endswith(".out")
    }


@pytest.mark.parametrize(
    ("word", "pair", "expected"),
    [
        ("정책", "을/를", "을"),
        ("파드", "을/를", "를"),
        ("파드", "이/가", "가"),
        ("10.0.0.0/24", "을/를", "를"),  # 사
        ("10.0.0.0/16", "이/가", "이"),  # 육
        ("web", "을/를", "을(를)"),
        ("web", "으로/로", "(으)로"),
        ("80", "으로/로", "으로"),  # 영
        ("81", "으로/로", "로"),  # 일: ㄹ
        ("서울", "으로/로", "로"),
        ("(정책)", "은/는", "은"),
        ("", "은/는", "은(는)"),
    ],
)
def test_a_particle_fits_the_word_before_it(word: str, pair: str, expected: str) -> None:
    assert particle(word, pair) == expected


def test_values_are_never_read_as_templates() -> None:
    assert in_words(say("pod.title", pod="{pod} {0.__class__}"), Language.ENGLISH) == "Pod {pod} {0.__class__}"


# -- policies --------------------------------------------------------------------------------------------------------


def test_a_zero_policy() -> None:
    assert told("{}", pod("x/a", "10.0.0.1"), pod("y/a", "10.0.0.2")).split("\n") == [
        "NetworkPolicy x/p",
        "  It selects all pods of namespace x, because its podSelector is empty.",
        "    Right now 1 pod: x/a",
        "  policyTypes is absent or empty: the API server fills in Ingress.",
        "  Incoming connections (ingress): the selected pods are isolated. Only what a rule allows comes in.",
        "    It has no ingress rule (an absent list and an empty one mean the same): it lets nothing in.",
        "    " + WORDS["closed.in"][0],
        "  Outgoing connections (egress): this policy does not touch them.",
    ]


def test_or_between_peers_and_within_one() -> None:
    both = "{namespaceSelector: {matchLabels: {t: a}}, podSelector: {matchLabels: {k: v}}}"
    found = told(f"ingress: [{{from: [{both}]}}]")
    assert "from pods that have label k=v AND are in a namespace that has label t=a\n" in found
    found = told(
        "ingress: [{from: [{namespaceSelector: {matchLabels: {t: a}}}, {podSelector: {matchLabels: {k: v}}}]}]"
    )
    assert "from any one of these 2 (OR):\n" in found
    assert "  all pods of the namespaces that have label t=a\n" in found
    assert "  pods of namespace x that have label k=v\n" in found


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("ingress: [{}]", "Rule 1 of 1 lets in everything"),
        ("ingress: [{}]", "So nothing that comes in stays closed"),
        ("{policyTypes: [Egress], egress: []}", "it lets nothing out"),
        ("{policyTypes: [Ingress], egress: [{}]}", "Its egress rules have no effect"),
        ("ingress: [{ports: [{port: 80}]}]", "from anyone, in the cluster or outside, because `from` is absent"),
        ("ingress: [{from: [{podSelector: {}}]}]", "on every port of every protocol, because `ports` is absent"),
        ("ingress: [{ports: [{protocol: UDP}]}]", "on every UDP port"),
        ("ingress: [{ports: [{port: 80, endPort: 90}]}]", "on TCP ports 80 to 90"),
        ("ingress: [{from: [{namespaceSelector: {}}]}]", "from all pods of all namespaces (pods only"),
        ("egress: [{ports: [{port: web}]}]", "on the TCP port that the receiving pod calls web"),
        ("ingress: [{ports: [{port: nope}]}]", "Right now no selected pod has a port of that name"),
        ("ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]", "except those of 10.1.0.0/16"),
        (
            "podSelector: {matchExpressions: [{key: k, operator: NotIn, values: [a, b]}]}",
            "label k absent or with another",
        ),
        ("podSelector: {matchExpressions: [{key: k, operator: Exists}]}", "label k with any value"),
        ("podSelector: {matchLabels: {k: ''}}", 'that have label k=""'),
        (
            "{podSelector: {matchLabels: {k: v}, matchExpressions: [{key: k, operator: DoesNotExist}]}}",
            "no pod and never",
        ),
        ("ingress: [{ports: [{port: 0}]}]", "Rule 1 of 1 cannot be read, so it allows nothing"),
    ],
)
def test_what_is_absent_empty_or_odd_is_said_plainly(spec: str, sentence: str) -> None:
    assert sentence in told(spec)


def test_a_named_port_is_told_with_the_numbers_that_it_means_now() -> None:
    pods = (pod("x/a", ports=("web=80/TCP",)), pod("x/b", ports=("web=8080/TCP web=9/UDP",)))
    found = told("ingress: [{ports: [{port: web}]}]", *pods)
    assert "on the TCP port that the selected pod calls web\n        Right now 80, 8080\n" in found


def test_of_many_pods_the_first_are_named() -> None:
    cluster = Cluster.of([policy(), *(pod(f"x/p{n:02}") for n in range(MOST_NAMES + 3))])
    now = Present(cluster).now(cluster.engine.policies[PolicyKey("x", "p")].subject)
    assert in_words(now, Language.ENGLISH).endswith("x/p09 and 3 more")
    assert in_words(now, Language.KOREAN).endswith("x/p09 외 3개")


UNREADABLE = b"""apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: x}
spec: {podSelector: {}, ingres: [{}]}
"""


def test_of_a_policy_that_cannot_be_read_nothing_is_said_about_rules() -> None:
    cluster = Cluster.of(load(["-"], BytesIO(UNREADABLE)))
    text = "\n".join(lines(explain_policy(cluster, PolicyKey("x", "p")).told))
    assert "it counts as closed" in text
    assert "It has no" not in text


# -- pods ------------------------------------------------------------------------------------------------------------


def test_a_pod_that_no_policy_selects_is_open() -> None:
    found = explain_pod(Cluster.of([pod("x/a", "10.0.0.1"), policy(namespace="y")]), PodKey("x", "a"))
    assert (found.ingress, found.egress) == ((), ())
    assert [each.key for each in found.told.below] == ["pod.free.in", "pod.free.out"]


def test_the_policies_of_a_pod_are_told_as_their_union() -> None:
    one = policy("ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/9}}], ports: [{port: 80}]}]", name="one")
    two = policy("ingress: [{from: [{ipBlock: {cidr: 10.128.0.0/9}}], ports: [{port: 80}]}]", name="two")
    found = explain_pod(Cluster.of([pod("x/a", "10.0.0.1"), one, two]), PodKey("x", "a"))
    text = list(lines(found.told))
    assert "      on TCP port 80, from the addresses of 10.0.0.0/8" in text
    assert text[-4:-1] == ["    The rules behind it:", "      x/one, rule 1 of 1", "      x/two, rule 1 of 1"]


def test_pods_that_policies_do_not_see_are_said_to_be_so() -> None:
    assert unseen(pod("x/a", host_network=True)).told.below[0].key == "pod.host"
    assert unseen(pod("x/a", phase="Failed")).told.below[0].key == "pod.completed"


def test_a_pod_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        explain_pod(Cluster.of([namespace("x")]), PodKey("x", "a"))


# -- random clusters -------------------------------------------------------------------------------------------------


@given(st.lists(clusters.objects(readable=False), max_size=12))
def test_who_is_selected_is_what_the_reference_says(objects: list[Object]) -> None:
    """Policies and pods tell the same story, and it is that of one packet from outside, asked of the oracle."""
    cluster = Cluster.of(objects)
    literal = Literal(tuple(cluster.pods.values()), cluster.namespaces, cluster.nodes, tuple(cluster.policies.values()))
    pods = {key: explain_pod(cluster, key) for key in cluster.pods}
    for key, found in pods.items():
        own = [text for text in cluster.pods[key].addresses if text in clusters.POD_ADDRESSES]
        for address in map(ip_address, own):
            packets = Packet(OUTSIDE[address.version], address, 6, 80), Packet(address, OUTSIDE[address.version], 6, 80)
            into, out = allowed(literal, packets[0]).ingress, allowed(literal, packets[1]).egress
            if into.isolated or into.allowed:  # else the address is disputed
                assert (found.ingress, found.egress) == (into.policies, out.policies)
    for name in cluster.policies:
        one = explain_policy(cluster, name)
        chosen = {Direction.INGRESS: set[PodKey](), Direction.EGRESS: set[PodKey]()}
        for key, found in pods.items():
            chosen[Direction.INGRESS] |= {key} if name in found.ingress else set()
            chosen[Direction.EGRESS] |= {key} if name in found.egress else set()
        assert all(chosen[way] == (set(one.selected) if way in one.isolates else set()) for way in Direction)


@given(st.lists(clusters.objects(readable=False), max_size=10), st.sampled_from(Language))
def test_every_explanation_has_words(objects: list[Object], language: Language) -> None:
    cluster = Cluster.of(objects)
    present = Present(cluster)
    explained = [explain_policy(cluster, key, present).told for key in cluster.policies]
    explained += [explain_pod(cluster, key, present).told for key in cluster.pods]
    assert all(line.strip() and "{" not in line for one in explained for line in lines(one, language))
