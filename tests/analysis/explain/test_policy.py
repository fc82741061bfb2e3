"""Explanations: true by the reference, in both languages."""

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
from haechi.analysis.explain.pod import explain_pod
from haechi.analysis.explain.policy import explain_policy
from haechi.analysis.explain.selections import MOST_NAMES, SelectedPods
from haechi.analysis.explain.sentences import Language, Sentence, in_words, particle
from haechi.analysis.explain.words import WORDS
from haechi.files import load
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import Direction, Packet, PodKey, PolicyKey
from haechi.reference import ClusterObjects, allowed
from tests import clusters
from tests.building import namespace, pod, policy

Object = Namespace | Node | Pod | NetworkPolicy
CONTRADICTORY = """egress:
- to: [{podSelector: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: DoesNotExist}]}}]
"""
NAMELESS = """ingress:
- from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: DoesNotExist}]}}]
"""
OUTSIDE = {4: ip_address("198.51.100.7"), 6: ip_address("2001:db8:ffff::7")}


def lines(sentence: Sentence, language: Language = Language.ENGLISH, depth: int = 0) -> Iterator[str]:
    """A sentence and those below it, indented."""
    yield "  " * depth + in_words(sentence, language)
    for each in sentence.below:
        yield from lines(each, language, depth + 1)


def explained(spec: str, *others: Object, language: Language = Language.ENGLISH) -> str:
    """The explanation of policy x/p."""
    cluster = Cluster.of([policy(spec), *others])
    return "\n".join(lines(explain_policy(cluster, PolicyKey("x", "p")).sentence, language))


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


def test_keys_of_one_direction_exist_for_the_other() -> None:
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
    assert in_words(Sentence.of("pod.title", pod="{pod} {0.__class__}"), Language.ENGLISH) == "Pod {pod} {0.__class__}"


# -- policies --------------------------------------------------------------------------------------------------------


def test_a_zero_policy() -> None:
    assert explained("{}", pod("x/a", "10.0.0.1"), pod("y/a", "10.0.0.2")).split("\n") == [
        "NetworkPolicy x/p",
        "  It selects all pods in namespace x, because podSelector is empty.",
        "    Right now 1 pod: x/a",
        "  policyTypes is absent or empty: the API server sets it to Ingress.",
        "  " + WORDS["direction.isolated.in"][0],
        "    " + WORDS["rules.none.in"][0],
        "    " + WORDS["rest.in"][0],
        "  Outgoing connections (egress): not affected by this policy.",
    ]


def test_or_between_peers_and_within_one() -> None:
    both = "{namespaceSelector: {matchLabels: {t: a}}, podSelector: {matchLabels: {k: v}}}"
    found = explained(f"ingress: [{{from: [{both}]}}]")
    assert "from pods that have label k=v AND are in a namespace that has label t=a\n" in found
    found = explained(
        "ingress: [{from: [{namespaceSelector: {matchLabels: {t: a}}}, {podSelector: {matchLabels: {k: v}}}]}]"
    )
    assert "from any of these 2 (OR):\n" in found
    assert "  all pods in namespaces that have label t=a\n" in found
    assert "  pods in namespace x that have label k=v\n" in found


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("ingress: [{}]", "Rule 1 of 1 allows every incoming connection"),
        ("ingress: [{}]", "So no incoming connection is denied"),
        ("{policyTypes: [Egress], egress: []}", "it allows no outgoing connection"),
        ("{policyTypes: [Ingress], egress: [{}]}", "Its egress rules have no effect"),
        ("ingress: [{ports: [{port: 80}]}]", "from anyone, inside or outside the cluster, because `from` is absent"),
        ("ingress: [{from: [{podSelector: {}}]}]", "on every port of every protocol, because `ports` is absent"),
        ("ingress: [{ports: [{protocol: UDP}]}]", "on every UDP port"),
        ("ingress: [{ports: [{port: 80, endPort: 90}]}]", "on TCP ports 80 to 90"),
        ("ingress: [{from: [{namespaceSelector: {}}]}]", "from all pods in all namespaces (pods only"),
        ("egress: [{ports: [{port: web}]}]", "on the TCP port named web of the destination pod"),
        ("ingress: [{ports: [{port: nope}]}]", "Right now no selected pod has a port with this name"),
        ("ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]", "except those in 10.1.0.0/16"),
        ("ingress: [{from: [{ipBlock: {cidr: 10.0.0.5/8}}]}]", "the addresses in 10.0.0.5/8 = 10.0.0.0/8"),
        (
            "podSelector: {matchExpressions: [{key: k, operator: NotIn, values: [a, b]}]}",
            "label k absent or with a value other than a, b",
        ),
        ("podSelector: {matchExpressions: [{key: k, operator: Exists}]}", "label k with any value"),
        ("podSelector: {matchLabels: {k: ''}}", 'that have label k=""'),
        (
            "{podSelector: {matchLabels: {k: v}, matchExpressions: [{key: k, operator: DoesNotExist}]}}",
            "no pod and never",
        ),
        (
            NAMELESS,
            "from no pod, because the API server sets label kubernetes.io/metadata.name of every namespace",
        ),
        (
            CONTRADICTORY,
            "to no pod, because the requirements of the selectors contradict each other",
        ),
        ("ingress: [{ports: [{port: 0}]}]", "Rule 1 of 1 cannot be read, so it allows nothing"),
    ],
)
def test_what_is_absent_empty_or_odd_is_explained(spec: str, sentence: str) -> None:
    assert sentence in explained(spec)


