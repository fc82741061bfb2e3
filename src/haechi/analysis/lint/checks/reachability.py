"""Checks of what policies do together: what other policies undo, and what none restricts."""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.cluster import Owner
from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.checks.ports import MistakenPort, mistaken_ports
from haechi.analysis.lint.facts import Denial, PeerPolicies, Review, WrittenPolicy
from haechi.analysis.lint.wording import name_list, rule_name
from haechi.engine import ANY_POD, PolicyRule, PolicySet, TierSet
from haechi.model import Action, Direction, Path, Pod, Resource, Severity, Workload
from haechi.select import EVERYTHING
from haechi.sets import AddressSet, PortSet

_PEERS = {Direction.INGRESS: "from everyone", Direction.EGRESS: "to everyone"}


@check(
    "one-sided-allow",
    Severity.WARNING,
    "The policies of the other pods deny all of this, so it has no effect: both ends must allow a connection.",
)
def one_sided_allow(review: Review) -> Iterator[Diagnostic]:
    """Items of which the other end denies everything."""
    peer_policies = PeerPolicies(review.cluster, review.reach)
    mistaken = review.shared(mistaken_ports)
    mistaken_rules = {one.rule.ref for one in mistaken}
    for policy in review.policies:
        for rule, read in policy.effective:
            if rule.ref in mistaken_rules:
                continue
            for peer in rule.peers:
                if peer.selection is None:
                    continue
                denial = peer_policies.denial(policy.policy.subject, rule.direction, peer.selection, read)
                if denial is not None and not any(_is_meant(one, read, denial) for one in mistaken):
                    yield _denied(policy, peer.path, denial)


def _is_meant(mistaken: MistakenPort, read: PolicyRule, denial: Denial) -> bool:
    """Whether the other end has the port of a Service where it means one of a rule: that is the mistake."""
    if mistaken.rule.direction is not denial.direction or mistaken.policy.key not in denial.policies:
        return False
    return bool(read.names) or any(read.ports.contains(one.protocol, one.target_port) for one in mistaken.meant)


def _denied(policy: WrittenPolicy, path: Path, denial: Denial) -> Diagnostic:
    pods = name_list(map(str, denial.workloads))
    names = [*map(str, denial.policies), *map(rule_name, denial.rules)]
    policies = name_list(names)
    direction = denial.direction.lower()
    allows = "allows" if len(names) == 1 else "allow"
    return Diagnostic(
        policy.object,
        path,
        f"this has no effect: {policies} {allows} none of it as {direction} of {pods}",
        "accept it before, or delete the item"
        if denial.rules
        else f"allow it as their {direction} too, or delete the item",
    )


@check(
    "default-deny-undone",
    Severity.WARNING,
    "The policy denies a direction for the whole namespace, but another one allows everything.",
)
def default_deny_undone(review: Review) -> Iterator[Diagnostic]:
    """Default-deny policies beside policies that allow everything."""
    allowing: dict[tuple[str, Direction], list[WrittenPolicy]] = {}
    for policy in review.policies:
        for direction in _allowed(policy):
            allowing.setdefault((policy.key.namespace, direction), []).append(policy)
    for policy in review.policies:
        for direction in _default_denied(review, policy):
            others = allowing.get((policy.key.namespace, direction))
            if others:
                names = name_list(str(one.key) for one in others)
                allows = "allows" if len(others) == 1 else "allow"
                yield Diagnostic(
                    policy.object,
                    _type_path(policy, direction),
                    f"denying {direction.lower()} has no effect, because {names} {allows} everything "
                    f"{_PEERS[direction]} for the same pods: policies add up",
                    "delete one of them",
                )


def _is_of_all(policy: WrittenPolicy) -> bool:
    return policy.policy.subject.pods == EVERYTHING and not policy.policy.defects


def _allowed(policy: WrittenPolicy) -> Iterator[Direction]:
    """Directions in which a policy allows everything for all pods in its namespace."""
    for direction in Direction:
        rules = policy.policy.rules(direction) if _is_of_all(policy) else ()
        if any(rule.peers.anywhere and rule.ports == PortSet.ALL for rule in rules):
            yield direction


def _default_denied(review: Review, policy: WrittenPolicy) -> Iterator[Direction]:
    """Directions in which a policy isolates all pods in its namespace and allows nothing."""
    place = review.cluster.places.get(policy.key)
    if _is_of_all(policy) and not (place is not None and place.problems):
        for direction in Direction:
            if direction in policy.policy.directions and not policy.policy.rules(direction):
                yield direction


def _type_path(policy: WrittenPolicy, direction: Direction) -> Path:
    types = policy.object.spec.policy_types
    return ("spec", "policyTypes", types.index(direction)) if direction in types else ("spec",)


@check(
    "unprotected-workload",
    Severity.NOTE,
    "No policy isolates the workload, or only in one direction, and no tier denies what is not accepted.",
    on_request=True,
)
def unprotected_workload(review: Review) -> Iterator[Diagnostic]:
    """Workloads with pods that no policy isolates and to which no tier gives a default deny."""
    unisolated: dict[Owner, dict[Direction, int]] = {}
    pods: dict[Owner, list[Pod]] = {}
    for one in review.reach.classes:
        missing = [direction for direction in Direction if not any(map(_denies, one.stages(direction)))]
        for key in one.members:
            owner = review.cluster.owners[key]
            pods.setdefault(owner, []).append(review.cluster.pods[key])
            for direction in missing:
                counts = unisolated.setdefault(owner, {})
                counts[direction] = counts.get(direction, 0) + 1
    given = {_name(one): one for one in review.objects if isinstance(one, Pod | Workload)}
    for owner, counts in unisolated.items():
        where = given.get(owner) or given.get(_name(pods[owner][0]))
        if where is not None:
            total = len(pods[owner])
            words = [_unisolated(direction, counts[direction], total) for direction in Direction if direction in counts]
            yield Diagnostic(
                where, (), f"no policy isolates {owner} for {' and '.join(words)}", "add a default-deny policy"
            )


def _denies(stage: PolicySet | TierSet) -> bool:
    """Whether it denies on every port what it does not accept: all pods, or all addresses of a family."""
    if isinstance(stage, PolicySet):
        return True
    denied = [entry.peers for entry in stage.everywhere if entry.action is Action.DENY]
    return any(
        one.anywhere or ANY_POD in one.selections or one.blocks >= AddressSet.V4 or one.blocks >= AddressSet.V6
        for one in denied
    )


def _name(one: Resource) -> Owner:
    return Owner(one.namespace, one.name, one.kind)


def _unisolated(direction: Direction, count: int, total: int) -> str:
    return direction.lower() + (f" ({count} of {total} pods)" if count < total else "")


CHECKS: tuple[Check, ...] = (one_sided_allow, default_deny_undone, unprotected_workload)
