"""What a change opens to pods that need not exist, or closes to them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.difference import ClusterComparison, compare
from haechi.analysis.reach.exposure import exposures
from haechi.analysis.reach.listing import Listing
from haechi.analysis.reach.potential import potential_exposures
from haechi.model import Object, ObjectMeta, Pod, PodIP, PodStatus
from haechi.model.verdict import Direction, Packet, PodKey
from haechi.reference import allowed
from haechi.sets import PortSet, point_to_text
from tests import clusters, tier_words
from tests.building import pod, policy, tier_policy

DB = pod("x/db", "10.0.0.1", marks="app=db")
API = "{podSelector: {matchLabels: {app: api}}}"
ALL = "{namespaceSelector: {}}"
EVERYONE = ("any pod", "0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")


def ingress(peers: str, ports: str = "[{port: 5432}]") -> Object:
    return policy(f"{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{from: [{peers}], ports: {ports}}}]}}")


def lines(found: ClusterComparison) -> list[tuple[str, str, str, str]]:
    return [(str(one.kind), one.source, one.destination, str(one.after)) for one in found.exposures]


@pytest.mark.parametrize("objects", [[DB], []])
def test_a_database_that_is_opened_to_every_namespace(objects: list[Object]) -> None:
    """Also where the database is not in the input: its policy is compared by the pods that it selects."""
    name = "x/db[Pod]" if objects else "pods app=db in namespace x (none here)"
    found = compare(Cluster.of([*objects, ingress(API)]), Cluster.of([*objects, ingress(ALL)]))
    assert found.connections == ()
    assert lines(found) == [("added", "any pod", name, "TCP 5432")]
    assert [str(cause) for cause in found.exposures[0].causes] == ["x/p (changed)"]
    back = compare(Cluster.of([*objects, ingress(ALL)]), Cluster.of([*objects, ingress(API)]))
    assert lines(back) == [("removed", "any pod", name, "none")]


def test_the_exposure_of_pods_that_are_not_there_is_that_of_such_a_pod() -> None:
    objects: list[Object] = [
        ingress(f"{API}, {{ipBlock: {{cidr: 0.0.0.0/0}}}}"),
        policy("{policyTypes: [Ingress, Egress], egress: [{ports: [{port: 53}]}]}", name="all"),
        policy("{podSelector: {matchLabels: {app: web}}, egress: [{}], policyTypes: [Egress]}", name="web"),
        policy("{podSelector: {matchLabels: {app: db}}}", name="other", namespace="y"),
        tier_policy(f"{{ingress: [{{action: Deny, from: [{{namespaces: {{}}}}]}}], subject: {{pods: {_PODS}}}}}"),
    ]
    found = list(potential_exposures(Cluster.of(objects)))
    for name, one in (
        ("x/db", "app=db in namespace x"),
        ("x/web", "app=web in namespace x"),
        ("y/db", "app=db in namespace y"),
    ):
        there = Cluster.of([*objects, pod(name, "10.0.0.1", marks=f"app={name[2:]}")])
        listing = Listing.of(there, "workload")
        expected = exposures(there, listing.groups, listing.reach.classes)
        assert [each for each in found if each.group == f"pods {one} (none here)"] == [
            replace(each, group=f"pods {one} (none here)") for each in expected
        ]
        assert not any(each.group.startswith(f"pods {one}") for each in potential_exposures(there))
    assert len(found) == 10  # also of all pods in x, and of what the tier selects
    assert {each.group for each in potential_exposures(Cluster.of(objects), ["y"])} == {
        "pods app=db in namespace y (none here)"
    }


_PODS = "{namespaceSelector: {}, podSelector: {matchLabels: {app: cache}}}"


def test_what_a_wider_selection_shows_is_not_repeated() -> None:
    both = f"{API}, {ALL}"
    found = compare(Cluster.of([DB, ingress(API)]), Cluster.of([DB, ingress(both)]))
    assert lines(found) == [("added", "any pod", "x/db[Pod]", "TCP 5432")]


def test_a_new_policy_for_pods_that_are_not_there() -> None:
    found = compare(Cluster.of([DB]), Cluster.of([DB, policy("{podSelector: {matchLabels: {app: web}}}")]))
    assert lines(found) == [("removed", other, "pods app=web in namespace x (none here)", "none") for other in EVERYONE]


def test_blocks_are_compared_for_pods_that_are_not_there() -> None:
    """A block of a whole family that pods have means any pod as well."""
    closed = policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}")
    blocks = "[{ipBlock: {cidr: 203.0.113.0/24}}, {ipBlock: {cidr: '::/0'}}]"
    opened = policy(
        f"{{podSelector: {{matchLabels: {{app: web}}}}, policyTypes: [Egress], egress: [{{to: {blocks}}}]}}"
    )
    web = "pods app=web in namespace x (none here)"
    wanted = [
        ("added", web, "203.0.113.0-203.0.113.255", str(PortSet.ALL)),
        ("added", web, EVERYONE[2], str(PortSet.ALL)),
    ]
    assert lines(compare(Cluster.of([DB, closed]), Cluster.of([DB, opened]))) == wanted
    without_pods = lines(compare(Cluster.of([closed]), Cluster.of([opened])))
    assert without_pods == [("added", web, "any pod", str(PortSet.ALL)), *wanted]


def test_what_is_no_longer_denied_by_default_is_told_although_all_pods_have_policies_of_their_own() -> None:
    deny = policy("{podSelector: {}}", name="default-deny")
    found = compare(Cluster.of([DB, ingress(API), deny]), Cluster.of([DB, ingress(API)]))
    assert lines(found) == [
        ("added", other, "all pods in namespace x (to come)", str(PortSet.ALL)) for other in EVERYONE
    ]
    assert found.ineffective == ()


def test_a_new_workload_is_exposed_newly() -> None:
    other = pod("x/other", "10.0.0.9", marks="app=other")
    found = compare(Cluster.of([other]), Cluster.of([other, DB, ingress(ALL)]))
    assert lines(found) == [
        ("added", "x/db[Pod]", "any pod", str(PortSet.ALL)),
        ("added", "any pod", "x/db[Pod]", "TCP 5432"),
    ]
    assert found.ineffective == ()


def test_who_was_allowed_before_is_told() -> None:
    (one,) = compare(Cluster.of([DB, ingress(API)]), Cluster.of([DB, ingress(ALL)])).exposures
    assert one.previously == ("pods app=api in namespace x",)


def test_a_policy_that_selects_fewer_pods_opens_those_to_come() -> None:
    """Also where every pod of the input is selected before and after."""
    wide, narrow = policy("{podSelector: {}}"), policy("{podSelector: {matchLabels: {app: db}}}")
    found = compare(Cluster.of([DB, wide]), Cluster.of([DB, narrow]))
    assert lines(found) == [
        ("added", other, "all pods in namespace x (to come)", str(PortSet.ALL)) for other in EVERYONE
    ]
    assert found.ineffective == ()
    back = compare(Cluster.of([DB, narrow]), Cluster.of([DB, wide]))
    assert lines(back) == [("removed", other, "all pods in namespace x (to come)", "none") for other in EVERYONE]


def test_a_policy_that_changes_nothing_is_named_with_the_reason() -> None:
    everyone = policy("{ingress: [{}]}", name="y")
    found = compare(Cluster.of([DB, everyone, ingress(API)]), Cluster.of([DB, everyone, ingress(ALL)]))
    assert found.differences == ()
    assert [(str(cause), reason) for cause, reason in found.ineffective] == [
        ("x/p (changed)", "other policies, or the other end, decide the same")
    ]
    twice = ingress(API), ingress(f"{API}, {API}")
    (entry,) = compare(*(Cluster.of([DB, one]) for one in twice)).ineffective
    assert entry[1] == "it means the same as before"


def test_a_policy_whose_pods_are_new_as_well_is_told_as_such() -> None:
    closed = policy("{podSelector: {matchLabels: {app: db}}}")
    other = pod("x/other", "10.0.0.9", marks="app=other")
    (entry,) = compare(Cluster.of([other]), Cluster.of([other, DB, closed])).ineffective
    assert entry[1] == "the pods that it selects are only in the new input"
    (entry,) = compare(Cluster.of([other, DB, closed]), Cluster.of([other])).ineffective
    assert entry[1] == "the pods that it selects are only in the old input"


# -- against the oracle ------------------------------------------------------------------------------------------------


def narrow_tier_policies() -> st.SearchStrategy[Object]:
    """Policies of tiers whose networks leave out the address of the new pod."""
    return tier_words.tier_policies(readable=False).filter(lambda one: "/0" not in str(one.spec.egress))


PAIRS = st.tuples(clusters.policies(), clusters.policies()) | st.tuples(narrow_tier_policies(), narrow_tier_policies())


@settings(max_examples=120)
@given(
    st.lists(clusters.objects(), max_size=8)
    | st.lists(clusters.objects() | narrow_tier_policies() | tier_words.nodes(), max_size=12),
    PAIRS,
    clusters.pods(),
    st.sampled_from([(6, 80), (17, 53), (132, 81), (1, 0)]),
)
def test_without_a_line_every_new_pod_is_judged_as_before(
    objects: list[Object], changing: tuple[Object, Object], new: Pod, port: tuple[int, int]
) -> None:
    """Apart from its address, which ipBlocks may contain: it has one that none of them does."""
    before, after = changing
    kept = [one for one in objects if type(one) is not type(before) or one.name != before.name]
    old, changed = Cluster.of([*kept, before]), Cluster.of([*kept, after])
    found = compare(old, changed)
    shown = {end for one in found.exposures for end in (one.source, one.destination)}
    added = Pod(
        metadata=ObjectMeta(name="new", namespace="a", labels=new.labels),
        spec=type(new.spec)(node_name="elsewhere", containers=new.spec.containers),
        status=PodStatus(phase="Running", pod_ips=(PodIP(ip="100.99.98.97"),)),
    )
    oracles = [clusters.cluster([*one.objects, added]) for one in (old, changed)]
    for key, subject in old.pods.items():
        if f"{key}[Pod]" in shown or key not in changed.pods or key == PodKey("a", "new"):
            continue
        if old.owners[key] != changed.owners[key] or str(old.owners[key]) != f"{key}[Pod]":
            continue
        endpoint = old.endpoint(key)
        for point in endpoint.addresses[:1] if endpoint is not None else ():
            text = point_to_text(point)
            if ":" in text or subject.addresses != changed.pods[key].addresses:
                continue
            for direction in Direction:
                ends = ("100.99.98.97", text) if direction is Direction.INGRESS else (text, "100.99.98.97")
                packet = Packet(ip_address(ends[0]), ip_address(ends[1]), *port)
                was, now = (allowed(oracle, packet) for oracle in oracles)
                sides = (was.ingress, now.ingress) if direction is Direction.INGRESS else (was.egress, now.egress)
                assert sides[0].allowed == sides[1].allowed


def test_of_thousands_of_selections_only_what_changed_is_listed() -> None:
    peers = [f"{{podSelector: {{matchLabels: {{app: a{number}}}}}}}" for number in range(3000)]
    before, after = (Cluster.of([DB, ingress(", ".join(some))]) for some in (peers[:-1], peers[1:]))
    assert lines(compare(before, after)) == [
        ("removed", "pods app=a0 in namespace x", "x/db[Pod]", "none"),
        ("added", "pods app=a2999 in namespace x", "x/db[Pod]", "TCP 5432"),
    ]
