"""One rule against one packet: whether it allows the packet, and if not, what does not match.

A rule allows a packet here exactly if the engine's verdict can rest on it (tested against both). Every mismatch that
can be described is reported, with the label change that would fix it if there is one; with the rule come those of its
peers and ports that match the packet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster
from haechi.analysis.why.changes import LabelChange
from haechi.analysis.why.items import Item, peer_items, port_items
from haechi.engine import Endpoint, Peers, PodSelection, Policy, PolicyRule, includes, rule_ports
from haechi.model import NAME_LABEL, Direction, Location, PodKey, PolicyKey, RuleRef
from haechi.select import Requirement, Selector, SelectorOperator
from haechi.sets import PROTOCOL_NAMES, point_to_text, protocol_text


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that keeps a rule from allowing a packet; `fix` is the label change that would remove it, if any."""

    words: str
    fix: LabelChange | None = None


@dataclass(frozen=True, slots=True)
class ItemRef:
    """An item of a rule's `from`, `to` or `ports`; `path` is such as `spec.ingress[0].from[1]`."""

    path: str
    location: Location | None


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """How a rule matches a packet.

    Attributes:
        rule: which rule, with its location.
        mismatches: what does not match; empty if the rule allows the packet.
        peers: the items of `from` or `to` that match the other end; of a rule that allows the packet, those that alone
            would suffice. Empty if the rule matches everyone.
        ports: the items of `ports` that match the packet; empty if the rule matches every port.
        nearest_peer: where no peer matches the other end, the one with the fewest mismatches.
    """

    rule: RuleRef
    mismatches: tuple[Mismatch, ...] = ()
    peers: tuple[ItemRef, ...] = ()
    ports: tuple[ItemRef, ...] = ()
    nearest_peer: ItemRef | None = None

    @property
    def allows(self) -> bool:
        """Whether the rule allows the packet."""
        return not self.mismatches


@dataclass(frozen=True, slots=True)
class Viewpoint:
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


def rule_answers(cluster: Cluster, policy: Policy, viewpoint: Viewpoint) -> Iterator[RuleAnswer]:
    """How each readable rule of a policy matches a packet."""
    written = cluster.policies[policy.key]
    for ref, rule in policy.referenced(viewpoint.direction):
        on = _port_mismatches(cluster, rule, viewpoint)
        items = peer_items(written, ref)
        peers = [item for item in items if includes(cluster.engine, item.rule.peers, viewpoint.remote, viewpoint.peer)]
        mismatches: tuple[Mismatch, ...] = ()
        nearest: Item | None = None
        if items and not peers:
            mismatches, nearest = _nearest(cluster, items, viewpoint)
        elif not on:
            peers = [item for item in peers if _has_port(cluster, item.rule, viewpoint)]
        ports = port_items(written, ref)
        yield RuleAnswer(
            cluster.located(ref),
            (*on, *mismatches),
            tuple(_part(cluster, policy.key, item) for item in peers),
            tuple(_part(cluster, policy.key, item) for item in ports if _has_port(cluster, item.rule, viewpoint)),
            None if nearest is None else _part(cluster, policy.key, nearest),
        )


def _part(cluster: Cluster, policy: PolicyKey, item: Item) -> ItemRef:
    return ItemRef(item.path, cluster.location(policy, item.path))


def _port_mismatches(cluster: Cluster, rule: PolicyRule, viewpoint: Viewpoint) -> tuple[Mismatch, ...]:
    if _has_port(cluster, rule, viewpoint):
        return ()
    on = f"port {viewpoint.port}/{protocol_text(viewpoint.protocol)}"
    if viewpoint.protocol not in PROTOCOL_NAMES:
        on = protocol_text(viewpoint.protocol)
    return (Mismatch(f"{on} is not among its ports"),)


def _has_port(cluster: Cluster, rule: PolicyRule, viewpoint: Viewpoint) -> bool:
    ports = rule_ports(cluster.engine, rule, viewpoint.direction, viewpoint.subject, viewpoint.remote, viewpoint.peer)
    return ports.contains(viewpoint.protocol, viewpoint.port)


def _nearest(cluster: Cluster, items: tuple[Item, ...], viewpoint: Viewpoint) -> tuple[tuple[Mismatch, ...], Item]:
    """The nearest of some peers, none of which matches the remote end, and what does not match."""
    peer = viewpoint.peer
    candidates: list[tuple[tuple[Mismatch, ...], Item]] = []
    if peer is not None:
        selecting = [(selection, item) for item in items for selection in item.rule.peers.selections]
        for selection, item in sorted(selecting, key=lambda pair: str(pair[0])):
            candidates.append((tuple(_selection_mismatches(cluster, selection, peer)), item))
    blocks = [item for item in items if item.rule.peers.blocks]
    if blocks or not candidates:
        around = [item for item in blocks if viewpoint.remote in item.rule.peers.blocks]
        what = "not in its ipBlocks" if blocks else "not a pod, and the rule matches pods"
        what = "a pod's address, which ipBlocks never match here" if around else what
        mismatch = Mismatch(f"{point_to_text(viewpoint.remote)} is {what}")
        candidates.append(((mismatch,), (around or blocks or list(items))[0]))
    return min(candidates, key=lambda candidate: sum(_weight(mismatch) for mismatch in candidate[0]))


def _weight(mismatch: Mismatch) -> int:
    """How far a fix reaches: the label of one pod is nearer than one of all pods of a namespace."""
    if mismatch.fix is None:
        return 4
    return 2 if mismatch.fix.kind == "Pod" else 3


def _selection_mismatches(cluster: Cluster, selection: PodSelection, peer: Endpoint) -> Iterator[Mismatch]:
    scope = selection.namespaces
    name = peer.key.namespace
    if isinstance(scope, str):
        if scope != name:
            yield Mismatch(f"{peer.key} is not in namespace {scope}")
    else:
        declared = next((one.labels for one in cluster.namespaces if one.name == name), {})
        labels = {**declared, NAME_LABEL: name}
        for requirement in _unmet(scope, labels):
            change = LabelChange("Namespace", PodKey("", name), requirement.key, _meeting(requirement))
            fix = None if requirement.key == NAME_LABEL else change
            yield Mismatch(f"namespace {name}: {_missing(requirement, labels.get(requirement.key))}", fix)
    for requirement in _unmet(selection.pods, peer.labels):
        change = LabelChange("Pod", peer.key, requirement.key, _meeting(requirement))
        yield Mismatch(f"pod {peer.key}: {_missing(requirement, peer.labels.get(requirement.key))}", change)
    if (isinstance(scope, Selector) and scope.contradictory) or selection.pods.contradictory:
        yield Mismatch("its selector contradicts itself and matches nothing")


def label_fixes(cluster: Cluster, peers: Peers, viewpoint: Viewpoint) -> Iterator[LabelChange]:
    """The labels by which some peers would mean the other end, if it is a pod."""
    if viewpoint.peer is not None:
        for selection in sorted(peers.selections, key=str):
            found = (one.fix for one in _selection_mismatches(cluster, selection, viewpoint.peer))
            yield from (fix for fix in found if fix is not None)


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
