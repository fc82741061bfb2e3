"""Checks of dashes: one too many splits an item in two, and the policy allows more than was meant.

    - namespaceSelector: ...         - namespaceSelector: ...
    - podSelector: ...                 podSelector: ...
    either is enough                 both must match

They report only what has the shape of the mistake, and only if the pods of the input, if there are any, do not
contradict it. Two items that are intended can be written as two rules, two rules as two policies.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pyroaring import BitMap

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import Review, WrittenPeer, WrittenPolicy, WrittenPort, WrittenRule
from haechi.analysis.lint.wording import name_list
from haechi.engine import NamedPort, PodSelection
from haechi.model import Direction, Severity
from haechi.select import EVERYTHING, Selector

_DNS = frozenset({53, 5353})
_OUTSIDE = _DNS | {80, 123, 443}  # what pods commonly use outside the cluster


@check(
    "dash-trap",
    Severity.WARNING,
    "namespaceSelector and podSelector are two items, either of which is enough; most likely both should match.",
)
def dash_trap(review: Review) -> Iterator[Diagnostic]:
    """Adjacent items of from or to, one with only a namespaceSelector and one with only a podSelector."""
    has_pods = bool(review.inventory.pods_in(EVERYTHING))
    for policy in review.policies:
        for rule, _ in policy.effective:
            last = -1
            for place, (one, other) in enumerate(pairwise(rule.peers)):
                if place == last:  # the first item belongs to the previous pair
                    continue
                pair = _namespaces_and_pods(review, one, other)
                if pair is None:
                    continue
                is_in_order = one.written.namespace_selector is not None
                if has_pods:
                    extra = _extra_pods(review, policy, pair, is_in_order)
                else:
                    extra = _by_shape(rule, pair[0], is_in_order)
                if extra is not None:
                    last = place + 1
                    yield _trap(review, policy, other, pair, extra)


def _by_shape(rule: WrittenRule, namespaces: Selector, is_in_order: bool) -> BitMap | None:
    """No pods, if a list has the shape of the mistake; None if it does not.

    Both selectors of one item are usually written as namespaceSelector, then podSelector. In reverse order they are
    more likely alternatives, unless the first one selects all namespaces.
    """
    return BitMap() if len(rule.peers) == 2 and (is_in_order or namespaces == EVERYTHING) else None


def _trap(
    review: Review, policy: WrittenPolicy, second: WrittenPeer, pair: tuple[Selector, Selector], extra: BitMap
) -> Diagnostic:
    namespaces, pods = pair
    where = "any namespace" if namespaces == EVERYTHING else f"namespaces with {namespaces}"
    names = name_list(str(owner) for owner, _ in review.inventory.workloads_of(extra))
    more = f"; only the dash allows {names}" if extra else ""
    return Diagnostic(
        policy.object,
        second.path,
        f"these two items allow all pods in {where}, or pods in {policy.key.namespace} with {pods}{more}",
        "without the second dash both must match; if either is enough, write two rules",
    )


def _namespaces_and_pods(review: Review, one: WrittenPeer, other: WrittenPeer) -> tuple[Selector, Selector] | None:
    """The selectors of a pair of items, of namespaces and of some pods; None if it is no such pair."""
    for first, second in ((one.written, other.written), (other.written, one.written)):
        if first.namespace_selector is None or first.pod_selector is not None:
            continue
        if second.pod_selector is None or second.namespace_selector is not None:
            continue
        namespaces, pods = review.selector(first.namespace_selector), review.selector(second.pod_selector)
        if namespaces is not None and pods is not None and pods != EVERYTHING:
            return None if namespaces.contradictory or pods.contradictory else (namespaces, pods)
    return None


def _extra_pods(
    review: Review, policy: WrittenPolicy, pair: tuple[Selector, Selector], is_in_order: bool
) -> BitMap | None:
    """The pods that are allowed only because either item is enough; None if the pods suggest no mistake."""
    (namespaces, pods), own, inventory = pair, policy.key.namespace, review.inventory
    by_namespace = review.pods(PodSelection.of(namespaces, EVERYTHING))
    by_label = review.pods(PodSelection(own, pods))
    both = review.pods(PodSelection.of(namespaces, pods))
    if not (by_namespace or by_label):  # the input lacks these namespaces, and no pod here has the labels
        is_shown = bool(inventory.pods_in(own)) and inventory.has_other_pods(policy.policy.subject)
        return BitMap() if is_shown and is_in_order else None
    extra = (by_namespace | by_label) - both if both else BitMap()
    if extra:
        return extra
    is_useless = not by_label and inventory.has_other_pods(policy.policy.subject)  # only pods there have the labels
    return BitMap() if both and is_useless else None


@check(
    "split-rule",
    Severity.WARNING,
    "Of two adjacent rules one has only peers and the other only ports; most likely they should be one rule.",
)
def split_rule(review: Review) -> Iterator[Diagnostic]:
    """Adjacent rules, of which one allows some peers on every port and the other everyone on some ports."""
    for policy in review.policies:
        effective = [rule for rule, _ in policy.effective]
        for direction in Direction:
            rules = [rule for rule in effective if rule.direction is direction]
            if any(rule.peers and rule.ports for rule in rules):  # so its author knows how
                continue
            last = -1
            for place, (one, other) in enumerate(pairwise(rules)):
                peers, ports = (one, other) if one.peers else (other, one)
                is_pair = bool(peers.peers and not peers.ports and ports.ports and not ports.peers)
                if place != last and is_pair and _is_split(review, policy, peers, ports):
                    last = place + 1
                    yield _split(policy, direction, other, ports)


def _split(policy: WrittenPolicy, direction: Direction, second: WrittenRule, ports: WrittenRule) -> Diagnostic:
    word, everyone = ("from", "everyone") if direction is Direction.INGRESS else ("to", "everything")
    return Diagnostic(
        policy.object,
        second.path,
        f"{word} and ports are two rules: one allows its peers on every port, the other allows {everyone} on "
        f"{name_list(map(_text, ports.ports))}",
        f"write {word} and ports under one dash; if both rules are intended, write two policies",
    )


def _text(port: WrittenPort) -> str:
    written = port.written
    number = "every port" if written.port is None else str(written.port)
    last = "" if written.end_port is None else f"-{written.end_port}"
    return f"{written.protocol or 'TCP'} {number}{last}"


def _is_split(review: Review, policy: WrittenPolicy, peers: WrittenRule, ports: WrittenRule) -> bool:
    """Whether the peers need only the ports of the other rule."""
    if all(_is_wide(peer, policy.key.namespace) for peer in peers.peers):
        return False
    numbers = {port.written.port for port in ports.ports}
    if numbers <= _DNS:
        return False
    listed = _listed(review, policy, peers)
    if not listed:
        return peers.direction is Direction.INGRESS or not numbers <= _OUTSIDE
    return all(_has_port(ports, port) for port in listed)


def _is_wide(peer: WrittenPeer, namespace: str) -> bool:
    """Whether an item selects all pods in the policy's namespace, or in all: every port may be intended for them."""
    found = peer.selection
    return found is not None and found.pods == EVERYTHING and found.namespaces in (EVERYTHING, namespace)


def _listed(review: Review, policy: WrittenPolicy, peers: WrittenRule) -> set[NamedPort]:
    """The ports that the containers of the destination pods list."""
    ingress = peers.direction is Direction.INGRESS
    selections = [policy.policy.subject] if ingress else [one.selection for one in peers.peers if one.selection]
    return {port for server in review.servers.of(selections) for port in server.listed}


def _has_port(rule: WrittenRule, port: NamedPort) -> bool:
    """Whether a rule has a port, by number or by name."""
    return any(
        (one.ports is not None and one.ports.contains(port.protocol, port.number))
        or (port.protocol, port.name) in one.names
        for one in rule.ports
    )


CHECKS: tuple[Check, ...] = (dash_trap, split_rule)
