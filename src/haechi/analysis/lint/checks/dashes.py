"""Checks of dashes: one too many makes two items of one, and a policy that allows more than was meant.

Promises to speak only where the shape is that of the mistake and the pods, if the input has any, do not speak against
it. Whoever means both items says so with two rules; whoever means both rules, with two policies.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pyroaring import BitMap

from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import Review, WrittenPeer, WrittenPolicy, WrittenPort, WrittenRule
from haechi.analysis.lint.finding import Severity
from haechi.analysis.lint.wording import several
from haechi.engine import NamedPort, PodSelection
from haechi.model import Direction
from haechi.select import EVERYTHING, Selector

_DNS = frozenset({53, 5353})
_OUTSIDE = _DNS | {80, 123, 443}  # what pods use outside the cluster, wherever that is


@check(
    "dash-trap",
    Severity.WARNING,
    "namespaceSelector and podSelector are two items, either of which is enough; most likely both were meant.",
)
def dash_trap(review: Review) -> Iterator[Found]:
    """Neighbours in from or to, one with a namespaceSelector alone and one with a podSelector alone."""
    has_pods = bool(review.population.within(EVERYTHING))
    for policy in review.policies:
        for rule, _ in policy.effective:
            last = -1
            for place, (one, other) in enumerate(pairwise(rule.peers)):
                if place == last:  # an item of the pair before
                    continue
                pair = _namespaces_and_pods(review, one, other)
                if pair is None:
                    continue
                is_in_order = one.written.namespace_selector is not None
                if has_pods:
                    only = _only_by_the_dash(review, policy, pair, is_in_order)
                else:
                    only = _by_shape(rule, pair[0], is_in_order)
                if only is not None:
                    last = place + 1
                    yield _trap(review, policy, other, pair, only)


def _by_shape(rule: WrittenRule, namespaces: Selector, is_in_order: bool) -> BitMap | None:
    """Nobody, if a list looks like the mistake by itself; None if it does not.

    Both selectors of one item are written as namespaceSelector, then podSelector. The other way round people list
    alternatives, unless the namespaces are all there are.
    """
    return BitMap() if len(rule.peers) == 2 and (is_in_order or namespaces == EVERYTHING) else None


def _trap(
    review: Review, policy: WrittenPolicy, second: WrittenPeer, pair: tuple[Selector, Selector], only: BitMap
) -> Found:
    namespaces, pods = pair
    whose = "any namespace" if namespaces == EVERYTHING else f"namespaces with {namespaces}"
    names = several(str(owner) for owner, _ in review.population.workloads_of(only))
    more = f"; only because of the dash: {names}" if only else ""
    return Found(
        policy.object,
        second.path,
        f"these two items mean all pods of {whose}, or pods of {policy.key.namespace} with {pods}{more}",
        "without the second dash both must match; if either is enough, write two rules",
    )


def _namespaces_and_pods(review: Review, one: WrittenPeer, other: WrittenPeer) -> tuple[Selector, Selector] | None:
    """The selectors of a pair of items, of namespaces and (not all) pods; None if it is no such pair."""
    for first, second in ((one.written, other.written), (other.written, one.written)):
        if first.namespace_selector is None or first.pod_selector is not None:
            continue
        if second.pod_selector is None or second.namespace_selector is not None:
            continue
        namespaces, pods = review.selector(first.namespace_selector), review.selector(second.pod_selector)
        if namespaces is not None and pods is not None and pods != EVERYTHING:
            return None if namespaces.contradictory or pods.contradictory else (namespaces, pods)
    return None


def _only_by_the_dash(
    review: Review, policy: WrittenPolicy, pair: tuple[Selector, Selector], is_in_order: bool
) -> BitMap | None:
    """The pods that are meant only if either is enough; None if the pods do not speak for a mistake."""
    (namespaces, pods), own, population = pair, policy.key.namespace, review.population
    by_namespace = review.pods(PodSelection.of(namespaces, EVERYTHING))
    by_label = review.pods(PodSelection(own, pods))
    both = review.pods(PodSelection.of(namespaces, pods))
    if not (by_namespace or by_label):  # the namespaces are not shown, and here the labels mean nobody
        is_shown = bool(population.within(own)) and population.shows_others(policy.policy.subject)
        return BitMap() if is_shown and is_in_order else None
    only = (by_namespace | by_label) - both if both else BitMap()
    if only:
        return only
    is_useless = not by_label and population.shows_others(policy.policy.subject)  # only there somebody has the labels
    return BitMap() if both and is_useless else None


@check(
    "split-rule",
    Severity.WARNING,
    "One rule has only peers and its neighbour only ports; most likely they were meant as one rule.",
)
def split_rule(review: Review) -> Iterator[Found]:
    """Neighbours among rules, of which one allows some on every port and the other everyone on some ports."""
    for policy in review.policies:
        effective = [rule for rule, _ in policy.effective]
        for direction in Direction:
            rules = [rule for rule in effective if rule.direction is direction]
            if any(rule.peers and rule.ports for rule in rules):  # whoever wrote that knows how
                continue
            last = -1
            for place, (one, other) in enumerate(pairwise(rules)):
                peers, ports = (one, other) if one.peers else (other, one)
                is_pair = bool(peers.peers and not peers.ports and ports.ports and not ports.peers)
                if place != last and is_pair and _is_split(review, policy, peers, ports):
                    last = place + 1
                    yield _split(policy, direction, other, ports)


def _split(policy: WrittenPolicy, direction: Direction, second: WrittenRule, ports: WrittenRule) -> Found:
    word, everyone = ("from", "everyone") if direction is Direction.INGRESS else ("to", "everything")
    return Found(
        policy.object,
        second.path,
        f"{word} and ports are two rules: the one allows its peers on every port, the other allows {everyone} on "
        f"{several(map(_text, ports.ports))}",
        f"write {word} and ports under one dash; if both rules are meant, write two policies",
    )


def _text(port: WrittenPort) -> str:
    written = port.written
    number = "every port" if written.port is None else str(written.port)
    last = "" if written.end_port is None else f"-{written.end_port}"
    return f"{written.protocol or 'TCP'} {number}{last}"


def _is_split(review: Review, policy: WrittenPolicy, peers: WrittenRule, ports: WrittenRule) -> bool:
    """Whether the rule for peers would need no more than the ports of the other one."""
    if all(_is_wide(peer, policy.key.namespace) for peer in peers.peers):
        return False
    numbers = {port.written.port for port in ports.ports}
    if numbers <= _DNS:
        return False
    exposed = _exposed(review, policy, peers)
    if not exposed:
        return peers.direction is Direction.INGRESS or not numbers <= _OUTSIDE
    return all(_is_open(ports, port) for port in exposed)


def _is_wide(peer: WrittenPeer, namespace: str) -> bool:
    """Whether an item means all pods of the policy's namespace, or of all of them: those may well have every port."""
    found = peer.selection
    return found is not None and found.pods == EVERYTHING and found.namespaces in (EVERYTHING, namespace)


def _exposed(review: Review, policy: WrittenPolicy, peers: WrittenRule) -> set[NamedPort]:
    """The ports that containers of the servers list."""
    ingress = peers.direction is Direction.INGRESS
    selections = [policy.policy.subject] if ingress else [one.selection for one in peers.peers if one.selection]
    return {port for server in review.servers.of(selections) for port in server.listed}


def _is_open(rule: WrittenRule, port: NamedPort) -> bool:
    """Whether a rule names a port, by number or by name."""
    return any(
        (one.ports is not None and one.ports.contains(port.protocol, port.number))
        or (port.protocol, port.name) in one.names
        for one in rule.ports
    )


CHECKS: tuple[Check, ...] = (dash_trap, split_rule)
