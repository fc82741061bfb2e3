"""The lab's cluster: what is given stays, what is missing is made, what cannot be is said."""

from __future__ import annotations

import pytest

from haechi.engine import Engine
from haechi.lab import cluster as module
from haechi.lab.cluster import LabCluster, lab_cluster
from haechi.lab.topology import TopologyError
from haechi.model import Deployment, ExternalHost, Object, ObjectMeta
from haechi.model.core import ExternalHostSpec
from haechi.model.workloads import WorkloadSpec
from tests.building import namespace, node, pod, policy

BLOCK = policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}")


def host(name: str, *addresses: str) -> ExternalHost:
    return ExternalHost(metadata=ObjectMeta(name=name), spec=ExternalHostSpec(addresses=addresses))


def places(found: LabCluster) -> dict[str, str]:
    return {pod.key: pod.spec.node_name for pod in found.pods}


def addresses(found: LabCluster) -> dict[str, tuple[str, ...]]:
    return {pod.key: pod.addresses for pod in found.pods}


def names(found: LabCluster) -> list[str]:
    return [node.name for node in found.nodes]


# -- nodes ------------------------------------------------------------------------------------------------------------


def test_nodes_are_made_and_have_addresses_of_both_families() -> None:
    found = lab_cluster([])
    assert {node.name: node.addresses for node in found.nodes} == {
        "node-1": ("198.18.0.1", "fd00:198:18::1"),
        "node-2": ("198.18.0.2", "fd00:198:18::2"),
    }


def test_given_nodes_come_first_then_mentioned_ones_then_made_ones() -> None:
    given: list[Object] = [pod("x/a", node="zeta"), pod("x/b", node="alpha"), node("given", "10.9.9.9")]
    assert names(lab_cluster(given, nodes=4)) == ["given", "alpha", "zeta", "node-1"]


def test_a_name_that_is_taken_is_not_made_again() -> None:
    assert names(lab_cluster([node("node-1")], nodes=3)) == ["node-1", "node-2", "node-3"]


def test_a_given_node_keeps_its_addresses_and_gets_the_family_that_it_lacks() -> None:
    (found,) = lab_cluster([node("n", "172.18.0.2")], nodes=1).nodes
    assert found.addresses == ("172.18.0.2", "fd00:198:18::1")


def test_pods_of_nodes_for_which_there_is_no_room_move_and_that_is_told() -> None:
    found = lab_cluster([node("a"), node("b"), pod("x/p", node="c"), pod("x/q", node="b")], nodes=2)
    assert names(found) == ["a", "b"]
    assert places(found) == {"x/p": "a", "x/q": "b"}
    assert found.notes == ("3 nodes are named, the lab has 2: pods of the others move",)


# -- pods -------------------------------------------------------------------------------------------------------------


def test_pods_without_a_node_are_spread_and_get_addresses() -> None:
    found = lab_cluster([pod("x/a"), pod("x/b"), pod("x/c")])
    assert places(found) == {"x/a": "node-1", "x/b": "node-2", "x/c": "node-1"}
    assert addresses(found) == {f"x/{name}": (f"10.244.0.{n}", f"fd00:10:244::{n}") for n, name in enumerate("abc", 1)}
    assert found.notes == ()


def test_what_a_pod_has_stays() -> None:
    given = pod("x/a", "10.5.0.1", "fd05::1", marks="a=b", ports=("web=80/TCP",), node="n")
    (found,) = lab_cluster([given]).pods
    assert (found.addresses, found.spec, found.labels) == (given.addresses, given.spec, given.labels)
    assert found.status.phase == "Running"


def test_a_pod_of_one_family_stays_so() -> None:
    assert addresses(lab_cluster([pod("x/a", "10.5.0.1"), pod("x/b", "fd05::1")])) == {
        "x/a": ("10.5.0.1",),
        "x/b": ("fd05::1",),
    }


@pytest.mark.parametrize("family", [4, 6])
def test_a_lab_of_one_family_has_addresses_of_that_family_only(family: int) -> None:
    given: list[Object] = [
        pod("x/a", "10.5.0.1", "fd05::1"),
        pod("x/b"),
        pod("x/c", "10.5.0.3" if family == 6 else "fd05::3"),
    ]
    given += [host("h", "192.0.2.1", "2001:db8::1"), node("n", "172.18.0.2", "fd01::2"), BLOCK]
    found = lab_cluster(given, families=(family,))
    everyone = [*addresses(found).values(), *found.hosts.values(), *(node.addresses for node in found.nodes)]
    assert {":" in text for texts in everyone for text in texts} == {family == 6}
    assert all(everyone)
    assert found.topology().families == (family,)


def test_given_addresses_are_given_to_nobody_else() -> None:
    found = lab_cluster(
        [pod("x/new"), pod("x/old", "10.244.0.1"), host("h", "fd00:10:244::1"), node("n", "198.18.0.1")]
    )
    assert addresses(found)["x/new"] == ("10.244.0.2", "fd00:10:244::2")
    assert found.nodes[1].addresses[0] == "198.18.0.2"


