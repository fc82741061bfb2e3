"""Namespace selectors mean the namespaces whose labels they match, at any time."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from haechi.engine.scopes import Scopes
from haechi.model import LabelSelector
from haechi.select import EVERYTHING, Selector
from tests import clusters
from tests.building import selector

names = st.sampled_from(clusters.NAMESPACES)


class ScopesMachine(RuleBasedStateMachine):
    """Scopes beside a plain record of what is declared, populated and asked."""

    def __init__(self) -> None:
        super().__init__()
        self.scopes = Scopes()
        self.declared: dict[str, dict[str, str]] = {}
        self.populated: set[str] = set()
        self.used: set[Selector] = set()

    def labels(self, name: str) -> dict[str, str]:
        return {**self.declared.get(name, {}), "kubernetes.io/metadata.name": name}

    @rule(name=names, labels=clusters.labels | st.none())
    def declare(self, name: str, labels: dict[str, str] | None) -> None:
        before = {scope for scope in self.used if scope.matches(self.labels(name))}
        flips = self.scopes.flips(name, labels)
        self.scopes.declare(name, labels)
        if labels is None:
            self.declared.pop(name, None)
        else:
            self.declared[name] = labels
        assert flips == (before != {scope for scope in self.used if scope.matches(self.labels(name))})

    @rule(name=names)
    def mention(self, name: str) -> None:
        self.scopes.mention(name)
        self.populated.add(name)

    @precondition(lambda self: self.populated)
    @rule(data=st.data())
    def vacate(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.populated)))
        self.scopes.vacate(name)
        self.populated.remove(name)

    @rule(scope=clusters.namespace_selectors())
    def acquire(self, scope: LabelSelector) -> None:
        parsed = Selector.parse(scope)
        if parsed not in self.used:
            self.scopes.acquire(parsed)
            self.used.add(parsed)

    @precondition(lambda self: self.used)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        scope = data.draw(st.sampled_from(sorted(self.used, key=str)))
        self.scopes.release(scope)
        self.used.remove(scope)

    @invariant()
    def answers_agree(self) -> None:
        known = self.declared.keys() | self.populated
        for name in clusters.NAMESPACES:
            assert self.scopes.labels(name) == self.labels(name)
            assert self.scopes.selecting(name) == {scope for scope in self.used if scope.matches(self.labels(name))}
        for scope in self.used:
            assert set(self.scopes.namespaces(scope)) == {name for name in known if scope.matches(self.labels(name))}

    def teardown(self) -> None:
        for scope in self.used:
            self.scopes.release(scope)
        for name in self.populated:
            self.scopes.vacate(name)
        for name in self.declared:
            self.scopes.declare(name, None)
        left = (self.scopes._numbers, self.scopes._names, self.scopes._selecting, self.scopes._scopes)
        assert not any(left), left
        assert not self.scopes._index.all


TestScopes = ScopesMachine.TestCase
TestScopes.settings = settings(max_examples=40, stateful_step_count=25)


def test_a_declared_namespace_cannot_change_its_name_label() -> None:
    scopes = Scopes()
    scopes.declare("a", {"kubernetes.io/metadata.name": "b"})
    assert scopes.labels("a") == {"kubernetes.io/metadata.name": "a"}
    scopes.declare("a", None)


def test_deleting_an_unknown_namespace_leaves_nothing() -> None:
    scopes = Scopes()
    scopes.declare("never", None)
    assert list(scopes.namespaces(EVERYTHING)) == []


def test_a_deleted_namespace_with_pods_keeps_its_name_only() -> None:
    scopes = Scopes()
    blue = Selector.parse(selector("{matchLabels: {team: blue}}"))
    scopes.acquire(blue)
    scopes.mention("a")
    scopes.declare("a", {"team": "blue"})
    assert list(scopes.namespaces(blue)) == ["a"]
    scopes.declare("a", None)
    assert list(scopes.namespaces(blue)) == []
    assert list(scopes.namespaces(EVERYTHING)) == ["a"]
