"""The lab's cluster: what is given stays, what is missing is added, what cannot be built is an error."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.cluster import Assumption, Cluster
from haechi.engine import Engine
from haechi.lab import cluster as module
from haechi.lab.cluster import LabCluster, lab_cluster
from haechi.lab.topology import TopologyError, usable
from haechi.model import (
    DaemonSet,
    Deployment,
    ExternalHost,
    Node,
    Object,
    ObjectMeta,
    Pod,
    PodKey,
    PodSpec,
    StatefulSet,
)
from haechi.model.core import ExternalHostSpec
from haechi.model.workloads import PodTemplateSpec, WorkloadSpec
from tests import clusters
from tests.building import namespace, node, pod, policy, tier_policy
from tests.examples.example import ROOT, Example, folders

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


def test_a_given_node_keeps_its_addresses_and_gets_the_missing_family() -> None:
    (found,) = lab_cluster([node("n", "172.18.0.2")], nodes=1).nodes
    assert found.addresses == ("172.18.0.2", "fd00:198:18::1")


def test_pods_of_further_nodes_are_moved_and_that_is_noted() -> None:
    found = lab_cluster([node("a"), node("b"), pod("x/p", node="c"), pod("x/q", node="b")], nodes=2)
    assert names(found) == ["a", "b"]
    assert places(found) == {"x/p": "a", "x/q": "b"}
    assert found.notes == ("the input names 3 nodes, the lab has 2: pods of the others are moved",)


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


def test_an_address_that_is_listed_twice_is_one() -> None:
    given: list[Object] = [pod("x/a", "fd00::1", "10.0.0.1", "fd00:0::1"), node("n", "172.18.0.2", "172.18.0.2")]
    found = lab_cluster([*given, host("h", "192.0.2.7", "192.0.2.7")], nodes=1)
    assert addresses(found) == {"x/a": ("fd00::1", "10.0.0.1")}
    assert found.nodes[0].addresses == ("172.18.0.2", "fd00:198:18::1")
    assert found.hosts["host/h"] == ("192.0.2.7",)
    found.topology()


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


def test_addresses_of_the_input_are_not_used_again() -> None:
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


def test_completed_pods_are_left_out_and_that_is_noted() -> None:
    """Their address may be another's."""
    found = lab_cluster([pod("x/done", "10.0.0.1", phase="Succeeded"), pod("x/a", "10.0.0.1")])
    assert addresses(found) == {"x/a": ("10.0.0.1",)}
    assert found.notes == ("pod x/done has completed, so policies ignore it: left out",)
    found.topology()


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "224.0.0.1", "fe80::1", "nonsense", "10.0.0.1/8", "::ffff:10.0.0.1", "\x1b[0m"]
)
def test_a_pod_with_an_unusable_address_gets_another_and_that_is_noted(address: str) -> None:
    found = lab_cluster([pod("x/a", address)])
    assert addresses(found) == {"x/a": ("10.244.0.1", "fd00:10:244::1")}
    (note,) = found.notes
    assert note.startswith("pod x/a: the address ")
    assert note.isprintable()
    found.topology()


def test_unusable_addresses_of_nodes_and_hosts_are_noted_too() -> None:
    found = lab_cluster([node("n", "127.0.0.1"), host("h", "224.0.0.1", "192.0.2.5"), host("gone", "::1")])
    assert found.nodes[0].addresses == ("198.18.0.1", "fd00:198:18::1")
    assert "host/gone" not in found.hosts
    assert [note.partition(":")[0].partition(" has no")[0] for note in found.notes] == [
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
    assert found.descriptions == {
        "host/printer": "outside host",
        "outside/10.0.0.1": "witness in 10.0.0.0/8",
        "outside/192.0.2.1": "witness in no ipBlock",
    }
    assert {each.name for each in found.topology().endpoints if each.node is None} == set(found.hosts)


def test_a_block_without_room_for_a_witness_is_noted() -> None:
    one = policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 127.0.0.0/8}}]}]}")
    assert lab_cluster([one]).notes == ("no witness in 127.0.0.0/8: no free usable address",)


# -- as questions see it ----------------------------------------------------------------------------------------------


@st.composite
def workloads(draw: st.DrawFn) -> Object:
    """Of few names, so that the pods of several want the same."""
    kinds: list[type[Deployment | StatefulSet | DaemonSet]] = [Deployment, StatefulSet, DaemonSet]
    kind = draw(st.sampled_from(kinds))
    replicas = None if kind is DaemonSet else draw(st.integers(0, 3))
    meta = ObjectMeta(name=draw(st.sampled_from(clusters.POD_NAMES)), namespace=draw(st.sampled_from(("a", "b"))))
    template = PodTemplateSpec(spec=PodSpec(host_network=draw(st.integers(0, 5)) == 0))
    return kind(metadata=meta, spec=WorkloadSpec(replicas=replicas, template=template))


