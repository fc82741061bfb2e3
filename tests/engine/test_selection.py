"""Groups of pods and peers are values: what can be told to be equal is equal."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.engine import read_peer
from haechi.engine.selection import ANY_POD, ANYWHERE, NO_PEERS, NamedPeer, Peers, PodSelection
from haechi.model import LabelSelector, LabelSelectorRequirement, Namespace, NetworkPolicyPeer, ObjectMeta, Pod
from haechi.reference import ClusterObjects
from haechi.reference.reference import peer_matches
from haechi.select import EVERYTHING, NOTHING, Selector
from haechi.sets import AddressSet
from tests.building import policy, selector

APP = Selector.parse(selector("{matchLabels: {app: web}}"))
TEN = AddressSet.from_cidr("10.0.0.0/8")
TWENTY = AddressSet.from_cidr("20.0.0.0/8")


def by_name(values: str, operator: str = "In") -> Selector:
    return Selector.parse(
        selector(
            f"{{matchExpressions: [{{key: kubernetes.io/metadata.name, operator: {operator}, values: [{values}]}}]}}"
        )
    )


def test_a_namespace_selected_by_its_name_is_the_namespace() -> None:
    assert PodSelection.of(by_name("a"), APP) == PodSelection("a", APP)
    assert hash(PodSelection.of(by_name("a"), APP)) == hash(PodSelection("a", APP))


def test_other_selectors_of_names_stay_selectors() -> None:
    for scope in (by_name("a, b"), by_name("a", "NotIn"), EVERYTHING, APP):
        assert PodSelection.of(scope, APP).namespaces == scope


def test_two_labels_are_more_than_the_name() -> None:
    both = Selector.parse(selector("{matchLabels: {kubernetes.io/metadata.name: a, team: b}}"))
    assert PodSelection.of(both, APP).namespaces == both


def test_words() -> None:
    assert str(PodSelection("a", APP)) == "a: app=web"
    assert str(ANY_POD) == "[<none>]: <none>"
    assert str(NamedPeer(PodSelection("a", EVERYTHING), 6, "web")) == "a: <none> on web"


NAME = "kubernetes.io/metadata.name"
PODS = [{}, {"app": "1"}, {"app": "2"}, {"app": "other"}]
TEAMS = [{}, {"team": "1"}, {"team": "other"}]
NAMESPACES = ("x", "a", "other")
SELECTORS = st.sampled_from(
    [
        selector(text)
        for text in (
            "{}",
            "{matchLabels: {app: '1'}}",
            "{matchExpressions: [{key: app, operator: In, values: ['1', '2']}]}",
            "{matchExpressions: [{key: app, operator: NotIn, values: ['1']}]}",
            "{matchExpressions: [{key: app, operator: Exists}]}",
            "{matchExpressions: [{key: app, operator: DoesNotExist}]}",
            "{matchLabels: {app: '1'}, matchExpressions: [{key: app, operator: DoesNotExist}]}",
        )
    ]
)


@st.composite
def namespace_selectors(draw: st.DrawFn) -> LabelSelector:
    """Over a team's label and the name, often both."""
    found = []
    for key, values in (("team", ("1",)), (NAME, NAMESPACES[:2])):
        operator = draw(st.sampled_from((None, "In", "NotIn", "Exists", "DoesNotExist")))
        some = tuple(draw(st.lists(st.sampled_from(values), min_size=1, max_size=2)))
        if operator is not None:
            valued = operator in ("In", "NotIn")
            found.append(LabelSelectorRequirement(key=key, operator=operator, values=some if valued else ()))
    return LabelSelector(match_expressions=tuple(found))


pod_peers = st.one_of(
    st.builds(NetworkPolicyPeer, pod_selector=SELECTORS),
    st.builds(NetworkPolicyPeer, pod_selector=st.none() | SELECTORS, namespace_selector=namespace_selectors()),
)


def meant(peer: NetworkPolicyPeer) -> set[int]:
    """Which of all pods that selectors here can tell apart an item of a policy of namespace x means, literally."""
    found = set()
    for number, (name, team, marks) in enumerate(product(NAMESPACES, TEAMS, PODS)):
        cluster = ClusterObjects(namespaces=(Namespace(metadata=ObjectMeta(name=name, labels=team)),))
        pod = Pod(metadata=ObjectMeta(name="p", namespace=name, labels=marks))
        if peer_matches(cluster, policy(), peer, pod, ip_address("10.0.0.1")):
            found.add(number)
    return found


def selection(peer: NetworkPolicyPeer) -> PodSelection:
    (found,) = read_peer(peer, "x").selections
    return found


@given(pod_peers, pod_peers)
def test_implies_is_what_holds_in_every_cluster(one: NetworkPolicyPeer, other: NetworkPolicyPeer) -> None:
    mine, theirs = meant(one), meant(other)
    assert selection(one).implies(selection(other)) == (mine <= theirs)
    assert selection(one).contradictory == (not mine)


@pytest.mark.parametrize(
    ("one", "other", "implied"),
    [
        (PodSelection("a", APP), PodSelection("a", EVERYTHING), True),
        (PodSelection("a", APP), PodSelection("b", EVERYTHING), False),
        (PodSelection("a", APP), ANY_POD, True),
        (PodSelection("a", APP), PodSelection(by_name("a, b"), APP), True),
        (PodSelection("a", APP), PodSelection(APP, APP), False),
        (PodSelection(by_name("a, b"), APP), PodSelection("a", APP), False),
        (PodSelection(NOTHING, APP), PodSelection("a", NOTHING), True),
    ],
)
def test_who_implies_whom(one: PodSelection, other: PodSelection, implied: bool) -> None:
    assert one.implies(other) == implied


def test_anywhere_stands_alone_in_a_union() -> None:
    some = Peers(selections=frozenset({ANY_POD}), blocks=TEN)
    assert Peers.union([some, ANYWHERE]) == ANYWHERE
    assert Peers.union([]) == NO_PEERS
    union = Peers.union([some, Peers(blocks=TWENTY)])
    assert union == Peers(selections=frozenset({ANY_POD}), blocks=TEN | TWENTY)


def test_without_leaves_what_is_still_to_be_said() -> None:
    some = Peers(selections=frozenset({ANY_POD, PodSelection("a", APP)}), blocks=TEN | TWENTY)
    rest = some.without(Peers(selections=frozenset({ANY_POD}), blocks=TEN))
    assert rest == Peers(selections=frozenset({PodSelection("a", APP)}), blocks=TWENTY)
    assert some.without(ANYWHERE) == NO_PEERS
    assert ANYWHERE.without(some) == ANYWHERE
    assert some.without(some) == NO_PEERS


def test_only_nobody_is_false() -> None:
    assert not NO_PEERS
    assert ANYWHERE
    assert Peers(blocks=TEN)
    assert Peers(selections=frozenset({ANY_POD}))
