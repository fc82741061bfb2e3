"""The smallest changes that turn a verdict round."""

from __future__ import annotations

from itertools import chain, combinations
from random import Random

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.why.answer import PacketAnswer, can, judged
from haechi.analysis.why.changes import tried
from haechi.analysis.why.whatif import smallest_changes
from haechi.engine import point, verdict
from haechi.model import Object
from haechi.model.verdict import Packet
from tests.analysis import small
from tests.building import pod, policy

WEB = pod("x/web", "10.0.0.1", marks="app=web")
DB = pod("x/db", "10.0.0.2", marks="app=db")


def way_of(cluster: Cluster, packet: Packet) -> PacketAnswer:
    ends = [cluster.engine.owner(point(address)) for address in (packet.source, packet.destination)]
    return judged(cluster, packet, *ends)


def proposals(*objects: Object, port: str = "80") -> list[list[str]]:
    cluster = Cluster.of([WEB, DB, *objects])
    (way,) = can(cluster, "x/web", "x/db", port).pairs[0]
    return [[str(change) for change in changes] for changes in smallest_changes(cluster, way)]


def test_no_part_of_a_proposal_would_do_and_the_engine_stays() -> None:
    """On small worlds: each turns the verdict, none is longer than another, and none has a part that turns it alone."""
    turned = 0
    for seed in range(12):
        random = Random(seed)
        cluster = Cluster.of(small.objects(random))
        for packet in random.sample(small.PACKETS, 8):
            way = way_of(cluster, packet)
            found = smallest_changes(cluster, way)
            assert len({len(changes) for changes in found}) <= 1
            for changes in found:
                parts = chain.from_iterable(combinations(changes, size) for size in range(len(changes)))
                for part in parts:
                    with tried(cluster, part):
                        assert verdict(cluster.engine, packet).allowed == way.allowed
                with tried(cluster, changes):
                    assert verdict(cluster.engine, packet).allowed != way.allowed
                turned += 1
            assert verdict(cluster.engine, packet).allowed == way.allowed
    assert turned > 20


def test_the_label_that_a_rule_asks_for_comes_first() -> None:
    rule = "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: admin}}}]}]}"
    assert proposals(policy(rule)) == [
        ["label pod x/web app=admin"],
        ["delete policy x/p"],
        ["remove label app from pod x/db"],
    ]


def test_both_ends_that_deny_are_opened_together() -> None:
    out = policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}", name="out")
    into = policy("{podSelector: {matchLabels: {app: db}}}", name="into")
    found = proposals(out, into)
    assert ["delete policy x/out", "delete policy x/into"] in found
    assert {len(changes) for changes in found} == {2}


def test_a_rule_that_allows_alone_is_the_one_to_delete() -> None:
    rule = "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 81}]}, {ports: [{port: 80}]}]}"
    assert ["delete spec.ingress[1] of policy x/p"] in proposals(policy(rule))


def test_two_rules_that_allow_are_deleted_together() -> None:
    rule = "{podSelector: {matchLabels: {app: db}}, ingress: [{}, {ports: [{port: 80}]}]}"
    assert proposals(policy(rule)) == [["delete spec.ingress[0] of policy x/p", "delete spec.ingress[1] of policy x/p"]]


def test_without_policies_nothing_turns_it() -> None:
    assert proposals() == []


def test_no_more_than_five_are_shown() -> None:
    selector = "{matchLabels: {app: db}}"
    closed = [
        policy(
            f"{{podSelector: {selector}, ingress: [{{from: [{{podSelector: {{matchLabels: {{k{n}: a}}}}}}]}}]}}",
            name=f"p{n}",
        )
        for n in range(9)
    ]
    assert len(proposals(*closed)) == 5
