"""One rule against one packet: does it allow it, and if not, what does the packet lack.

Promises that a rule allows a packet here exactly if the engine's verdict rests on it (tested against both), and that
every lack that can be told in words is told, each with the label change that would mend it if one would; and with the
rule those of its peers and ports that mean the packet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster, protocol_text
from haechi.analysis.why.changes import LabelChange
from haechi.analysis.why.items import Item, peer_items, port_items
from haechi.engine import NAMESPACE_NAME_LABEL, Endpoint, PodSelection, Policy, PolicyRule, includes, rule_ports
from haechi.model import Direction, Location, PodKey, PolicyKey, RuleRef
from haechi.select import Requirement, Selector, SelectorOperator
from haechi.sets import point_to_text


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that keeps a rule from allowing a packet; `mend` is the label change that would end it, if any."""

    words: str
    mend: LabelChange | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """An item of a rule's `from`, `to` or `ports`; `path` is such as `spec.ingress[0].from[1]`."""

    path: str
    location: Location | None


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What a rule says to a packet.

    Attributes:
        rule: which rule, with its location.
        lacks: what the packet lacks; empty if the rule allows it.
        peers: the items of `from` or `to` that mean the other end; of a rule that allows the packet, those with which
            alone it would. There is none if the rule means everybody.
        ports: the items of `ports` that mean the packet; there is none if the rule means every port.
        nearest_peer: where no peer means the other end, the one that lacks least.
    """

    rule: RuleRef
    lacks: tuple[Lack, ...] = ()
    peers: tuple[Part, ...] = ()
    ports: tuple[Part, ...] = ()
    nearest_peer: Part | None = None

    @property
    def allows(self) -> bool:
        """Whether the rule allows the packet."""
        return not self.lacks


@dataclass(frozen=True, slots=True)
class Approach:
    """A packet as one end sees it.

    Attributes:
        subject: the pod at this end.
        direction: of the connection as this end sees it.
        remote: the address at the other end.
        peer: the pod there, if it is one.
        protocol: the IP protocol.
        port: the destination port.
    """

    subject: Endpoint
    direction: Direction
    remote: int
    peer: Endpoint | None
    protocol: int
    port: int


def rule_answers(cluster: Cluster, policy: Policy, approach: Approach) -> Iterator[RuleAnswer]:
    """What each readable rule of a policy says."""
    written = cluster.policies[policy.key]
    for ref, rule in policy.referenced(approach.direction):
        on = _port_lacks(cluster, rule, ref.index, approach)
        items = peer_items(written, ref)
        peers = [item for item in items if includes(cluster.engine, item.rule.peers, approach.remote, approach.peer)]
        lacks: tuple[Lack, ...] = ()
        nearest: Item | None = None
        if items and not peers:
            lacks, nearest = _nearest(cluster, items, approach)
        elif not on:
            peers = [item for item in peers if _has_port(cluster, item.rule, approach)]
        ports = port_items(written, ref)
        yield RuleAnswer(
            cluster.located(ref),
            (*on, *lacks),
            tuple(_part(cluster, policy.key, item) for item in peers),
            tuple(_part(cluster, policy.key, item) for item in ports if _has_port(cluster, item.rule, approach)),
            None if nearest is None else _part(cluster, policy.key, nearest),
        )


def _part(cluster: Cluster, policy: PolicyKey, item: Item) -> Part:
    return Part(item.path, cluster.location(policy, item.path))


def _port_lacks(cluster: Cluster, rule: PolicyRule, place: int, approach: Approach) -> tuple[Lack, ...]:
    if _has_port(cluster, rule, approach):
        return ()
    on = f"port {approach.port}/{protocol_text(approach.protocol)}"
    if approach.protocol not in (6, 17, 132):
        on = protocol_text(approach.protocol)
    return (Lack(f"{on} is not in rule {place + 1}"),)


def _has_port(cluster: Cluster, rule: PolicyRule, approach: Approach) -> bool:
    ports = rule_ports(cluster.engine, rule, approach.direction, approach.subject, approach.peer)
    return ports.contains(approach.protocol, approach.port)


def _nearest(cluster: Cluster, items: tuple[Item, ...], approach: Approach) -> tuple[tuple[Lack, ...], Item]:
    """What the remote end lacks to be the nearest of some peers, none of which means it, and which that is."""
    peer = approach.peer
    ways: list[tuple[tuple[Lack, ...], Item]] = []
    if peer is not None:
        selecting = [(selection, item) for item in items for selection in item.rule.peers.selections]
        for selection, item in sorted(selecting, key=lambda pair: str(pair[0])):
            ways.append((tuple(_selection_lacks(cluster, selection, peer)), item))
    blocks = [item for item in items if item.rule.peers.blocks]
    if blocks or not ways:
        what = "in its ipBlocks" if blocks else "a pod, and the rule means pods"
        ways.append(((Lack(f"{point_to_text(approach.remote)} is not {what}"),), (blocks or list(items))[0]))
    return min(ways, key=lambda way: sum(_weight(lack) for lack in way[0]))


def _weight(lack: Lack) -> int:
    """How far away it is to mend: a label of one pod is nearer than one of all pods of a namespace."""
    if lack.mend is None:
        return 4
    return 2 if lack.mend.kind == "Pod" else 3


def _selection_lacks(cluster: Cluster, selection: PodSelection, peer: Endpoint) -> Iterator[Lack]:
    scope = selection.namespaces
    name = peer.key.namespace
    if isinstance(scope, str):
        if scope != name:
            yield Lack(f"{peer.key} is not in namespace {scope}")
    else:
        declared = next((one.labels for one in cluster.namespaces if one.name == name), {})
        labels = {**declared, NAMESPACE_NAME_LABEL: name}
        for requirement in _unmet(scope, labels):
            change = LabelChange("Namespace", PodKey("", name), requirement.key, _meeting(requirement))
            mend = None if requirement.key == NAMESPACE_NAME_LABEL else change
            yield Lack(f"namespace {name}: {_missing(requirement, labels.get(requirement.key))}", mend)
    for requirement in _unmet(selection.pods, peer.labels):
        change = LabelChange("Pod", peer.key, requirement.key, _meeting(requirement))
        yield Lack(f"pod {peer.key}: {_missing(requirement, peer.labels.get(requirement.key))}", change)
    if (isinstance(scope, Selector) and scope.contradictory) or selection.pods.contradictory:
        yield Lack("its selector contradicts itself and means nobody")


def _unmet(selector: Selector, labels: Mapping[str, str]) -> list[Requirement]:
    return [requirement for requirement in selector.requirements if not requirement.matches(labels)]


def _meeting(requirement: Requirement) -> str | None:
    """A value of the label that meets the requirement; None: no such label."""
    if requirement.operator is SelectorOperator.IN:
        return requirement.values[0]
    return "" if requirement.operator is SelectorOperator.EXISTS else None


def _missing(requirement: Requirement, value: str | None) -> str:
    match requirement.operator:
        case SelectorOperator.IN | SelectorOperator.EXISTS if value is None:
            return f"label {requirement} is missing"
        case SelectorOperator.IN:
            return f"label {requirement.key} is {value}, not {' or '.join(requirement.values)}"
        case _:
            return f"label {requirement.key}={value} is excluded"
