"""Members of a selection are the pods that it means when each is asked anew, whatever came and went."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pyroaring import BitMap

from haechi.engine.endpoint import Endpoint
from haechi.engine.membership import Memberships
from haechi.engine.selection import PodSelection
from haechi.model.verdict import PodKey
from haechi.select import EVERYTHING, NOTHING, Selector
from tests import clusters

Labels = dict[str, str]
namespaces = st.sampled_from(clusters.NAMESPACES)
scopes = namespaces | clusters.namespace_selectors().map(Selector.parse)
selections = st.builds(PodSelection, scopes, clusters.selectors().map(Selector.parse) | st.just(EVERYTHING))
endpoints = st.builds(Endpoint, st.builds(PodKey, namespaces, st.sampled_from(clusters.POD_NAMES)), clusters.labels)


class MembershipsMachine(RuleBasedStateMachine):
    """Memberships beside plain records, driven as the engine drives them."""

    def __init__(self) -> None:
        super().__init__()
        self.memberships = Memberships()
        self.pods: dict[int, Endpoint] = {}
        self.used: Counter[PodSelection] = Counter()
        self.declared: dict[str, Labels] = {}

    @initialize(many=st.dictionaries(st.integers(0, 9), endpoints, max_size=6), shared=clusters.labels)
    def extend(self, many: dict[int, Endpoint], shared: Labels) -> None:
        self.pods = {n: Endpoint(pod.key, shared) if n % 3 == 0 else pod for n, pod in many.items()}
        self.memberships.extend(self.pods.items())

    @rule(number=st.integers(0, 9), endpoint=endpoints)
    def put(self, number: int, endpoint: Endpoint) -> None:
        self.remove(number)
        self.memberships.add(number, endpoint, self.memberships.of(endpoint))
        self.pods[number] = endpoint

    @rule(number=st.integers(0, 9))
    def remove(self, number: int) -> None:
        if number in self.pods:
            old = self.pods.pop(number)
            self.memberships.remove(number, old, self.memberships.of(old))

    @rule(selection=selections)
    def acquire(self, selection: PodSelection) -> None:
        self.memberships.acquire(selection)
        self.used[selection] += 1

    @precondition(lambda self: self.used.total())
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        selection = data.draw(st.sampled_from(sorted(self.used.elements(), key=str)))
        self.memberships.release(selection)
        self.used -= Counter([selection])

    @rule(name=namespaces, labels=clusters.labels | st.none())
    def declare(self, name: str, labels: Labels | None) -> None:
        numbers = list(self.memberships.pods_of(name))
        before = {number: self.memberships.of(self.pods[number]) for number in numbers}
        self.memberships.scopes.declare(name, labels)
        for number in numbers:
            self.memberships.move(number, before[number], self.memberships.of(self.pods[number]))
        if labels is None:
            self.declared.pop(name, None)
        else:
            self.declared[name] = labels

    def means(self, selection: PodSelection, pod: Endpoint) -> bool:
        name, scope = pod.key.namespace, selection.namespaces
        labels = {**self.declared.get(name, {}), "kubernetes.io/metadata.name": name}
        within = scope == name if isinstance(scope, str) else scope.matches(labels)
        return within and selection.pods.matches(pod.labels)

    @invariant()
    def members_are_those_that_are_meant(self) -> None:
        for selection in self.used:
            expected = BitMap(number for number, pod in self.pods.items() if self.means(selection, pod))
            assert self.memberships.members(selection) == expected, selection

    @rule(selection=selections)
    def select(self, selection: PodSelection) -> None:
        expected = BitMap(number for number, pod in self.pods.items() if self.means(selection, pod))
        assert self.memberships.select(selection) == expected

    @invariant()
    def pods_know_their_selections(self) -> None:
        for pod in self.pods.values():
            found = self.memberships.of(pod)
            assert all(self.means(selection, pod) for selection in found)
            assert {selection for selection in self.used if self.means(selection, pod)} <= found

    @invariant()
    def pods_are_known_by_namespace(self) -> None:
        for name in clusters.NAMESPACES:
            expected = BitMap(number for number, pod in self.pods.items() if pod.key.namespace == name)
            assert self.memberships.pods_of(name) == expected

    def teardown(self) -> None:
        for selection in list(self.used.elements()):
            self.memberships.release(selection)
        for number in list(self.pods):
            self.remove(number)
        for name in self.declared:
            self.memberships.scopes.declare(name, None)
        assert_empty(self.memberships)


def assert_empty(memberships: Memberships) -> None:
    """Nothing is kept of what has gone."""
    left = {name: value for name, value in vars(memberships).items() if isinstance(value, dict) and value}
    assert not left
    assert not memberships._pods.all
    assert not memberships._pods._keys
    assert not memberships.scopes._numbers
    assert not memberships.scopes._scopes
    assert not memberships.scopes._selecting


TestMemberships = MembershipsMachine.TestCase
TestMemberships.settings = settings(max_examples=60, stateful_step_count=25)


def pod(namespace: str, **labels: str) -> Endpoint:
    return Endpoint(PodKey(namespace, "p"), labels)


def test_bulk_comes_before_the_first_selection() -> None:
    memberships = Memberships()
    memberships.acquire(PodSelection("a", EVERYTHING))
    with pytest.raises(ValueError, match="before the first policy"):
        memberships.extend([(0, pod("a"))])


def test_a_selection_is_in_use_until_its_last_user_goes() -> None:
    memberships = Memberships()
    selection = PodSelection("a", EVERYTHING)
    memberships.acquire(selection)
    memberships.acquire(selection)
    memberships.release(selection)
    memberships.add(1, pod("a"), memberships.of(pod("a")))
    assert memberships.members(selection) == BitMap([1])
    memberships.release(selection)
    with pytest.raises(KeyError):
        memberships.members(selection)


def test_the_contradiction_means_nobody() -> None:
    memberships = Memberships()
    memberships.extend([(0, pod("a"))])
    for selection in (PodSelection("a", NOTHING), PodSelection(NOTHING, EVERYTHING), PodSelection(NOTHING, NOTHING)):
        memberships.acquire(selection)
        assert memberships.members(selection) == BitMap()
    assert memberships.of(pod("a")) == frozenset()
