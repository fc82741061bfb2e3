"""A pod in plain sentences: which policies select it, and what they allow together.

Why: policies only add up, so what holds for a pod stands in no single file. Promises that the union is the engine's own
canonical one (fewest pieces), that every rule behind it is named with its place, and that a direction that no policy
covers is said to be open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster
from haechi.analysis.explain.policy import WAYS
from haechi.analysis.explain.ports import port_set
from haechi.analysis.explain.selections import Present, group, listed
from haechi.analysis.explain.sentences import Joined, Sentence, say
from haechi.engine import Endpoint, Peers, PolicySet
from haechi.model import Direction, Pod, PodKey, PolicyKey
from haechi.sets import PROTOCOL_NAMES, AddressSet, PortSet


@dataclass(frozen=True, slots=True)
class PodExplanation:
    """What there is to say about a pod.

    Attributes:
        key: which one.
        ingress: the policies that isolate it for incoming connections, sorted; none if nothing does.
        egress: the same for outgoing ones.
        told: the whole, as a sentence with others below.
    """

    key: PodKey
    ingress: tuple[PolicyKey, ...]
    egress: tuple[PolicyKey, ...]
    told: Sentence


def explain_pod(cluster: Cluster, key: PodKey, present: Present | None = None) -> PodExplanation:
    """Explain one pod of a cluster.

    Raises:
        KeyError: the cluster has no such pod, or policies do not see it (`unseen`).
    """
    endpoint = cluster.engine.endpoint(key)
    if endpoint is None:
        raise KeyError(key)
    known = present or Present(cluster)
    owner = cluster.owners[key]
    below = [] if owner.kind == "Pod" else [say("pod.owner", kind=owner.kind, name=f"{owner.namespace}/{owner.name}")]
    below += [_direction(cluster, known, endpoint, direction) for direction in Direction]
    told = say("pod.title", below=tuple(below), pod=str(key))
    ingress, egress = (tuple(sorted(cluster.engine.policies_of(endpoint, direction))) for direction in Direction)
    return PodExplanation(key, ingress, egress, told)


def unseen(pod: Pod) -> PodExplanation:
    """Explain a pod that policies do not see: one on the host's network, or a completed one."""
    key = PodKey(pod.namespace, pod.name)
    reason = say("pod.completed" if pod.completed else "pod.host")
    return PodExplanation(key, (), (), say("pod.title", below=(reason,), pod=str(key)))


def _direction(cluster: Cluster, present: Present, endpoint: Endpoint, direction: Direction) -> Sentence:
    way = WAYS[direction]
    together = cluster.engine.policy_set(endpoint, direction)
    if together is None:
        return say(f"pod.free.{way}")
    union = tuple(_union(present, together, way))
    below = [say(f"union.some.{way}", below=union) if union else say(f"union.none.{way}")]
    if not together.everywhere.anywhere:
        below.append(say(f"union.rest.{way}"))
    rules = tuple(each for key in together.policies for each in _because(cluster, key, direction))
    below.append(say("because", below=rules))
    policies = listed([str(key) for key in together.policies])
    return say(f"pod.isolated.{way}", below=tuple(below), policies=policies)


def _union(present: Present, together: PolicySet, way: str) -> Iterator[Sentence]:
    for ports, peers in ((PortSet.ALL, together.everywhere), *together.by_ports):
        if peers:
            yield _among(way, port_set(ports), list(_peers(present, peers)))
    by_name: dict[tuple[int, str], list[Sentence]] = {}
    for named in sorted(together.named, key=str):
        item = say("peers.item", peer=group(named.selection), below=(present.now(named.selection),))
        by_name.setdefault((named.protocol, named.name), []).append(item)
    for (protocol, name), items in by_name.items():
        yield _among(way, say(f"port.named.{way}", protocol=PROTOCOL_NAMES[protocol], name=name), items)


def _among(way: str, ports: Sentence | Joined, items: list[Sentence]) -> Sentence:
    if len(items) > 1:
        return say(f"union.many.{way}", below=tuple(items), ports=ports)
    return say(f"union.one.{way}", below=items[0].below, ports=ports, peer=items[0])


def _peers(present: Present, peers: Peers) -> Iterator[Sentence]:
    if peers.anywhere:
        yield say("peers.item", peer=say("peer.anyone"))
    for selection in sorted(peers.selections, key=str):
        yield say("peers.item", peer=group(selection), below=(present.now(selection),))
    if peers.blocks:
        ranges: list[Sentence | str] = [str(AddressSet([each])) for each in peers.blocks.intervals]
        yield say("peers.item", peer=say("peer.block", cidr=listed(ranges)))


def _because(cluster: Cluster, key: PolicyKey, direction: Direction) -> Iterator[Sentence]:
    spec = cluster.policies[key].spec
    total = len(spec.ingress if direction is Direction.INGRESS else spec.egress)
    if not cluster.engine.policies[key].rules(direction):
        yield say("because.no_rule", location=cluster.location(key), policy=str(key))
        return
    for number in range(total):
        place = cluster.location(key, f"spec.{direction.lower()}[{number}]")
        yield say("because.rule", location=place, policy=str(key), number=number + 1, total=total)
