"""All questions give one answer: about one random packet, all of them answer what the reference does.

They are `can`, `list`, `list --exposure`, `diff`, `explain`, `test` and `lint`.

The packet is between two pods, with a pod that was not there when the exposure was taken, or with an address outside.
All of it holds as well where an ipBlock never matches pods; the reference is then asked about the same policies with
the addresses of all pods excepted from every ipBlock.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from random import Random

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st

from haechi import Cluster
from haechi.analysis.assertions import Suite, World, judge
from haechi.analysis.assertions.file import Assertion, Party, Port
from haechi.analysis.explain import explain_pod
from haechi.analysis.reach import Connection, connections, diff
from haechi.analysis.why import Answer
from haechi.engine import Endpoint
from haechi.model import (
    Location,
    Namespace,
    NetworkPolicy,
    Node,
    Object,
    ObjectMeta,
    PacketVerdict,
    Pod,
    PodIP,
    PodStatus,
    TierPolicy,
)
from haechi.model.verdict import Direction, Packet, PodKey, Side
from haechi.reference import ClusterObjects, allowed
from haechi.sets import PROTOCOL_NAMES, AddressSet, point_to_text, text_to_point
from tests import clusters, tier_words
from tests.analysis import small
from tests.analysis.exposed import all_exposures, allows

NEW = PodKey("a", "to-come")
ONS = ((6, 80), (6, 8080), (6, 7), (17, 53), (132, 81), (1, 0))
UNUSED = "192.0.2.255/32"
"""No packet has this address."""
NO_EFFECT = {
    "one-sided-allow",
    "peer-matches-nothing",
    "policy-without-effect",
    "rules-without-policy-type",
    "contradictory-selector",
}
NEVER_DECIDES = {"unreachable-rule", "exception-after-deny"}


def to_come(like: Pod, address: str) -> Pod:
    """A pod with the labels and ports of another one."""
    spec = like.spec
    return Pod(
        metadata=ObjectMeta(name=NEW.name, namespace=NEW.namespace, labels=like.labels),
        spec=type(spec)(node_name="elsewhere", containers=spec.containers),
        status=PodStatus(phase="Running", pod_ips=(PodIP(ip=address),)),
    )


class Asked:
    """One packet in a cluster, and the answers to it."""

    def __init__(self, before: Cluster, after: Cluster, packet: Packet) -> None:
        self.before, self.after, self.packet = before, after, packet
        self.points = [text_to_point(str(end)) for end in (packet.source, packet.destination)]
        self.ends = [after.engine.owner(point) for point in self.points]

    @property
    def port(self) -> str:
        name = PROTOCOL_NAMES.get(self.packet.protocol)
        return f"{self.packet.port}/{name}" if name else "ICMP"

    def can(self) -> Answer:
        return self.after.can(str(self.packet.source), str(self.packet.destination), self.port)

    def listed(self) -> bool:
        """A connection of two pods is listed for every family that they share."""
        found = [one.ports for one in connections(self.after, "pod") if self._is_of_ends(one)]
        return any(ports.contains(self.packet.protocol, self.packet.port) for ports in found)

    def _is_of_ends(self, one: Connection) -> bool:
        named = zip((one.source, one.destination), self.ends, self.points, strict=True)
        return all(
            name == f"{pod.key}[Pod]" if pod else not name.endswith("]") and point in AddressSet.parse(name)
            for name, pod, point in named
        )

    def different(self) -> bool:
        """Whether `diff` shows a connection as denied that was allowed without policies."""
        bare = Cluster.of(
            [one for one in self.after.objects if not isinstance(one, NetworkPolicy | TierPolicy)],
            ipblock_matches_pods=self.after.engine.ipblock_matches_pods,
        )
        return any(
            not one.after.contains(self.packet.protocol, self.packet.port)
            for one in diff(bare, self.after)
            if self._is_of_ends(Connection(one.source, one.destination, one.after))
        )

    def exposed(self, direction: Direction) -> bool | None:
        """Whether the exposure of one end grants it; None if that end is no pod of the cluster before."""
        mine = 0 if direction is Direction.EGRESS else 1
        own, peer = self.ends[mine], self.ends[1 - mine]
        if own is None or own.key == NEW:
            return None
        named = f"{own.key}[Pod]"
        (found,) = (one for one in all_exposures(self.before) if (one.group, one.direction) == (named, direction))
        remote = self.points[1 - mine]
        return allows(self.after, found, remote, peer, self.packet, self.ends[1])

    def asserted(self, expect: str) -> bool:
        ends = [
            Party(pod=str(pod.key)) if pod is not None else Party(ip=point_to_text(point))
            for pod, point in zip(self.ends, self.points, strict=True)
        ]
        port = Port(port=self.packet.port, protocol=PROTOCOL_NAMES[self.packet.protocol])
        one = Assertion(from_=ends[0], to=ends[1], ports=(port,), expect=expect)
        return not judge(World.of(self.after), [Suite("t", "", (one,), (Location("t", 1, 1),))]).failures


def is_near(cluster: Cluster, endpoint: Endpoint | None, point: int) -> bool:
    """Whether an address is that of a pod's own node."""
    if endpoint is None:
        return False
    return point in endpoint.host_addresses or point in cluster.engine.node_addresses(endpoint.node)


