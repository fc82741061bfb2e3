"""A pod in plain sentences: the policies that select it, and what they allow together.

Why: policies only add up, so no single file shows what holds for a pod. Promises that the union is the engine's own
canonical one, that every rule that contributes to it is listed with its place, and that a direction in which no policy
selects the pod is reported as unrestricted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster
from haechi.analysis.explain.policy import SUFFIXES
from haechi.analysis.explain.ports import port_set_phrase
from haechi.analysis.explain.selections import SelectedPods, name_list, selection_phrase
from haechi.analysis.explain.sentences import Joined, Sentence
from haechi.engine import Endpoint, Peers, PodSelection, PolicySet
from haechi.model import Direction, Pod, PodKey, PolicyKey, RuleRef
from haechi.sets import PROTOCOL_NAMES, AddressSet, PortSet


@dataclass(frozen=True, slots=True)
class PodExplanation:
    """A pod, explained.

    Attributes:
        key: its namespace and name.
        ingress: the policies that isolate it for incoming connections, sorted.
        egress: the policies that isolate it for outgoing connections, sorted.
        sentence: its title, with the explanation below.
    """

    key: PodKey
    ingress: tuple[PolicyKey, ...]
    egress: tuple[PolicyKey, ...]
    sentence: Sentence


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
    return PodExplanation(key, ingress, egress, Sentence.of("pod.title", below=tuple(below), pod=str(key)))


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
    suffix = SUFFIXES[direction]
    policies = cluster.engine.policy_set(endpoint, direction)
    if policies is None:
        return Sentence.of(f"pod.unrestricted.{suffix}")
    union = tuple(_union(pods, policies, suffix))
    key = f"union.some.{suffix}" if union else f"union.none.{suffix}"
    below = [Sentence.of(key, below=union)]
    if not policies.everywhere.anywhere:
        below.append(Sentence.of(f"union.rest.{suffix}"))
    rules = tuple(each for key in policies.policies for each in _rules(cluster, key, direction))
    below.append(Sentence.of("because", below=rules))
    names = name_list([str(key) for key in policies.policies])
    return Sentence.of(f"pod.isolated.{suffix}", below=tuple(below), policies=names)


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
    for selection in sorted(peers.selections, key=str):
        yield _selected(pods, selection)
    if peers.blocks:
        yield _blocks("peer.block", peers.blocks)


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
