"""Groups of pods and peers are values: what can be told to be equal is equal."""

from __future__ import annotations

from haechi.engine.selection import ANY_POD, ANYWHERE, NOBODY, NamedPeer, Peers, PodSelection
from haechi.select import EVERYTHING, Selector
from haechi.sets import AddressSet
from tests.building import selector

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


def test_anywhere_stands_alone_in_a_union() -> None:
    some = Peers(selections=frozenset({ANY_POD}), blocks=TEN)
    assert Peers.union([some, ANYWHERE]) == ANYWHERE
    assert Peers.union([]) == NOBODY
    union = Peers.union([some, Peers(blocks=TWENTY)])
    assert union == Peers(selections=frozenset({ANY_POD}), blocks=TEN | TWENTY)


def test_without_leaves_what_is_still_to_be_said() -> None:
    some = Peers(selections=frozenset({ANY_POD, PodSelection("a", APP)}), blocks=TEN | TWENTY)
    rest = some.without(Peers(selections=frozenset({ANY_POD}), blocks=TEN))
    assert rest == Peers(selections=frozenset({PodSelection("a", APP)}), blocks=TWENTY)
    assert some.without(ANYWHERE) == NOBODY
    assert ANYWHERE.without(some) == ANYWHERE
    assert some.without(some) == NOBODY


def test_only_nobody_is_false() -> None:
    assert not NOBODY
    assert ANYWHERE
    assert Peers(blocks=TEN)
    assert Peers(selections=frozenset({ANY_POD}))