def oracle_of(
    cluster: Cluster, objects: Iterable[Namespace | Node | Pod | NetworkPolicy | TierPolicy]
) -> ClusterObjects:
    """The reference of some objects of a cluster: ipBlocks and networks match its pods if they do so in the cluster."""
    if cluster.engine.ipblock_matches_pods:
        return clusters.cluster(list(objects))
    pods = tuple(point_to_text(point) for each in cluster.engine.endpoints for point in each.addresses)
    return clusters.cluster([without_pods(one, pods) for one in objects])


def without_pods(
    policy: Namespace | Node | Pod | NetworkPolicy | TierPolicy, pods: tuple[str, ...]
) -> Namespace | Node | Pod | NetworkPolicy | TierPolicy:
    """A policy with the addresses of all pods excepted from every ipBlock and network; anything else as it is."""
    if not isinstance(policy, NetworkPolicy | TierPolicy):
        return policy
    data = msgspec.to_builtins(policy)
    for rule in (*(data["spec"].get("ingress") or ()), *(data["spec"].get("egress") or ())):
        for peer in (*(rule.get("from") or ()), *(rule.get("to") or ())):
            if peer.get("ipBlock") is not None:
                peer["ipBlock"]["except"] = [
                    *peer["ipBlock"].get("except", ()),
                    *(f"{one}/{32 if '.' in one else 128}" for one in pods),
                ]
            if peer.get("networks"):
                peer["networks"] = [each for one in peer["networks"] for each in split(one, pods)] or [UNUSED]
    return msgspec.convert(data, type(policy))


def split(network: str, pods: tuple[str, ...]) -> tuple[str, ...]:
    """CIDRs of all addresses of a network but those of pods; a text that is no network as it is."""
    try:
        addresses = AddressSet.from_cidr(network) if "/" in network else None
    except ValueError:
        addresses = None
    return (network,) if addresses is None else tuple((addresses - AddressSet.of(*map(text_to_point, pods))).cidrs())


def contradicts_no_finding(cluster: Cluster, answer: Answer, packet: Packet, right: PacketVerdict) -> None:
    """What lets the packet pass is not reported as without effect, no rule that decides as one that never does, and
    redundant policies can go."""
    findings = cluster.lint()
    without_effect = {(one.object.namespace, one.object.name, one.path) for one in findings if one.code in NO_EFFECT}
    if right.allowed:
        for each in (
            rule
            for packets in answer.pairs
            for one in packets
            for rule in (*one.egress.allowing, *one.ingress.allowing)
        ):
            key = each.rule.policy
            assert without_effect.isdisjoint((key.namespace, key.name, item.path) for item in each.peers)
    never = {(one.subject, one.path) for one in findings if one.code in NEVER_DECIDES}
    for side in (right.egress, right.ingress):
        assert side.tier_rule is None or (str(side.tier_rule.policy), side.tier_rule.path) not in never
    redundant = {(one.object.namespace, one.object.name) for one in findings if one.code == "redundant-policy"}
    kept = [
        one
        for one in cluster.objects
        if not (isinstance(one, NetworkPolicy) and (one.namespace, one.name) in redundant)
    ]
    without = allowed(oracle_of(cluster, kept), packet)
    assert (without.egress.allowed, without.ingress.allowed) == (right.egress.allowed, right.ingress.allowed)


