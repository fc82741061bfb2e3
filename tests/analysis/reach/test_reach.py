"""Who may reach whom by class, against the reference packet by packet."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import product
from random import Random

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.reach import Reach
from haechi.engine import point
from haechi.model.verdict import Direction, Packet, PodKey
from haechi.reference import allowed
from haechi.reference.parts import addresses
from haechi.reference.reference import is_own_node, owners
from haechi.sets import PortSet, text_to_point
from tests.analysis import small
from tests.building import pod, policy

ONS = ((6, 80), (6, 8080), (6, 7), (17, 53), (17, 7), (1, 0))


def test_ports_between_pods_are_those_of_the_reference() -> None:
    passing = denied = 0
    for seed in range(40):
        objects = small.objects(Random(seed))
        known, reach = small.reference(objects), Reach(Cluster.of(objects))
        number = {key: one.number for one in reach.classes for key in one.members}
        for client, server in product(known.pods, repeat=2):
            one, other = addresses(client)[0], addresses(server)[0]
            near = is_own_node(known, client, other) or is_own_node(known, server, one)
            if client is server or near or len(owners(known, one)) + len(owners(known, other)) > 2:
                continue
            keys = [number[PodKey(each.namespace, each.name)] for each in (client, server)]
            ports = reach.servers(reach.classes[keys[0]]).get(keys[1], PortSet.NONE)
            for on in ONS:
                right = allowed(known, Packet(one, other, *on)).allowed
                assert ports.contains(*on) == right
                passing, denied = passing + right, denied + (not right)
    assert min(passing, denied) > 100


def test_ports_outside_are_those_of_the_reference() -> None:
    for seed in range(40):
        objects = small.objects(Random(seed))
        known, reach = small.reference(objects), Reach(Cluster.of(objects))
        for one in reach.classes:
            here = next(each for each in known.pods if PodKey(each.namespace, each.name) == one.members[0])
            lines = {direction: reach.outside(one, direction) for direction in Direction}
            for text in small.ADDRESSES if one.addresses else ():
                there = ip_address(text)
                if owners(known, there) or is_own_node(known, here, there):
                    continue
                mine = addresses(here)[0]
                for on in ONS:
                    sent, received = allowed(known, Packet(mine, there, *on)), allowed(known, Packet(there, mine, *on))
                    for direction, verdict in ((Direction.EGRESS, sent), (Direction.INGRESS, received)):
                        ports = [ports for first, last, ports in lines[direction] if first <= point(there) <= last]
                        assert any(each.contains(*on) for each in ports) == verdict.allowed


def test_one_side_alone() -> None:
    into = policy("{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 80}]}]}")
    reach = Reach(Cluster.of([pod("x/db", "10.0.0.2", marks="app=db"), pod("x/web", "10.0.0.1", "fd00::1"), into]))
    db, web = reach.classes
    assert reach.side(db, Direction.INGRESS, web) == ((4, PortSet.tcp(80)), (6, PortSet.tcp(80)))
    assert reach.side(web, Direction.EGRESS, db) == ((4, PortSet.ALL),)
    assert reach.servers(web) == {db.number: PortSet.tcp(80), web.number: PortSet.ALL}


def test_pods_without_a_common_family_do_not_meet() -> None:
    cluster = Cluster.of([pod("x/four", "10.0.0.1"), pod("x/six", "fd00::1")])
    reach = Reach(cluster)
    assert [set(reach.servers(one)) for one in reach.classes] == [{one.number} for one in reach.classes]


def test_ranges_that_pods_fill_are_not_outside() -> None:
    block = policy(
        "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/31}}, {ipBlock: {cidr: 8.8.8.8/32}}]}]}"
    )
    reach = Reach(Cluster.of([pod("x/a", "10.0.0.0", "10.0.0.1"), block]))
    google = text_to_point("8.8.8.8")
    assert reach.outside(reach.classes[0], Direction.EGRESS) == ((google, google, PortSet.ALL),)
    assert reach.is_pods(text_to_point("10.0.0.0"), text_to_point("10.0.0.1"))
    assert not reach.is_pods(text_to_point("10.0.0.1"), text_to_point("10.0.0.2"))
