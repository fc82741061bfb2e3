"""A pod in plain sentences: the policies that select it, what they allow together, and the tiers before and after them.

Why: policies only add up, so no single file shows what holds for a pod. Promises that the union is the engine's own
canonical one, that every rule that contributes to it is listed with its place, and that a direction in which no policy
selects the pod is reported as unrestricted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster
from haechi.analysis.explain.policy import SUFFIXES
from haechi.analysis.explain.ports import port_set_phrase
from haechi.analysis.explain.selections import SelectedPods, name_list, selection_phrase
from haechi.analysis.explain.sentences import Joined, Sentence
from haechi.analysis.explain.tierrules import (
    WrittenPeer,
    WrittenRule,
    entry_phrase,
    given_rules,
    reasons,
    rule_label,
    tier_peer_phrase,
)
from haechi.engine import (
    Endpoint,
    OrderedPolicy,
    Peers,
    PodSelection,
    PolicySet,
    Stages,
    read_tier_peer,
    read_tier_protocol,
)
from haechi.model import (
    Direction,
    Pod,
    PodKey,
    PolicyKey,
    RuleRef,
    Tier,
    TierRuleRef,
    as_cluster_network_policy,
)
from haechi.sets import PROTOCOL_NAMES, AddressSet, PortSet


@dataclass(frozen=True, slots=True)
class PodExplanation:
    """A pod, explained.

    Attributes:
        key: its namespace and name.
        ingress: the policies that isolate it for incoming connections, sorted.
        egress: the policies that isolate it for outgoing connections, sorted.
        sentence: its title, with the explanation below.
        ingress_stages: what judges incoming connections, in order.
        egress_stages: the same for outgoing ones.
    """

    key: PodKey
    ingress: tuple[PolicyKey, ...]
    egress: tuple[PolicyKey, ...]
    sentence: Sentence
    ingress_stages: Stages = ()
    egress_stages: Stages = ()


def explain_pod(cluster: Cluster, key: PodKey, selected: SelectedPods | None = None) -> PodExplanation:
    """Explain one pod of a cluster, also one that policies ignore.

    Args:
        cluster: the cluster that has the pod.
        key: the pod.
        selected: of the same cluster; shared between explanations, it resolves each selection once.

    Raises:
        KeyError: the cluster has no such pod.
    """
    endpoint = cluster.engine.endpoint(key)
    if endpoint is None:
        return _ignored({_key(pod): pod for pod in ignored_pods(cluster)}[key])
    pods = selected or SelectedPods(cluster)
    owner = cluster.owners[key]
    below = (
        []
        if owner.kind == "Pod"
        else [Sentence.of("pod.owner", kind=owner.kind, name=f"{owner.namespace}/{owner.name}")]
    )
    below += [_direction(cluster, pods, endpoint, direction) for direction in Direction]
    ingress, egress = (tuple(sorted(cluster.engine.policies_of(endpoint, direction))) for direction in Direction)
    title = Sentence.of("pod.title", below=tuple(below), pod=str(key))
    egress_stages, ingress_stages = cluster.engine.stages(endpoint)
    return PodExplanation(key, ingress, egress, title, ingress_stages, egress_stages)


def ignored_pods(cluster: Cluster) -> Iterator[Pod]:
    """The pods of the input that policies ignore: on the host network, or completed."""
    return (one for one in cluster.given if isinstance(one, Pod) and _key(one) not in cluster.pods)


def _key(pod: Pod) -> PodKey:
    return PodKey(pod.namespace, pod.name)


def _ignored(pod: Pod) -> PodExplanation:
    key = _key(pod)
    reason = Sentence.of("pod.completed" if pod.completed else "pod.host")
    return PodExplanation(key, (), (), Sentence.of("pod.title", below=(reason,), pod=str(key)))


def _direction(cluster: Cluster, pods: SelectedPods, endpoint: Endpoint, direction: Direction) -> Sentence:
    suffix, engine = SUFFIXES[direction], cluster.engine
    policies = engine.policy_set(endpoint, direction)
    tiers = {
        tier: [one for one in engine.tier_policies_of(endpoint, tier) if direction in one.directions] for tier in Tier
    }
    if any(tiers.values()):
        below = tuple(_stages(cluster, pods, tiers, policies, direction))
        return Sentence.of(f"pod.judged.{suffix}", below=below)
    if policies is None:
        return Sentence.of(f"pod.unrestricted.{suffix}")
    return _isolated(cluster, pods, policies, f"pod.isolated.{suffix}")


def _stages(
    cluster: Cluster,
    pods: SelectedPods,
    tiers: Mapping[Tier, list[OrderedPolicy]],
    policies: PolicySet | None,
    direction: Direction,
) -> Iterator[Sentence]:
    """What judges a pod in one direction, in order."""
    admin, baseline = tiers[Tier.ADMIN], tiers[Tier.BASELINE]
    after = "policies" if policies is not None else "baseline" if baseline else "allowed"
    if admin:
        yield _tier(cluster, Tier.ADMIN, admin, direction, after)
    if policies is not None:
        yield _isolated(cluster, pods, policies, "stage.policies")
        if baseline:
            yield Sentence.of("stage.skipped", policies=name_list([str(one.key) for one in baseline]))
    elif baseline:
        yield _tier(cluster, Tier.BASELINE, baseline, direction, "allowed")


def _tier(cluster: Cluster, tier: Tier, policies: list[OrderedPolicy], direction: Direction, after: str) -> Sentence:
    """The rules of a tier, in order, and where what they leave undecided goes."""
    rules = (each for one in policies for each in _tier_rules(cluster, one, direction))
    below = (*rules, Sentence.of(f"stage.rest.{after}"))
    return Sentence.of("stage.tier", below=below, tier=tier.value)


def _tier_rules(cluster: Cluster, policy: OrderedPolicy, direction: Direction) -> Iterator[Sentence]:
    given = cluster.tier_policies[policy.key]
    spec, suffix = as_cluster_network_policy(given).spec, SUFFIXES[direction]
    rules: tuple[WrittenRule, ...] = spec.ingress if direction is Direction.INGRESS else spec.egress
    read = {rule.ref.index: rule for rule in policy.rules(direction)}
    for index, (rule, written) in enumerate(zip(rules, given_rules(given, direction), strict=True)):
        ref = TierRuleRef(policy.key, direction, index)
        label, location = rule_label(rule, index + 1, len(rules)), cluster.located(ref).location
        one = read.get(index)
        if one is None or any(reasons(cluster, policy, ref)):
            key = "stage.closed.accept" if one is None else "stage.closed.deny"
            yield Sentence.of(key, location=location, policy=str(policy.key), rule=label)
            continue
        peers: tuple[WrittenPeer, ...] = rule.peers
        phrases = tuple(tier_peer_phrase(each, read_tier_peer(each, one.action)) for each in peers)
        entries = tuple(entry_phrase(read_tier_protocol(each), direction) for each in rule.protocols or ())
        yield Sentence.of(
            f"stage.rule.{suffix}",
            location=location,
            policy=str(policy.key),
            rule=label,
            action=written.action,
            peers=Joined(phrases, "join.or"),
            ports=Joined(entries, "join.or") if entries else Sentence.of("port.everything"),
        )


def _isolated(cluster: Cluster, pods: SelectedPods, policies: PolicySet, title: str) -> Sentence:
    """What NetworkPolicies allow a pod in one direction."""
    direction, suffix = policies.direction, SUFFIXES[policies.direction]
    union = tuple(_union(pods, policies, suffix))
    key = f"union.some.{suffix}" if union else f"union.none.{suffix}"
    below = [Sentence.of(key, below=union)]
    if not policies.everywhere.anywhere:
        below.append(Sentence.of(f"union.rest.{suffix}"))
    rules = tuple(each for key in policies.policies for each in _rules(cluster, key, direction))
    below.append(Sentence.of("because", below=rules))
    names = name_list([str(key) for key in policies.policies])
    return Sentence.of(title, below=tuple(below), policies=names)


def _union(pods: SelectedPods, policies: PolicySet, suffix: str) -> Iterator[Sentence]:
    for ports, peers in ((PortSet.ALL, policies.everywhere), *policies.by_ports):
        if peers:
            yield _allowed(suffix, port_set_phrase(ports), list(_peers(pods, peers)))
    by_name: dict[tuple[int, str], list[Sentence]] = {}
    for named in sorted(policies.named, key=str):
        every = named.within == AddressSet.ALL
        peer = _selected(pods, named.selection) if every else _blocks("peer.pods_in_block", named.within)
        by_name.setdefault((named.protocol, named.name), []).append(peer)
    for (protocol, name), items in by_name.items():
        yield _allowed(suffix, Sentence.of(f"port.named.{suffix}", protocol=PROTOCOL_NAMES[protocol], name=name), items)


def _allowed(suffix: str, ports: Sentence | Joined, peers: list[Sentence]) -> Sentence:
    if len(peers) > 1:
        return Sentence.of(f"union.many.{suffix}", below=tuple(peers), ports=ports)
    return Sentence.of(f"union.one.{suffix}", below=peers[0].below, ports=ports, peer=peers[0])


def _peers(pods: SelectedPods, peers: Peers) -> Iterator[Sentence]:
    if peers.anywhere:
        yield Sentence.of("peers.item", peer=Sentence.of("peer.anyone"))
    if peers.blocks:
        yield _blocks("peer.block", peers.blocks)
    for selection in sorted(peers.selections, key=str):
        yield _selected(pods, selection)


def _blocks(key: str, blocks: AddressSet) -> Sentence:
    ranges: list[Sentence | str] = [str(AddressSet([each])) for each in blocks.intervals]
    return Sentence.of("peers.item", peer=Sentence.of(key, cidr=name_list(ranges)))


def _selected(pods: SelectedPods, selection: PodSelection) -> Sentence:
    return Sentence.of("peers.item", peer=selection_phrase(selection), below=(pods.sentence(selection),))


def _rules(cluster: Cluster, key: PolicyKey, direction: Direction) -> Iterator[Sentence]:
    """Every rule of a policy with its place."""
    spec = cluster.policies[key].spec
    total = len(spec.ingress if direction is Direction.INGRESS else spec.egress)
    if not cluster.engine.policies[key].rules(direction):
        yield Sentence.of("because.no_rule", location=cluster.location(key), policy=str(key))
        return
    for index in range(total):
        place = cluster.located(RuleRef(key, direction, index)).location
        yield Sentence.of("because.rule", location=place, policy=str(key), number=index + 1, total=total)