def with_tiers(random: Random) -> list[Object]:
    """A small cluster in which tiers decide a great deal."""
    return [*small.objects(random), *small.tier_policies(random)]


@settings(max_examples=500)
@given(
    st.one_of(
        st.lists(clusters.objects(), min_size=6, max_size=18),
        st.builds(small.objects, st.integers(0, 10_000).map(Random)),
        st.builds(with_tiers, st.integers(0, 10_000).map(Random)),
        st.builds(
            list[Object].__add__,
            st.lists(clusters.pods(), min_size=2, max_size=4),
            st.lists(tier_words.objects(readable=False), min_size=2, max_size=12),
        ),
    ),
    clusters.pods(),
    st.sampled_from(("10.0.0.77", "8.8.8.9", "fd00::77", "2001:db8::9")),
    st.sampled_from(ONS),
    st.sampled_from(("pods", "to come", "outside")),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_every_question_gives_the_answer_of_the_reference(
    objects: list[Object], like: Pod, address: str, on: tuple[int, int], kind: str, matches: bool, random: Random
) -> None:
    before = Cluster.of(objects, ipblock_matches_pods=matches)
    after = before
    if kind == "to come":
        after = Cluster.of([*before.objects, to_come(like, address)], ipblock_matches_pods=matches)
    oracle = oracle_of(after, after.objects)
    own = [point_to_text(point) for each in before.engine.endpoints for point in each.addresses]
    pairs = [
        (one, other)
        for one in own
        for other in (own if kind == "pods" else [address])
        if one != other and (":" in one) == (":" in other)
    ]
    if not pairs:
        return
    texts = random.sample(random.choice(pairs), 2)
    packet = Packet(ip_address(texts[0]), ip_address(texts[1]), *on)
    asked = Asked(before, after, packet)
    owned = [len(after.engine.claimants(point)) for point in asked.points]
    if max(owned) > 1 or asked.ends[0] == asked.ends[1]:
        return
    near = [is_near(after, asked.ends[end], asked.points[1 - end]) for end in (0, 1)]
    if any(near):
        return
    right = allowed(oracle, packet)
    event(f"{kind}: {right.allowed}")
    event(f"ipBlocks matter: {right != allowed(clusters.cluster(list(after.objects)), packet)}")

    answer = asked.can()
    assert bool(answer) == right.allowed
    one_family = all(end is None or len(end.addresses) == 1 for end in asked.ends)
    if one_family:
        assert asked.listed() == right.allowed
        assert asked.different() == (not right.allowed)
        if on[0] in PROTOCOL_NAMES:
            assert asked.asserted("allow") == right.allowed
            assert asked.asserted("deny") == (not right.allowed)
    sides: list[tuple[Direction, Endpoint | None, Side]] = [
        (Direction.EGRESS, asked.ends[0], right.egress),
        (Direction.INGRESS, asked.ends[1], right.ingress),
    ]
    ((packet_answer,),) = answer.pairs
    for direction, end, side in sides:
        told = packet_answer.egress if direction is Direction.EGRESS else packet_answer.ingress
        assert (told.decided_by.rule if told.decided_by else None) == side.tier_rule
        assert asked.exposed(direction) in (side.allowed, None)
        if end is not None:
            explained = explain_pod(after, end.key)
            policies = explained.egress if direction is Direction.EGRESS else explained.ingress
            assert policies == side.policies
    contradicts_no_finding(after, answer, packet, right)
