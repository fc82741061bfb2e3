"""What one rule, and each of its peers and ports, says to a packet, against the reference."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import msgspec
import pytest

from haechi import Cluster
from haechi.analysis.why.answer import can
from haechi.analysis.why.rules import ItemRef, RuleAnswer, Viewpoint, rule_answers
from haechi.engine import Endpoint, point
from haechi.model import NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicyPeer, Object
from haechi.model.verdict import Direction, Packet, PolicyKey
from haechi.reference import ClusterObjects
from haechi.reference.reference import NetworkPolicyRule, owners, peer_matches, rule_allows
from tests.analysis import small
from tests.building import pod, policy


def viewpoints(cluster: Cluster, packet: Packet) -> list[tuple[Direction, Endpoint | None, Endpoint | None, int]]:
    """Both ends, as they see a packet: direction, pod, the pod at the other end and its address."""
    source, destination = point(packet.source), point(packet.destination)
    client, server = cluster.engine.owner(source), cluster.engine.owner(destination)
    return [(Direction.EGRESS, client, server, destination), (Direction.INGRESS, server, client, source)]


def answers(cluster: Cluster, packet: Packet) -> list[tuple[Direction, PolicyKey, RuleAnswer]]:
    """What every rule of every policy that isolates an end says to a packet."""
    found = []
    for direction, subject, peer, remote in viewpoints(cluster, packet):
        if subject is not None:
            viewpoint = Viewpoint(subject, direction, remote, peer, packet.protocol, packet.port)
            for key in sorted(cluster.engine.policies_of(subject, direction)):
                said = rule_answers(cluster, cluster.engine.policies[key], viewpoint)
                found += [(direction, key, answer) for answer in said]
    return found


class Oracle:
    """The reference, for one rule of a policy."""

    def __init__(
        self, known: ClusterObjects, one: NetworkPolicy, direction: Direction, path: str, packet: Packet
    ) -> None:
        self.known, self.policy, self.packet = known, one, packet
        self.rule: NetworkPolicyRule = (one.spec.ingress if direction is Direction.INGRESS else one.spec.egress)[
            int(path[-2])
        ]
        clients, servers = owners(known, packet.source), owners(known, packet.destination)
        ends = (clients[0] if clients else None, servers[0] if servers else None)
        ingress = direction is Direction.INGRESS
        self.peer, self.server = ends[0] if ingress else ends[1], ends[1]
        self.remote = packet.source if ingress else packet.destination

    def allows(self, rule: NetworkPolicyRule) -> bool:
        return rule_allows(self.known, self.policy, rule, self.peer, self.server, self.remote, self.packet)

    def allowing_peers(self) -> list[int]:
        """The peers with which alone the rule would allow the packet."""
        field = "from_" if isinstance(self.rule, NetworkPolicyIngressRule) else "to"
        return [n for n, one in enumerate(self.peers()) if self.allows(replaced(self.rule, field, one))]

    def allowing_ports(self) -> list[int]:
        """The ports with which alone the rule would allow the packet."""
        return [n for n, one in enumerate(self.rule.ports) if self.allows(replaced(self.rule, "ports", one))]

    def meant_by(self) -> list[int]:
        """The peers that mean the other end."""
        return [
            n
            for n, one in enumerate(self.peers())
            if peer_matches(self.known, self.policy, one, self.peer, self.remote)
        ]

    def peers(self) -> tuple[NetworkPolicyPeer, ...]:
        return self.rule.from_ if isinstance(self.rule, NetworkPolicyIngressRule) else self.rule.to


def replaced(rule: NetworkPolicyRule, field: str, item: object) -> NetworkPolicyRule:
    return msgspec.structs.replace(rule, **{field: (item,)})


def places(parts: tuple[ItemRef, ...]) -> list[int]:
    return [int(part.path[part.path.rindex("[") + 1 : -1]) for part in parts]


def test_rules_peers_and_ports_are_those_of_the_reference() -> None:
    """Of a rule that allows: the items with which alone it would. Of one that does not: those that mean the packet."""
    seen: Counter[tuple[str, int]] = Counter()
    for seed in range(100):
        random = Random(seed)
        objects = small.objects(random)
        cluster, known = Cluster.of(objects), small.reference(objects)
        written = {PolicyKey(one.namespace, one.name): one for one in objects if isinstance(one, NetworkPolicy)}
        for packet in random.sample(small.PACKETS, 60):
            if len(owners(known, packet.source)) > 1 or len(owners(known, packet.destination)) > 1:
                continue
            for direction, key, answer in answers(cluster, packet):
                oracle = Oracle(known, written[key], direction, answer.rule.path, packet)
                assert answer.allows == oracle.allows(oracle.rule)
                if answer.allows:
                    assert places(answer.peers) == oracle.allowing_peers()
                    assert places(answer.ports) == oracle.allowing_ports()
                else:
                    assert places(answer.peers) == oracle.meant_by()
                assert (answer.nearest_peer is not None) == (bool(oracle.peers()) and not oracle.meant_by())
                seen["allows" if answer.allows else "lacks", len(answer.peers)] += 1
    assert min(seen[word, number] for word in ("allows", "lacks") for number in (0, 1, 2)) > 10


def the(cluster: Cluster, source: str, destination: str, port: str) -> RuleAnswer:
    """The rule that allows or is nearest, of the only policy."""
    (way,) = can(cluster, source, destination, port).pairs[0]
    side = way.ingress if way.ingress.isolating else way.egress
    return side.allowing[0] if side.allowed else side.nearest or pytest.fail("no rule")


PEERS = """podSelector: {matchLabels: {app: db}}
ingress:
- from:
  - podSelector: {matchLabels: {app: admin, tier: back}}
  - podSelector: {matchLabels: {app: web, tier: front}}
  - ipBlock: {cidr: 192.0.2.0/24}
  ports: [{port: 80}, {port: sql}]
