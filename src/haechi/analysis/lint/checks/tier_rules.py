"""Checks of what rules of tiers match, and of what only some versions and implementations accept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.checks.matches import no_match
from haechi.analysis.lint.facts import (
    DNS_PORT,
    AddressOwners,
    Review,
    WrittenTierPolicy,
    WrittenTierRule,
    pod_addresses,
)
from haechi.analysis.lint.finding import Fix
from haechi.analysis.lint.wording import name_list
from haechi.engine import ANY_POD, OrderedRule, PodSelection
from haechi.model import (
    Action,
    AdminNetworkPolicy,
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressPeer,
    ClusterPolicyKey,
    Direction,
    Edit,
    PodKey,
    Severity,
    path_text,
    refused_later,
)
from haechi.sets import TCP, UDP, AddressSet, point_to_text

_MOST = 25
"""The most items that lists of v1alpha2 have; those of v1alpha1 have up to 100."""


@check(
    "networks-cover-pods",
    Severity.WARNING,
    "A rule for networks also matches pods, and no earlier rule is about these pods.",
)
def networks_cover_pods(review: Review) -> Iterator[Diagnostic]:
    """Networks with addresses of pods, unless an earlier rule of the tier, or the rule itself, selects these pods."""
    pods = pod_addresses(review.cluster)
    for policy, rule in _egress(review):
        before = _selections_before(review, policy, rule)
        if rule.rule.action is Action.PASS or ANY_POD in before:
            continue
        for path, peer, part in rule.items():
            words = _covered_pods(review, part.peers.blocks, before, pods)
            if words and isinstance(peer, ClusterNetworkPolicyEgressPeer):
                yield Diagnostic(
                    policy.object,
                    (*path, "networks"),
                    f"{name_list(peer.networks)} includes {words}: networks match pods as well",
                    "put a Pass or Accept for pods before this rule, if they are not meant",
                )
                break


def _covered_pods(
    review: Review, blocks: AddressSet, before: Collection[PodSelection], pods: AddressOwners[PodKey]
) -> str:
    """The pods that networks match and no earlier selection does, in words; empty if there are none."""
    if blocks >= AddressSet.V4 or blocks >= AddressSet.V6:
        return "" if before else "the addresses of all pods, and no earlier rule is about pods"
    for point, key in pods.within(blocks):
        pod = review.engine.endpoint(key)
        if pod is not None and not any(review.engine.is_member(pod, one) for one in before):
            return f"{point_to_text(point)} of pod {key}"
    return ""


def _egress(review: Review) -> Iterator[tuple[WrittenTierPolicy, WrittenTierRule]]:
    for policy in review.tier_policies:
        for rule in policy.rules:
            if rule.rule.ref.direction is Direction.EGRESS:
                yield policy, rule


def _selections_before(review: Review, policy: WrittenTierPolicy, rule: WrittenTierRule) -> set[PodSelection]:
    """The pods that the rule, and those asked before it in its tier, select."""
    own, subject = policy.policy, policy.policy.subject
    rules: list[OrderedRule] = [one for one in own.egress if one.ref.index <= rule.rule.ref.index]
    for other in review.engine.tier_policies.values():
        if (
            other.tier is own.tier
            and other.priority < own.priority
            and subject is not None
            and other.subject is not None
        ):
            rules += () if subject.excludes(other.subject) else other.egress
    return {selection for one in rules for selection in one.peers.selections}


@check(
    "dns-one-protocol",
    Severity.WARNING,
    "A rule of a tier is for port 53 of one protocol, but DNS uses UDP and TCP.",
)
def dns_one_protocol(review: Review) -> Iterator[Diagnostic]:
    """TCP 53 accepted or passed without UDP, and UDP 53 denied without TCP, by all rules of a policy."""
    for policy, rule in _egress(review):
        action, ports = rule.rule.action, rule.rule.ports
        protocol, other = (UDP, TCP) if action is Action.DENY else (TCP, UDP)
        same = [one.ports for one in policy.policy.egress if one.action is action or action is not Action.DENY]
        if not _names_dns(rule, protocol) or any(one.contains(other, DNS_PORT) for one in same) or not ports:
            continue
        if action is Action.DENY:
            message, hint = "UDP 53 is denied, but not TCP 53, over which lookups work as well", "deny TCP 53 too"
        else:
            message, hint = "this is for TCP 53, but most lookups use UDP 53", "add UDP 53"
        yield Diagnostic(policy.object, rule.path, message, hint)


def _names_dns(rule: WrittenTierRule, protocol: int) -> bool:
    """Whether the rule has the port of DNS, by itself."""
    transports = [(one.udp if protocol == UDP else one.tcp) for one in rule.written.protocols or ()]
    ports = [one.destination_port for one in transports if one is not None]
    return any(port is not None and port.number == DNS_PORT for port in ports)


@check(
    "tier-selects-nothing",
    Severity.WARNING,
    "The subject or an item of a policy of a tier selects nothing in the input.",
)
def tier_selects_nothing(review: Review) -> Iterator[Diagnostic]:
    """Subjects and items with a label that is one typing error away, and those without a match in a whole cluster."""
    nodes = [node.labels for node in review.cluster.nodes]
    for policy in review.tier_policies:
        subject = policy.policy.subject
        reason = None if subject is None else no_match(review, subject, is_own=False)
        if reason is not None and (reason.is_typo or review.inventory.is_complete):
            message = f"the policy selects nothing: {reason.message}"
            yield Diagnostic(policy.object, ("spec", "subject"), message, reason.hint)
        for rule in policy.rules:
            for path, _, part in rule.items():
                for selection in part.peers.selections:
                    reason = no_match(review, selection, is_own=False)
                    if reason is not None and reason.is_typo:
                        yield Diagnostic(
                            policy.object, path, f"this item matches nothing: {reason.message}", reason.hint
                        )
                for selector in part.peers.nodes if nodes else ():
                    if not any(map(selector.matches, nodes)):
                        message = f"this item matches nothing: no node matches {selector}"
                        yield Diagnostic(policy.object, path, message)


@check(
    "refused-later",
    Severity.WARNING,
    "A value that the next version of the API refuses, or may refuse.",
)
def refused(review: Review) -> Iterator[Diagnostic]:
    """What `haechi validate` warns of."""
    for policy in review.tier_policies:
        for path, text in refused_later(policy.object):
            yield Diagnostic(policy.object, path, text.removeprefix(f"{path_text(path)}: "))


@check(
    "experimental-peer",
    Severity.NOTE,
    "nodes and domainNames are fields of the experimental channel, which not every implementation has.",
    on_request=True,
)
def experimental_peer(review: Review) -> Iterator[Diagnostic]:
    """Items of `to` with nodes or domain names."""
    for policy, rule in _egress(review):
        for path, peer, _ in rule.items():
            if isinstance(peer, ClusterNetworkPolicyEgressPeer) and (peer.nodes is not None or peer.domain_names):
                field = "domainNames" if peer.domain_names else "nodes"
                message = f"{field} is a field of the experimental channel: the standard definition drops it"
                yield Diagnostic(policy.object, (*path, field), message, "check that your implementation supports it")


# -- v1alpha1 ----------------------------------------------------------------------------------------------------------


@check(
    "old-api-version",
    Severity.NOTE,
    "An AdminNetworkPolicy or BaselineAdminNetworkPolicy: later versions of the API have ClusterNetworkPolicy instead.",
    on_request=True,
)
def old_api_version(review: Review) -> Iterator[Diagnostic]:
    """Policies of v1alpha1, with the edits that make them v1alpha2 where these are exact."""
    for policy in review.tier_policies:
        if not isinstance(policy.object, ClusterNetworkPolicy):
            is_admin = isinstance(policy.object, AdminNetworkPolicy)
            hint = "priority 1000 is the last of the Baseline tier, if no other policy has it"
            yield Diagnostic(
                policy.object,
                (),
                f"{policy.object.kind} is {policy.object.api_version}, which ClusterNetworkPolicy of "
                f"{ClusterNetworkPolicy.api_version} replaces",
                "convert it where the implementation has v1alpha2" if is_admin else hint,
                Fix("convert it", _conversion(policy)) if _is_exact(review, policy) else None,
            )


def _is_exact(review: Review, policy: WrittenTierPolicy) -> bool:
    """Whether v1alpha2 can say the same. A BaselineAdminNetworkPolicy comes after every priority, which it cannot."""
    place = review.cluster.places.get(policy.policy.key)
    lists = [policy.spec.ingress, policy.spec.egress, *_lists(policy)]
    return (
        isinstance(policy.object, AdminNetworkPolicy)
        and not policy.policy.defects
        and not (place is not None and place.problems)
        and 0 <= policy.policy.priority <= 1000
        and all(len(one) <= _MOST for one in lists)
        and not any(_has_empty_ports(review, policy, one) for one in policy.rules)
        and ClusterPolicyKey(ClusterNetworkPolicy.kind, policy.object.name) not in review.cluster.tier_policies
    )


def _lists(policy: WrittenTierPolicy) -> Iterator[tuple[object, ...]]:
    for one in policy.rules:
        yield from (one.written.peers, one.written.protocols or ())


def _has_empty_ports(review: Review, policy: WrittenTierPolicy, rule: WrittenTierRule) -> bool:
    """Whether it has a list of ports without any, which no definition accepts."""
    return not rule.written.protocols and review.is_written(policy.object, (*rule.path, "ports"))


def _conversion(policy: WrittenTierPolicy) -> tuple[Edit, ...]:
    edits = [
        Edit(("apiVersion",), ClusterNetworkPolicy.api_version),
        Edit(("kind",), ClusterNetworkPolicy.kind),
        Edit(("spec", "tier"), policy.spec.tier),
    ]
    for one in policy.rules:
        if one.rule.action is Action.ACCEPT:
            edits.append(Edit((*one.path, "action"), one.written.action))
        if one.written.protocols:
            edits.append(Edit((*one.path, "ports")))
            data = msgspec.json.decode(msgspec.json.encode(one.written.protocols))
            edits.append(Edit((*one.path, "protocols"), [*map(_single, data)]))
    return tuple(edits)


def _single(entry: Mapping[str, object]) -> Mapping[str, object]:
    """An entry with a range of one port as that port, since a range must have two."""
    for name, transport in entry.items():
        match transport:
            case {"destinationPort": {"range": {"start": start, "end": end}}} if start == end:
                return {name: {"destinationPort": {"number": start}}}
    return entry


CHECKS: tuple[Check, ...] = (
    networks_cover_pods,
    dns_one_protocol,
    tier_selects_nothing,
    refused,
    experimental_peer,
    old_api_version,
)