def of_families(texts: Iterable[str], families: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if usable(text) and (6 if ":" in text else 4) in families))


def assert_as_questions_see_it(objects: list[Object], found: LabCluster, families: tuple[int, ...]) -> None:
    """Every pod has the addresses of `Cluster.of`; more pods than there have only DaemonSets, on more nodes."""
    questions = Cluster.of(objects)
    lab = {each.key: each for each in found.pods}
    wanted = {str(key): of_families(each.addresses, families) for key, each in questions.pods.items()}
    assert {key: lab[key].addresses for key, texts in wanted.items() if texts} == {
        key: texts for key, texts in wanted.items() if texts
    }
    more = [each for key, each in lab.items() if key not in wanted and not each.spec.host_network]
    assert {owner.kind for each in more for owner in each.metadata.owner_references} <= {"DaemonSet"}
    assert all(each.metadata.owner_references for each in more)
    made = [each for each in lab.values() if PodKey(each.namespace, each.name) in questions.synthesized or each in more]
    given = [text for one in objects if isinstance(one, Pod | Node) for text in one.addresses]
    chosen = [text for each in made for text in each.addresses]
    assert len(chosen) == len({*chosen} - {*given})


@settings(deadline=None)
@given(
    st.lists(st.one_of(clusters.objects(readable=False), workloads()), max_size=12),
    st.integers(1, 3),
    st.sampled_from([(4, 6), (4,), (6,)]),
)
def test_pods_have_the_addresses_that_questions_are_about(
    objects: list[Object], nodes: int, families: tuple[int, ...]
) -> None:
    distinct = list({(type(one), one.key): one for one in objects}.values())
    assert_as_questions_see_it(distinct, lab_cluster(distinct, nodes=nodes, families=families), families)


@pytest.mark.parametrize("folder", folders())
def test_pods_of_an_example_have_the_addresses_that_questions_are_about(folder: str) -> None:
    example = Example(ROOT / folder)
    assert_as_questions_see_it([loaded.object for loaded in example.manifests.objects], example.lab, (4, 6))


def test_a_daemon_set_has_its_further_pods_after_all_others() -> None:
    """ProbePlan know of no node, so they see one pod of it."""
    meta = [ObjectMeta(name=name, namespace="x") for name in ("agent", "web")]
    found = lab_cluster([DaemonSet(metadata=meta[0]), Deployment(metadata=meta[1])], nodes=3, families=(4,))
    assert [(each.name, each.spec.node_name, *each.addresses) for each in found.pods] == [
        ("agent-0", "node-1", "10.244.0.1"),
        ("web-0", "node-1", "10.244.0.2"),
        ("agent-1", "node-2", "10.244.0.3"),
        ("agent-2", "node-3", "10.244.0.4"),
    ]


def test_a_pod_for_which_blocks_leave_no_address_is_left_out_and_noted() -> None:
    halves = policy("{ingress: [{from: [{ipBlock: {cidr: '::/1'}}, {ipBlock: {cidr: '8000::/1'}}]}]}")
    found = lab_cluster([pod("x/a"), pod("x/b", "fd00::1"), halves], families=(6,))
    assert addresses(found) == {"x/b": ("fd00::1",)}
    assert found.notes[0] == "pod x/a: every address that it could get is in an ipBlock: left out"


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


def test_nodes_are_endpoints_where_a_tier_has_them_as_peers() -> None:
    given: list[Object] = [pod("x/a", node="n"), node("n", "172.18.0.2", marks="os=linux"), BLOCK]
    assert lab_cluster(given).node_endpoints == {}
    tier = tier_policy("{egress: [{action: Deny, to: [{nodes: {matchLabels: {os: linux}}}]}]}")
    found = lab_cluster([*given, tier])
    assert found.policies == (BLOCK, tier)
    assert found.node_endpoints == {"node/n": found.nodes[0].addresses, "node/node-1": found.nodes[1].addresses}
    places = {each.name: (each.node, each.is_pod) for each in found.topology().endpoints}
    assert {name: place for name, place in places.items() if name.startswith("node/")} == {
        "node/n": ("n", False),
        "node/node-1": ("node-1", False),
    }


def test_domain_names_are_noted_as_not_enforced() -> None:
    tier = tier_policy("{egress: [{action: Accept, to: [{domainNames: [example.com]}]}]}")
    assert lab_cluster([tier]).notes == ("1 rule with domain names not enforced: these match no address",)
    assert Assumption.DOMAIN_NAMES in Cluster.of([tier]).assumptions
    assert lab_cluster([BLOCK]).notes == Cluster.of([BLOCK]).assumptions == ()
