"""Ports that containers list, and targets of Services."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.facts.review import Review
from haechi.analysis.lint.facts.servers import Server, ServiceTarget
from haechi.engine import ANY_POD, NamedPort, Peers, PodSelection
from haechi.model import Object
from haechi.model.verdict import Direction
from haechi.select import EVERYTHING, Selector
from haechi.sets import PROTOCOL_NUMBERS
from tests.analysis.lint.linting import LARGE_EXAMPLES, cluster_of
from tests.analysis.lint.random_services import served
from tests.building import selector
from tests.clusters import PORTS, PROTOCOLS

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: x, labels: {app: web}}
spec:
  containers:
  - ports: [{containerPort: 8080, name: http}, {containerPort: 53, protocol: UDP}, {containerPort: 0}]
  initContainers:
  - {restartPolicy: Always, ports: [{containerPort: 15090, name: envoy}]}
  - {ports: [{containerPort: 99, name: early}]}
"""
SERVICE = """
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: x}
spec: {selector: {app: web}, ports: [{port: 80, %s}]%s}
"""


def server(text: str) -> Server:
    (found,) = Review(cluster_of(text)).servers.of([ANY_POD])
    return found


def test_sidecars_list_ports_and_containers_that_end_do_not() -> None:
    listed = {NamedPort(6, "http", 8080), NamedPort(17, "", 53), NamedPort(6, "envoy", 15090)}
    assert server(POD) == Server(frozenset(listed), frozenset())


@pytest.mark.parametrize(
    ("target", "more", "called", "number"),
    [
        ("targetPort: 8080", "", 80, 8080),
        ("targetPort: http", "", 80, 8080),
        ("name: a", "", 80, 80),
        ("targetPort: 8080", ", clusterIP: None", 8080, 8080),
    ],
)
def test_a_service_has_a_target_port(target: str, more: str, called: int, number: int) -> None:
    assert server(POD + SERVICE % (target, more)).targets == {ServiceTarget("x", "web", 6, called, number)}


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("targetPort: https", ""),  # no pod has it
        ("targetPort: http, protocol: UDP", ""),  # not with this protocol
        ("targetPort: 8080, protocol: GRE", ""),
        ("targetPort: 8080", ", type: ExternalName"),
        ("targetPort: 8080", ", selector: {}"),
        ("targetPort: 8080", ", selector: {app: other}"),
    ],
)
def test_a_service_has_no_target_port(target: str, more: str) -> None:
    text = SERVICE % (target, more)
    if "selector" in more:
        text = text.replace("selector: {app: web}, ", "", 1)
    assert server(POD + text).targets == frozenset()


TEAM = "---\n{apiVersion: v1, kind: Namespace, metadata: {name: x, labels: {team: a}}}"
WIDE = Selector.parse(selector("{matchExpressions: [{key: team, operator: Exists}]}"))
WEB = Selector.parse(selector("{matchLabels: {app: web}}"))
OWN = PodSelection("x", EVERYTHING)


def destinations(peers: Peers, direction: Direction = Direction.EGRESS, *, complete: bool = False) -> object:
    return Review(cluster_of(POD + TEAM)).servers.destinations(OWN, direction, peers, complete=complete)


def test_a_policys_own_pods_are_the_destinations_of_ingress() -> None:
    assert destinations(Peers(anywhere=True), Direction.INGRESS) == {OWN}


@pytest.mark.parametrize("selection", [PodSelection("x", EVERYTHING), PodSelection("x", WEB), PodSelection(WIDE, WEB)])
def test_the_peers_are_the_destinations_of_egress(selection: PodSelection) -> None:
    assert destinations(Peers(selections=frozenset((selection,)))) == {selection}


@pytest.mark.parametrize(
    "peers", [Peers(anywhere=True), Peers(selections=frozenset((PodSelection(WIDE, EVERYTHING),)))]
)
def test_wide_peers_are_known_in_a_complete_cluster_only(peers: Peers) -> None:
    assert destinations(peers) is None
    assert destinations(peers, complete=True) == (peers.selections or {ANY_POD})


def test_a_selection_without_pods_has_no_known_destinations() -> None:
    assert destinations(Peers(selections=frozenset((OWN, PodSelection("y", EVERYTHING))))) is None


@given(served())
def test_port_names_are_those_that_the_engine_resolves(found: list[Object]) -> None:
    review = Review(Cluster.of(found))
    for number in review.pods(ANY_POD):
        listed = review.servers.at(number).listed
        assert {port for port in listed if port.name} == set(review.engine.numbered(number).ports)


@LARGE_EXAMPLES
@given(served(), st.sampled_from(PROTOCOLS), st.sampled_from(PORTS))
def test_a_service_has_the_pods_that_its_labels_select(found: list[Object], protocol: str, number: int) -> None:
    review = Review(Cluster.of(found))
    for one in review.pods(ANY_POD):
        endpoint = review.engine.numbered(one)
        expected = {
            (service.namespace, service.name)
            for service in review.cluster.services
            if service.namespace == endpoint.key.namespace and service.spec.selector.items() <= endpoint.labels.items()
            if service.spec.selector and service.spec.type != "ExternalName"
            for port in service.spec.ports
            if port.protocol == protocol and port.target_port == number
        }
        wanted = (PROTOCOL_NUMBERS[protocol], number)
        targets = review.servers.at(one).targets
        assert expected <= {target[:2] for target in targets if (target.protocol, target.target_port) == wanted}
