"""What may come that is not there yet, from pods and from outside."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.exposure import OPEN, Exposure
from haechi.model import Object, ObjectMeta, Pod, PodIP, PodStatus
from haechi.model.verdict import Direction, Packet, PodKey
from haechi.reference import allowed
from haechi.sets import PortSet, point_to_text, text_to_point
from tests import clusters, tier_words
from tests.analysis.exposed import all_exposures, allows
from tests.building import pod, policy

TCP80 = PortSet.tcp(80)
TEAM = "{namespaceSelector: {matchLabels: {team: a}}, podSelector: {matchLabels: {app: web}}}"
NEW = PodKey("a", "new")


def exposure(spec: str, direction: Direction, *, ports: tuple[str, ...] = ()) -> Exposure:
    """One direction of the only pod, which the policy selects."""
    found = all_exposures(Cluster.of([pod("x/db", "10.0.0.1", ports=ports), policy(spec)]))
    assert [one.direction for one in found] == [Direction.EGRESS, Direction.INGRESS]
    return next(one for one in found if one.direction is direction)


def words(found: Exposure) -> list[tuple[str, PortSet, str]]:
    return [(str(entry.peer), entry.ports, entry.name) for entry in found.entries]


@pytest.mark.parametrize(
    ("rules", "entries"),
    [
        ("", []),
        ("{}", [("everyone, the Internet included", PortSet.ALL)]),
        ("{from: [{namespaceSelector: {}}], ports: [{port: 80}]}", [("any pod", TCP80)]),
        ("{from: [{podSelector: {}}]}", [("all pods in namespace x", PortSet.ALL)]),
        (f"{{from: [{TEAM}], ports: [{{port: 80}}]}}", [("pods app=web in namespaces team=a", TCP80)]),
        ("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}", [("addresses 10.0.0.0/8", PortSet.ALL)]),
        ("{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 80}]}", [("the Internet 0.0.0.0/0", TCP80)]),
        ("{from: [{ipBlock: {cidr: '::/0'}}]}", [("the Internet ::/0", PortSet.ALL)]),
        (
            "{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}",
            [("the Internet 0.0.0.0/5, 8.0.0.0/7, 11.0.0.0/8 and 5 more", PortSet.ALL)],
        ),
        (
            f"{{from: [{TEAM}], ports: [{{port: 80}}]}}, {{from: [{TEAM}]}}",
            [("pods app=web in namespaces team=a", PortSet.ALL)],
        ),
        (
            f"{{from: [{TEAM}], ports: [{{port: 80}}]}}, {{from: [{TEAM}], ports: [{{port: 81}}]}}",
            [("pods app=web in namespaces team=a", PortSet.tcp(80, 81))],
        ),
    ],
)
def test_what_policies_allow_of_what_may_come(rules: str, entries: list[tuple[str, PortSet]]) -> None:
    found = exposure(f"{{ingress: [{rules}]}}", Direction.INGRESS)
    assert found.isolated
    assert words(found) == [(*entry, "") for entry in entries]


def test_a_direction_that_no_policy_isolates_is_open_to_everyone() -> None:
    assert exposure("{ingress: [{}]}", Direction.EGRESS) == Exposure("x/db[Pod]", Direction.EGRESS, False, OPEN)


def test_entries_name_the_rules_that_allow_them() -> None:
    rules = f"{{from: [{TEAM}]}}, {{ports: [{{port: 80}}]}}, {{from: [{TEAM}]}}"
    found = exposure(f"{{ingress: [{rules}]}}", Direction.INGRESS)
    assert [[ref.path for ref in entry.rules] for entry in found.entries] == [
        ["spec.ingress[1]"],
        ["spec.ingress[0]", "spec.ingress[2]"],
    ]


def test_a_port_name_in_blocks_names_the_rules_with_these_blocks() -> None:
    ten, test, web = "ipBlock: {cidr: 10.0.0.0/8}", "ipBlock: {cidr: 192.0.2.0/24}", "ports: [{port: web}]"
    labelled = "namespaceSelector: {}, podSelector: {matchLabels: {a: b}}"
    rules = f"{{to: [{{{ten}}}]}}, {{to: [{{{ten}}}, {{{labelled}}}], {web}}}, {{to: [{{{test}}}], {web}}}"
    found = exposure(f"{{policyTypes: [Egress], egress: [{rules}]}}", Direction.EGRESS)
    assert [(str(entry.peer), entry.name, [ref.path for ref in entry.rules]) for entry in found.entries] == [
        ("addresses 10.0.0.0/8", "", ["spec.egress[0]", "spec.egress[1]"]),
        ("any pod in 192.0.2.0/24", "TCP web", ["spec.egress[2]"]),
        ("pods a=b in any namespace", "TCP web", ["spec.egress[1]"]),
    ]


def test_a_port_name_is_each_peers_own_towards_others_and_the_pods_own_towards_it() -> None:
    ahead = exposure("{policyTypes: [Egress], egress: [{ports: [{port: web}]}]}", Direction.EGRESS)
    assert words(ahead) == [("any pod", PortSet.protocol(6), "TCP web")]
    block = "{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: web}]}"
    ahead = exposure(f"{{policyTypes: [Egress], egress: [{block}]}}", Direction.EGRESS)
    assert words(ahead) == [("any pod in 10.0.0.0/8", PortSet.protocol(6), "TCP web")]
    back = exposure("{ingress: [{ports: [{port: web}]}]}", Direction.INGRESS, ports=("web=80/TCP",))
    assert words(back) == [("everyone, the Internet included", TCP80, "")]


# -- against the oracle ------------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(
    st.lists(clusters.objects(), max_size=12) | st.lists(tier_words.objects(readable=False), max_size=16),
    clusters.pods(),
    st.sampled_from(clusters.OTHER_ADDRESSES),
    st.sampled_from([(6, 80), (6, 8080), (17, 53), (132, 81), (1, 0)]),
    st.booleans(),
)
def test_an_exposure_is_what_the_reference_answers_after_the_pod_is_added(
    objects: list[Object], new: Pod, address: str, port: tuple[int, int], is_pod: bool
) -> None:
    """Or for an address that stays outside: both directions, both families, port names included."""
    kept = [one for one in objects if not hasattr(one, "addresses") or address not in one.addresses]
    before = Cluster.of(kept)
    found = {(one.group.removesuffix("[Pod]"), one.direction): one for one in all_exposures(before)}
    spec = new.spec
    added = Pod(
        metadata=ObjectMeta(name=NEW.name, namespace=NEW.namespace, labels=new.labels),
        spec=type(spec)(node_name="elsewhere", containers=spec.containers, init_containers=spec.init_containers),
        status=PodStatus(phase="Running", pod_ips=(PodIP(ip=address),)),
    )
    together = [*before.objects, *([added] if is_pod else [])]
    oracle, after = clusters.cluster(together), Cluster.of(together)
    remote = ip_address(address)
    for endpoint in before.engine.endpoints:
        for point in endpoint.addresses:
            own = ip_address(point_to_text(point))
            if after.engine.owner(point) is None or own.version != remote.version:
                continue
            if text_to_point(address) in {*endpoint.host_addresses, *after.engine.node_addresses(endpoint.node)}:
                continue  # its own node, which always reaches it
            for direction in Direction:
                ends = (remote, own) if direction is Direction.INGRESS else (own, remote)
                packet = Packet(*ends, *port)
                verdict = allowed(oracle, packet)
                side = verdict.ingress if direction is Direction.INGRESS else verdict.egress
                one = found[str(endpoint.key), direction]
                peer = after.engine.endpoint(NEW) if is_pod else None
                server = peer if direction is Direction.EGRESS else endpoint
                assert allows(after, one, text_to_point(address), peer, packet, server) == side.allowed
