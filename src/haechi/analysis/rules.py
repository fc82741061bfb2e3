"""One rule against one packet: does it allow it, and if not, what does the packet lack.

Promises that a rule allows a packet here exactly if the engine's verdict rests on it (tested against both), and that
every lack that can be told in words is told, each with the label change that would mend it if one would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from haechi.analysis.changes import LabelChange
from haechi.analysis.cluster import Cluster
from haechi.analysis.wording import protocol_text
from haechi.engine import Endpoint, PodSelection, Policy, Rule
from haechi.engine.selection import NAMESPACE_NAME_LABEL
from haechi.model import Location
from haechi.model.verdict import Direction, PodKey, PolicyKey
from haechi.select import Operator, Requirement, Selector
from haechi.sets import point_to_text


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that keeps a rule from allowing a packet; `mend` is the label change that would end it, if any."""

    words: str
    mend: LabelChange | None = None


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What a rule says to a packet.

    Attributes:
        policy: whose rule it is.
        path: such as `spec.ingress[0]`.
        location: where it was read, if it was.
        lacks: what the packet lacks; empty if the rule allows it.
    """

    policy: PolicyKey
    path: str
    location: Location | None
    lacks: tuple[Lack, ...] = ()

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
    for path, rule in numbered(policy, approach.direction):
        lacks = (*_port_lacks(cluster, rule, path, approach), *_peer_lacks(cluster, rule, approach))
        yield RuleAnswer(policy.key, path, cluster.location(policy.key, path), lacks)


def numbered(policy: Policy, direction: Direction) -> Iterator[tuple[str, Rule]]:
    """The readable rules of a direction with their paths: unreadable ones count, although they are not here."""
    word = f"spec.{direction.lower()}"
    unreadable = {
        int(match[1]) for defect in policy.defects if (match := re.match(rf"{word}\[(\d+)\]", defect.path)) is not None
    }
    places = (place for place in count() if place not in unreadable)
    for place, rule in zip(places, policy.rules(direction), strict=False):
        yield f"{word}[{place}]", rule


def _port_lacks(cluster: Cluster, rule: Rule, path: str, approach: Approach) -> Iterator[Lack]:
    if rule.ports.contains(approach.protocol, approach.port) or _is_named(cluster, rule, approach):
        return
    number = int(path[path.index("[") + 1 : -1]) + 1
    on = f"port {approach.port}/{protocol_text(approach.protocol)}"
    if approach.protocol not in (6, 17, 132):
        on = protocol_text(approach.protocol)
    yield Lack(f"{on} is not in rule {number}")


def _is_named(cluster: Cluster, rule: Rule, approach: Approach) -> bool:
    """Whether the port is the number behind one of the rule's names; only whom labels mean has names."""
    server = approach.subject if approach.direction is Direction.INGRESS else approach.peer
    if server is None:
        return False
    if approach.direction is Direction.EGRESS and not rule.peers.anywhere and not _is_selected(cluster, rule, server):
        return False
    named = [name for protocol, name in rule.names if protocol == approach.protocol]
    return any((approach.protocol, name, approach.port) in server.ports for name in named)


def _is_selected(cluster: Cluster, rule: Rule, peer: Endpoint) -> bool:
    return any(cluster.engine.is_member(peer, selection) for selection in rule.peers.selections)


def _peer_lacks(cluster: Cluster, rule: Rule, approach: Approach) -> tuple[Lack, ...]:
    """What the remote end lacks to be the nearest of the rule's peers."""
    peers, peer = rule.peers, approach.peer
    if peers.anywhere or approach.remote in peers.blocks or (peer is not None and _is_selected(cluster, rule, peer)):
        return ()
    ways: list[tuple[Lack, ...]] = []
    if peer is not None:
        ways = [tuple(_selection_lacks(cluster, s, peer)) for s in sorted(peers.selections, key=str)]
    if peers.blocks or not ways:
        what = "in its ipBlocks" if peers.blocks else "a pod, and the rule means pods"
        ways.append((Lack(f"{point_to_text(approach.remote)} is not {what}"),))
    return min(ways, key=lambda lacks: sum(_weight(lack) for lack in lacks))


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
    if requirement.operator is Operator.IN:
        return requirement.values[0]
    return "" if requirement.operator is Operator.EXISTS else None


def _missing(requirement: Requirement, value: str | None) -> str:
    match requirement.operator:
        case Operator.IN | Operator.EXISTS if value is None:
            return f"label {requirement} is missing"
        case Operator.IN:
            return f"label {requirement.key} is {value}, not {' or '.join(requirement.values)}"
        case _:
            return f"label {requirement.key}={value} is excluded"