def test_host_network_pods_have_their_nodes_addresses() -> None:
    found = lab_cluster([node("n", "172.18.0.2"), pod("x/h", "10.0.0.9", node="n", host_network=True)], nodes=1)
    assert addresses(found) == {"x/h": found.nodes[0].addresses}
    (endpoint,) = (each for each in found.topology().endpoints if each.name == "x/h")
    assert (endpoint.host_network, endpoint.addresses) == (True, found.nodes[0].addresses)


def test_completed_pods_are_left_out_and_that_is_told() -> None:
    """Their address may be another's."""
    found = lab_cluster([pod("x/done", "10.0.0.1", phase="Succeeded"), pod("x/a", "10.0.0.1")])
    assert addresses(found) == {"x/a": ("10.0.0.1",)}
    assert found.notes == ("pod x/done has completed: policies ignore it, the lab leaves it out",)
    found.topology()


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "224.0.0.1", "fe80::1", "nonsense", "10.0.0.1/8", "::ffff:10.0.0.1", "\x1b[0m"]
)
def test_a_pod_with_an_impossible_address_gets_another_and_that_is_told(address: str) -> None:
    found = lab_cluster([pod("x/a", address)])
    assert addresses(found) == {"x/a": ("10.244.0.1", "fd00:10:244::1")}
    (note,) = found.notes
    assert note.startswith("pod x/a is given the address ")
    assert note.isprintable()
    found.topology()


def test_impossible_addresses_of_nodes_and_hosts_are_told_too() -> None:
    found = lab_cluster([node("n", "127.0.0.1"), host("h", "224.0.0.1", "192.0.2.5"), host("gone", "::1")])
    assert found.nodes[0].addresses == ("198.18.0.1", "fd00:198:18::1")
    assert "host/gone" not in found.hosts
    assert [note.partition(" is given")[0].partition(" has no")[0] for note in found.notes] == [
        *("node n", "host h", "host gone", "host gone"),
    ]


def test_workloads_get_their_pods() -> None:
    found = lab_cluster([Deployment(metadata=ObjectMeta(name="web", namespace="x"), spec=WorkloadSpec(replicas=3))])
    assert places(found) == {"x/web-0": "node-1", "x/web-1": "node-2", "x/web-2": "node-1"}


def test_too_many_pods_are_refused_at_once() -> None:
    huge = Deployment(metadata=ObjectMeta(name="web", namespace="x"), spec=WorkloadSpec(replicas=2_000_000_000))
    with pytest.raises(TopologyError, match=f"the cluster: has more than {module.MOST_PODS} pods"):
        lab_cluster([huge])


# -- outside ----------------------------------------------------------------------------------------------------------


def test_hosts_and_witnesses_are_outside_and_have_words() -> None:
    found = lab_cluster([host("printer", "10.1.0.9"), BLOCK], families=(4,))
    assert found.hosts == {
        "host/printer": ("10.1.0.9",),
        "outside/10.0.0.1": ("10.0.0.1",),
        "outside/192.0.2.1": ("192.0.2.1",),
    }
    assert found.words == {
        "host/printer": "an outside host",
        "outside/10.0.0.1": "a witness in 10.0.0.0/8",
        "outside/192.0.2.1": "a witness in no ipBlock",
    }
    assert {each.name for each in found.topology().endpoints if each.node is None} == set(found.hosts)


def test_a_block_without_room_for_a_witness_is_told() -> None:
    one = policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 127.0.0.0/8}}]}]}")
    assert lab_cluster([one]).notes == ("no witness in 127.0.0.0/8: it has no free address that a host can have",)


# -- the whole --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([pod("x/a", "10.0.0.1"), pod("x/b", "10.0.0.1")], "pod x/b: has the address 10.0.0.1 of pod x/a"),
        ([pod("x/a", "fd00::1"), pod("x/b", "fd00:0::1")], "pod x/b: has the address fd00:0::1 of pod x/a"),
        ([pod("x/a", "10.0.0.1"), host("h", "10.0.0.1")], "host/h: has the address 10.0.0.1 of pod x/a"),
        ([pod("x/a", "172.18.0.2"), node("n", "172.18.0.2")], "pod x/a: has the address 172.18.0.2 of node n"),
        ([node("m", "172.18.0.2"), node("n", "172.18.0.2")], "node n: has the address 172.18.0.2 of node m"),
    ],
)
def test_two_of_one_address_are_refused_by_name(given: list[Object], words: str) -> None:
    with pytest.raises(TopologyError) as caught:
        lab_cluster(given).topology()
    assert str(caught.value).startswith(words)


def test_equal_input_gives_an_equal_cluster() -> None:
    given: list[Object] = [pod("x/a"), namespace("x", "team=a"), host("h", "192.0.2.7"), BLOCK, pod("x/b", node="m")]
    assert lab_cluster(given) == lab_cluster(list(given))


def test_engine_and_topology_speak_of_the_same_pods() -> None:
    found = lab_cluster([pod("x/a"), pod("x/b", "10.0.0.5"), namespace("x"), BLOCK, pod("y/h", host_network=True)])
    engine = Engine.of(found.objects)
    policed = {str(endpoint.key): endpoint.node for endpoint in engine.endpoints}
    assert policed == {
        each.name: each.node for each in found.topology().endpoints if each.node is not None and not each.host_network
    }
    assert found.namespaces == (namespace("x"),)
    assert found.policies == (BLOCK,)