def test_a_named_port_is_explained_with_its_numbers_right_now() -> None:
    pods = (pod("x/a", ports=("web=80/TCP",)), pod("x/b", ports=("web=8080/TCP web=9/UDP",)))
    found = explained("ingress: [{ports: [{port: web}]}]", *pods)
    assert "on the TCP port named web of the selected pod\n        Right now 80, 8080\n" in found


def test_of_many_pods_the_first_are_named() -> None:
    cluster = Cluster.of([policy(), *(pod(f"x/p{n:02}") for n in range(MOST_NAMES + 3))])
    now = SelectedPods(cluster).sentence(cluster.engine.policies[PolicyKey("x", "p")].subject)
    assert in_words(now, Language.ENGLISH).endswith("x/p09 and 3 more")
    assert in_words(now, Language.KOREAN).endswith("x/p09 외 3개")


UNREADABLE = b"""apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: x}
spec: {podSelector: {}, ingres: [{}]}
"""


def test_a_policy_that_cannot_be_read_is_explained_without_rules() -> None:
    cluster = Cluster.of(load(["-"], BytesIO(UNREADABLE)))
    text = "\n".join(lines(explain_policy(cluster, PolicyKey("x", "p")).sentence))
    assert "it fails closed" in text
    assert "It has no" not in text


# -- pods ------------------------------------------------------------------------------------------------------------


def test_a_pod_that_no_policy_selects_is_open() -> None:
    found = explain_pod(Cluster.of([pod("x/a", "10.0.0.1"), policy(namespace="y")]), PodKey("x", "a"))
    assert (found.ingress, found.egress) == ((), ())
    assert [each.key for each in found.sentence.below] == ["pod.unrestricted.in", "pod.unrestricted.out"]


def test_the_policies_of_a_pod_are_explained_as_their_union() -> None:
    one = policy("ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/9}}], ports: [{port: 80}]}]", name="one")
    two = policy("ingress: [{from: [{ipBlock: {cidr: 10.128.0.0/9}}], ports: [{port: 80}]}]", name="two")
    found = explain_pod(Cluster.of([pod("x/a", "10.0.0.1"), one, two]), PodKey("x", "a"))
    text = list(lines(found.sentence))
    assert "      on TCP port 80, from the addresses in 10.0.0.0/8" in text
    assert text[-4:-1] == ["    Based on these rules:", "      x/one, rule 1 of 1", "      x/two, rule 1 of 1"]


def test_a_pod_that_policies_ignore_is_explained_with_the_reason() -> None:
    cluster = Cluster.of([pod("x/a", host_network=True), pod("x/b", phase="Failed"), policy()])
    assert explain_pod(cluster, PodKey("x", "a")).sentence.below[0].key == "pod.host"
    assert explain_pod(cluster, PodKey("x", "b")).sentence.below[0].key == "pod.completed"


def test_an_unknown_pod_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        explain_pod(Cluster.of([namespace("x")]), PodKey("x", "a"))


# -- random clusters -------------------------------------------------------------------------------------------------


@given(st.lists(clusters.objects(readable=False), max_size=12))
def test_the_selected_pods_are_those_of_the_reference(objects: list[Object]) -> None:
    """Explanations of policies and of pods agree with each other, and with the oracle on a packet from outside."""
    cluster = Cluster.of(objects)
    literal = ClusterObjects(
        tuple(cluster.pods.values()), cluster.namespaces, cluster.nodes, tuple(cluster.policies.values())
    )
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
    selected = SelectedPods(cluster)
    sentences = [explain_policy(cluster, key, selected).sentence for key in cluster.policies]
    sentences += [explain_pod(cluster, key, selected).sentence for key in cluster.pods]
    assert all(line.strip() and "{" not in line for one in sentences for line in lines(one, language))
