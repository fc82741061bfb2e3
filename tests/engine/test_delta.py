"""A delta is the difference between two present states, and empty where there is none."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from haechi.engine import Delta, Engine, PodChange, PodSelection, PodState
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import Direction, PodKey
from haechi.select import EVERYTHING
from haechi.sets import text_to_point
from tests import clusters
from tests.building import namespace, node, pod, policy

Object = Namespace | Node | Pod | NetworkPolicy
A = PodKey("x", "a")
STATE = PodState("", (), (), (), frozenset())


def changed(delta: Delta) -> list[str]:
    return [str(change.key) for change in delta.pods]


def subjects(engine: Engine, delta: Delta) -> set[str]:
    return {str(engine.numbered(number).key) for number in delta.subjects}


def isolated(engine: Engine, key: PodKey) -> bool:
    endpoint = engine.endpoint(key)
    assert endpoint is not None
    return bool(engine.policies_of(endpoint, Direction.INGRESS))


def peers_of(engine: Engine, key: PodKey) -> set[str]:
    """The pods that the policies of a pod allow in, by selections."""
    endpoint = engine.endpoint(key)
    assert endpoint is not None
    policies = engine.policy_set(endpoint, Direction.INGRESS)
    assert policies is not None
    return {str(one.key) for selection in policies.selections() for one, _ in engine.members(selection)}


def test_of_leaves_out_what_did_not_change() -> None:
    change = PodChange(A, None, STATE)
    assert Delta.of([PodChange(A, STATE, STATE), change]) == Delta((change,))
    assert not Delta.of([PodChange(A, STATE, STATE)])


def test_a_delta_with_subjects_or_pods_is_not_empty() -> None:
    assert not Delta()
    assert Delta(subjects=BitMap([0]))
    assert Delta((PodChange(A, None, STATE),))


@given(st.lists(clusters.objects(readable=False), max_size=14))
def test_putting_again_what_is_there_changes_nothing(found: list[Object]) -> None:
    engine = Engine.of(found)
    for one in {(type(one), one.key): one for one in found}.values():
        assert not engine.put(one)


@given(st.lists(clusters.objects(), max_size=14))
def test_deleting_what_is_not_there_changes_nothing(found: list[Object]) -> None:
    engine = Engine.of(found)
    for kind in (Pod, NetworkPolicy, Namespace, Node):
        assert not engine.delete(kind, "a", "never")


def test_a_pod_that_policies_do_not_see_makes_no_difference() -> None:
    engine = Engine()
    assert not engine.put(pod("x/a", "10.0.0.1", host_network=True))
    assert not engine.put(pod("x/a", "10.0.0.1", phase="Failed"))
    assert list(engine.endpoints) == []


def test_a_pod_that_completes_goes() -> None:
    engine = Engine.of([pod("x/a", "10.0.0.1")])
    delta = engine.put(pod("x/a", "10.0.0.1", phase="Succeeded"))
    assert delta.pods == (PodChange(A, PodState("", (text_to_point("10.0.0.1"),), (), (), frozenset()), None),)
    assert engine.endpoint(A) is None
    assert engine.owner(text_to_point("10.0.0.1")) is None


def test_the_last_object_of_a_key_counts_also_if_policies_do_not_see_it() -> None:
    live, ended = pod("x/a", "10.0.0.1"), pod("x/a", "10.0.0.1", phase="Succeeded")
    assert list(Engine.of([live, ended]).endpoints) == []
    assert [str(one.key) for one in Engine.of([ended, live]).endpoints] == ["x/a"]


def test_labels_that_no_selection_asks_for_change_nothing() -> None:
    engine = Engine.of([pod("x/a", marks="v=1"), policy("podSelector: {matchLabels: {app: web}}")])
    assert not engine.put(pod("x/a", marks="v=2"))
    assert changed(engine.put(pod("x/a", marks="v=2,app=web"))) == ["x/a"]
    assert isolated(engine, A)


def test_a_claim_that_becomes_disputed_changes_every_claimant() -> None:
    address = text_to_point("10.0.0.1")
    engine = Engine.of([pod("x/a", "10.0.0.1", "10.0.0.2"), pod("x/c")])
    delta = engine.put(pod("x/b", "10.0.0.1"))
    assert changed(delta) == ["x/b", "x/a"]
    assert [change.after and change.after.disputed for change in delta.pods] == [(address,), (address,)]
    assert changed(engine.put(pod("x/c", "10.0.0.1"))) == ["x/c"]
    delta = engine.put(pod("x/b", "10.0.0.3"))
    assert changed(delta) == ["x/b"]
    delta = engine.delete(Pod, "x", "c")
    assert changed(delta) == ["x/c", "x/a"]
    assert delta.pods[1].after == PodState("", (address, address + 1), (), (), frozenset())


def test_a_namespace_that_is_relabelled_moves_its_pods() -> None:
    blue = "ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}}]}]"
    engine = Engine.of([pod("x/a"), pod("y/b"), pod("y/c"), pod("z/d"), policy(blue)])
    assert peers_of(engine, A) == set()
    assert not engine.put(namespace("y", "team=red"))
    delta = engine.put(namespace("y", "team=blue"))
    assert changed(delta) == ["y/b", "y/c"]
    assert peers_of(engine, A) == {"y/b", "y/c"}
    assert not engine.put(namespace("y", "team=blue,more=labels"))
    assert changed(engine.put(pod("y/e"))) == ["y/e"]
    assert peers_of(engine, A) == {"y/b", "y/c", "y/e"}
    assert changed(engine.delete(Namespace, "", "y")) == ["y/b", "y/c", "y/e"]
    assert peers_of(engine, A) == set()


def test_pods_that_come_before_their_namespace() -> None:
    blue = "ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}, podSelector: {matchLabels: {a: '1'}}}]}]"
    engine = Engine()
    for one in (policy(blue), pod("y/b", marks="a=1"), pod("y/c", marks="a=2"), pod("x/a")):
        engine.put(one)
    assert changed(engine.put(namespace("y", "team=blue"))) == ["y/b", "y/c"]
    assert peers_of(engine, A) == {"y/b"}


def test_a_policy_that_comes_changes_and_goes_names_its_subjects() -> None:
    engine = Engine.of([pod("x/a", marks="app=web"), pod("x/b"), pod("y/c", marks="app=web")])
    web = "podSelector: {matchLabels: {app: web}}"
    assert subjects(engine, engine.put(policy(web))) == {"x/a"}
    assert not engine.put(policy(web))
    assert subjects(engine, engine.put(policy(f"{{{web}, ingress: [{{}}]}}"))) == {"x/a"}
    assert subjects(engine, engine.put(policy("{}"))) == {"x/a", "x/b"}
    assert subjects(engine, engine.put(policy(web))) == {"x/a", "x/b"}
    assert subjects(engine, engine.delete(NetworkPolicy, "x", "p")) == {"x/a"}
    assert not isolated(engine, A)
    assert not engine.delete(NetworkPolicy, "x", "p")


def test_two_policies_of_one_subject_go_one_by_one() -> None:
    engine = Engine.of([pod("x/a"), policy(name="p"), policy("policyTypes: [Egress]", name="q"), policy(name="r")])
    engine.delete(NetworkPolicy, "x", "p")
    assert isolated(engine, A)
    engine.delete(NetworkPolicy, "x", "r")
    assert not isolated(engine, A)
    engine.delete(NetworkPolicy, "x", "q")
    assert engine.policies == {}


def test_a_node_that_changes_changes_no_pod() -> None:
    engine = Engine.of([pod("x/a", node="n1")])
    assert not engine.put(node("n1", "172.16.0.1"))
    assert engine.node_addresses("n1") == (text_to_point("172.16.0.1"),)
    assert not engine.delete(Node, "", "n1")
    assert engine.node_addresses("n1") == ()


def test_numbers_of_pods_that_have_gone_are_used_again() -> None:
    engine = Engine()
    for _ in range(100):
        engine.put(pod("x/a", "10.0.0.1"))
        engine.put(pod("x/b", "10.0.0.1"))
        engine.delete(Pod, "x", "a")
        engine.delete(Pod, "x", "b")
    engine.put(policy())
    engine.put(pod("x/a"))
    assert engine.is_member(next(iter(engine.endpoints)), PodSelection("x", EVERYTHING))
    assert subjects(engine, engine.put(policy("ingress: [{}]"))) == {"x/a"}
    assert engine._numbers[A] < 2


@given(st.lists(clusters.objects(readable=False), max_size=16), st.randoms(use_true_random=False), st.booleans())
def test_an_emptied_engine_keeps_nothing(found: list[Object], random: object, at_once: bool) -> None:
    engine = Engine.of(found) if at_once else Engine()
    for one in found:
        engine.put(one)
        for endpoint in engine.endpoints:
            engine.policy_sets(endpoint)
    random.shuffle(found)  # type: ignore[attr-defined]
    for one in found:
        engine.delete(type(one), one.namespace, one.name)
    assert not list(engine.endpoints)
    assert list(left(engine)) == []


def left(engine: Engine) -> Iterable[str]:
    """Whatever the engine and its parts still hold, free numbers and counters apart."""
    memberships, scopes = engine._memberships, engine._memberships.scopes
    indexes = (memberships._pods, scopes._index)
    for part in (engine, engine._claims, engine._classes, memberships, scopes):
        for name, value in vars(part).items():
            if name != "_free" and isinstance(value, dict | set | list) and value:
                yield f"{type(part).__name__}.{name}: {value}"
    for index in indexes:
        yield from (name for name in index.__slots__ if getattr(index, name))