"""
DB = pod("x/db", "10.0.0.2", marks="app=db", ports=("sql=5432/TCP",))


@pytest.mark.parametrize(
    ("labels", "source", "port", "peers", "ports", "nearest"),
    [
        ("app=admin,tier=back", "x/web", "80", [0], [0], None),
        ("app=admin,tier=back", "x/web", "5432", [0], [1], None),
        ("app=admin,tier=back", "x/web", "81", [0], [], None),
        ("app=web", "x/web", "80", [], [0], 1),  # one label is nearer than two, and than a block
        ("app=web", "192.0.2.7", "80", [2], [0], None),
        ("app=web", "198.51.100.1", "80", [], [0], 2),  # to an address a block is the nearest
    ],
)
def test_the_item_that_allows_or_is_nearest(
    labels: str, source: str, port: str, peers: list[int], ports: list[int], nearest: int | None
) -> None:
    answer = the(Cluster.of([pod("x/web", "10.0.0.1", marks=labels), DB, policy(PEERS)]), source, "x/db", port)
    assert [part.path for part in answer.peers] == [f"spec.ingress[0].from[{number}]" for number in peers]
    assert [part.path for part in answer.ports] == [f"spec.ingress[0].ports[{number}]" for number in ports]
    assert (answer.nearest_peer and answer.nearest_peer.path) == (
        None if nearest is None else f"spec.ingress[0].from[{nearest}]"
    )


def test_a_rule_for_everybody_on_every_port_has_no_items() -> None:
    answer = the(Cluster.of([pod("x/web", "10.0.0.1"), DB, policy("{ingress: [{}]}")]), "x/web", "x/db", "80")
    assert (answer.allows, answer.peers, answer.ports, answer.nearest_peer) == (True, (), (), None)


def test_an_egress_block_allows_the_pods_in_it_by_a_port_name() -> None:
    """The number is each pod's own; addresses that are no pod's have no port names."""
    to = "{to: [{ipBlock: {cidr: 10.0.0.0/8}}, {podSelector: {}}], ports: [{port: sql}]}"
    spec = f"{{podSelector: {{matchLabels: {{app: web}}}}, policyTypes: [Egress], egress: [{to}]}}"
    answer = the(Cluster.of([pod("x/web", "10.0.0.1", marks="app=web"), DB, policy(spec)]), "x/web", "x/db", "5432")
    assert [part.path for part in answer.peers] == ["spec.egress[0].to[0]", "spec.egress[0].to[1]"]


def test_items_have_the_places_at_which_they_were_read(tmp_path: Path) -> None:
    text = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: x}
spec:
  podSelector: {}
  ingress:
  - from:
    - podSelector: {matchLabels: {app: admin}}
    - ipBlock: {cidr: 192.0.2.0/24}
    ports:
    - port: 80
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: x}}
"""
    file = tmp_path / "p.yaml"
    file.write_text(text, encoding="utf-8")
    answer = the(Cluster.load(str(file)), "192.0.2.1", "x/db", "80")
    found = [(part.location.line, part.location.column) for part in (*answer.peers, *answer.ports) if part.location]
    assert found == [(9, 7), (11, 7)]


@pytest.mark.parametrize(
    ("expression", "labels", "words"),
    [
        ("{key: app, operator: In, values: [a, b]}", "", "label app in (a,b) is missing"),
        ("{key: app, operator: In, values: [a, b]}", "app=c", "label app is c, not a or b"),
        ("{key: app, operator: NotIn, values: [c]}", "app=c", "label app=c is excluded"),
        ("{key: app, operator: Exists}", "", "label app is missing"),
        ("{key: app, operator: DoesNotExist}", "app=c", "label app=c is excluded"),
    ],
)
def test_every_operator_is_told_in_words(expression: str, labels: str, words: str) -> None:
    peer = f"{{podSelector: {{matchExpressions: [{expression}]}}}}"
    cluster = Cluster.of([pod("x/web", "10.0.0.1", marks=labels), DB, policy(f"{{ingress: [{{from: [{peer}]}}]}}")])
    assert [mismatch.words for mismatch in the(cluster, "x/web", "x/db", "80").mismatches] == [f"pod x/web: {words}"]


@pytest.mark.parametrize("ports", ["", ", ports: [{port: 80}]", ", ports: [{port: web}]"])
def test_an_ip_block_around_a_pod_that_never_matches_pods_is_the_reason(ports: str) -> None:
    block = policy(f"{{policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{cidr: 10.0.0.0/8}}}}]{ports}}}]}}")
    objects: list[Object] = [pod("x/web", "10.0.0.1"), pod("x/db", "10.0.0.2", ports=("web=80/TCP",)), block]
    assert can(Cluster.of(objects), "web", "db", "80").allowed
    answer = can(Cluster.of(objects, ipblock_matches_pods=False), "web", "db", "80")
    assert not answer.allowed
    reasons = [each.words for one in answer.shown for rule in (one.egress.nearest,) if rule for each in rule.mismatches]
    assert "10.0.0.2 is a pod's address, which ipBlocks never match here" in reasons
