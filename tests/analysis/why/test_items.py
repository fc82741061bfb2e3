"""The items of a rule, each as the rule that it would be alone."""

from __future__ import annotations

from random import Random

from haechi.analysis.why.items import peer_items, port_items
from haechi.engine import Peers, Policy
from haechi.model import NetworkPolicy, PolicyKey, RuleRef
from haechi.model.verdict import Direction
from haechi.sets import PortSet
from tests.analysis import small
from tests.building import policy


def ref(direction: Direction, index: int) -> RuleRef:
    return RuleRef(PolicyKey("x", "p"), direction, index)


def test_the_items_together_are_the_rule() -> None:
    """Read one by one and united, they are what the engine reads from the whole."""
    several = 0
    for seed in range(60):
        for one in small.objects(Random(seed)):
            if isinstance(one, NetworkPolicy):
                read = Policy.read(one)
                for direction, rules in ((Direction.INGRESS, read.ingress), (Direction.EGRESS, read.egress)):
                    for place, rule in enumerate(rules):
                        peers = [item.rule for item in peer_items(one, RuleRef(read.key, direction, place))]
                        ports = [item.rule for item in port_items(one, RuleRef(read.key, direction, place))]
                        assert not peers or Peers.union([item.peers for item in peers]) == rule.peers
                        assert {(item.ports, item.names) for item in peers} <= {(rule.ports, rule.names)}
                        if ports:
                            assert PortSet.union_all([item.ports for item in ports]) == rule.ports
                            assert {name for item in ports for name in item.names} == set(rule.names)
                        assert {item.peers for item in ports} <= {rule.peers}
                        several += len(peers) > 1 or len(ports) > 1
    assert several > 20


def test_paths_are_those_of_the_api() -> None:
    pods = "{podSelector: {}}"
    one = policy(f"{{ingress: [{{}}, {{from: [{pods}, {pods}], ports: [{{port: 1}}]}}], egress: [{{to: [{pods}]}}]}}")
    assert [item.path for item in peer_items(one, ref(Direction.INGRESS, 1))] == [
        "spec.ingress[1].from[0]",
        "spec.ingress[1].from[1]",
    ]
    assert [item.path for item in port_items(one, ref(Direction.INGRESS, 1))] == ["spec.ingress[1].ports[0]"]
    assert [item.path for item in peer_items(one, ref(Direction.EGRESS, 0))] == ["spec.egress[0].to[0]"]
    assert ref(Direction.EGRESS, 3).path == "spec.egress[3]"
    assert (peer_items(one, ref(Direction.INGRESS, 0)), port_items(one, ref(Direction.INGRESS, 0))) == ((), ())


def test_unreadable_rules_count_but_say_nothing() -> None:
    spec = "{ingress: [{ports: [{port: 0}]}, {ports: [{port: 80}]}, {from: [{}]}, {}]}"
    read = Policy.read(policy(spec))
    assert [found.index for found, _ in read.referenced(Direction.INGRESS)] == [1, 3]
