"""The engine says what the document says, however the cluster came about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from haechi.engine import Engine, Peers, PodSelection, addresses, point, traffic, verdict
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import PodKey
from haechi.select import EVERYTHING
from haechi.sets import AddressSet, PortSet, Traffic, text_to_point
from tests.building import pod, policy
from tests.sentences import CASES, Case, Object


def one_by_one(objects: list[Object]) -> Engine:
    engine = Engine()
    for one in objects:
        engine.put(one)
    return engine


def backwards(objects: list[Object]) -> Engine:
    """Policies first, then pods, nodes and namespaces."""
    return one_by_one(objects[::-1])


def twice(objects: list[Object]) -> Engine:
    engine = one_by_one(objects)
    for one in objects:
        assert not engine.put(one)
    return engine


def after_a_detour(objects: list[Object]) -> Engine:
    """Everything was there in another form, under other labels and rules, went and came again."""
    engine = Engine.of(objects)
    for one in objects:
        engine.put(_other(one))
    for one in objects:
        engine.delete(type(one), one.namespace, one.name)
    for one in objects:
        engine.put(_other(one))
        engine.put(one)
    return engine


def _other(one: Object) -> Object:
    match one:
        case Pod():
            metadata = replace(one.metadata, labels={"pod": "other"})
            return replace(one, metadata=metadata, status=replace(one.status, phase="Running", pod_ips=()))
        case NetworkPolicy():
            return policy("{policyTypes: [Ingress, Egress], ingress: [{}]}", name=one.name, namespace=one.namespace)
        case Namespace():
            return replace(one, metadata=replace(one.metadata, labels={"team": "other"}))
        case Node():
            return replace(one, status=replace(one.status, addresses=()))


WAYS: tuple[Callable[[list[Object]], Engine], ...] = (Engine.of, one_by_one, backwards, twice, after_a_detour)


@pytest.mark.parametrize("build", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_sentence(case: Case, build: Callable[[list[Object]], Engine]) -> None:
    engine = build(case.objects())
    for text, packet, passes in case.connections():
        assert verdict(engine, packet).allowed is passes, text


def test_points_of_both_families() -> None:
    for text in ("0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "fd00::1"):
        assert point(ip_address(text)) == text_to_point(text)


def world() -> Iterator[Object]:
    yield pod("x/a", "10.0.0.1", "fd00::1", ports=("web=80/TCP",))
    yield pod("x/b", "10.0.0.2", ports=("web=81/TCP web=82/TCP",))
    yield pod("x/c", "10.0.0.3", "10.0.0.9", ports=("web=83/UDP",))
    yield pod("y/d", "10.0.0.4", "10.0.0.9", ports=("web=84/TCP",))


def test_addresses_are_those_of_pods_that_are_theirs_alone_and_of_blocks() -> None:
    engine = Engine.of([*world(), policy("ingress: [{from: [{podSelector: {}}]}]")])
    own = PodSelection("x", EVERYTHING)
    peers = Peers(selections=frozenset({own}), blocks=AddressSet.from_cidr("10.0.0.8/31"))
    assert addresses(engine, peers) == AddressSet.parse("10.0.0.1-10.0.0.3, 10.0.0.8/31, fd00::1")
    assert addresses(engine, Peers(anywhere=True)) == AddressSet.ALL


def test_traffic_of_a_pod_without_policies_is_everything() -> None:
    assert traffic(Engine(), ()) == Traffic.ALL


def test_traffic_of_names_is_each_pods_own_number() -> None:
    names = "{to: [{podSelector: {}}], ports: [{port: web}]}"
    for text, expected in (
        (names, [
            ("10.0.0.1, fd00::1", PortSet.tcp(80)),
            ("10.0.0.2", PortSet.tcp(81, 82)),
        ]),
        ("{to: [{ipBlock: {cidr: 10.0.0.0/30, except: [10.0.0.1/32]}}], ports: [{port: web}]}", [
            ("10.0.0.2", PortSet.tcp(81, 82)),
        ]),
        (f"{names}, {{to: [{{namespaceSelector: {{}}}}]}}", [("10.0.0.1-10.0.0.4, fd00::1", PortSet.ALL)]),
    ):  # fmt: skip
        engine = Engine.of([*world(), policy(f"{{policyTypes: [Egress], egress: [{text}]}}")])
        endpoint = engine.endpoint(PodKey("x", "a"))
        assert endpoint is not None
        found = traffic(engine, engine.stages(endpoint)[0])
        assert found == Traffic.from_terms([(AddressSet.parse(group), ports) for group, ports in expected])
