"""Checks of what policies do together: what others undo, and what stands open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from haechi.analysis.cluster import Owner
from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import Ends, Refusal, Review, WrittenPolicy
from haechi.analysis.lint.finding import Severity
from haechi.analysis.lint.wording import several
from haechi.model import Direction, Path, Pod, Resource, Workload
from haechi.select import EVERYTHING
from haechi.sets import AddressSet, PortSet, text_to_point

_WORKLOADS = get_args(Workload)
_METADATA = "169.254.169.254"
_HOSTS = 65_536  # addresses of a block that means certain hosts
_TOWARDS = {Direction.INGRESS: "from everyone", Direction.EGRESS: "to everyone"}


@check(
    "one-sided-allow",
    Severity.WARNING,
    "The policies of the other pods allow nothing of this, so it has no effect: both ends must allow a connection.",
)
def one_sided_allow(review: Review) -> Iterator[Found]:
    """Items whose other ends refuse all of it."""
    ends = Ends(review.cluster, review.reach)
    for policy in review.policies:
        for rule, meaning in policy.effective:
            for peer in rule.peers:
                if peer.selection is None:
                    continue
                refusal = ends.refusal(policy.policy.subject, rule.direction, peer.selection, meaning)
                if refusal is not None:
                    yield _refused(policy, peer.path, refusal)


def _refused(policy: WrittenPolicy, path: Path, refusal: Refusal) -> Found:
    pods = several(map(str, refusal.workloads))
    policies = several(map(str, refusal.policies))
    direction = refusal.direction.lower()
    allows = "allows" if len(refusal.policies) == 1 else "allow"
    return Found(
        policy.object,
        path,
        f"this has no effect: for the {direction} of {pods}, {policies} {allows} nothing of it",
        f"allow it in their {direction} too, or delete the item",
    )


@check(
    "default-deny-undone",
    Severity.WARNING,
    "The policy denies a direction for the whole namespace, and another one allows everything there.",
)
def default_deny_undone(review: Review) -> Iterator[Found]:
    """Denials without effect."""
    opening: dict[tuple[str, Direction], list[WrittenPolicy]] = {}
    for policy in review.policies:
        for direction in _opened(policy):
            opening.setdefault((policy.key.namespace, direction), []).append(policy)
    for policy in review.policies:
        for direction in _denied(review, policy):
            others = opening.get((policy.key.namespace, direction))
            if others:
                names = several(str(one.key) for one in others)
                allows = "allows" if len(others) == 1 else "allow"
                yield Found(
                    policy.object,
                    _type_path(policy, direction),
                    f"the denial of {direction} has no effect, as {names} {allows} everything {_TOWARDS[direction]} "
                    "for the same pods: policies add up",
                    "delete one of them",
                )


def _is_of_all(policy: WrittenPolicy) -> bool:
    return policy.policy.subject.pods == EVERYTHING and not policy.policy.defects


def _opened(policy: WrittenPolicy) -> Iterator[Direction]:
    """Directions in which a policy allows everything for all pods of its namespace."""
    for direction in Direction:
        rules = policy.policy.rules(direction) if _is_of_all(policy) else ()
        if any(rule.peers.anywhere and rule.ports == PortSet.ALL for rule in rules):
            yield direction


def _denied(review: Review, policy: WrittenPolicy) -> Iterator[Direction]:
    """Directions in which a policy denies everything for all pods of its namespace."""
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
    "No policy isolates the workload, or only in one direction.",
    on_request=True,
)
def unprotected_workload(review: Review) -> Iterator[Found]:
    """Workloads with pods that stand open."""
    open_pods: dict[Owner, dict[Direction, int]] = {}
    pods: dict[Owner, list[Pod]] = {}
    for one in review.reach.classes:
        missing = [d for d, policies in zip(Direction, (one.ingress, one.egress), strict=True) if policies is None]
        for key in one.members:
            owner = review.cluster.owners[key]
            pods.setdefault(owner, []).append(review.cluster.pods[key])
            for direction in missing:
                counts = open_pods.setdefault(owner, {})
                counts[direction] = counts.get(direction, 0) + 1
    given = {_name(one): one for one in review.objects if isinstance(one, (Pod, *_WORKLOADS))}
    for owner, counts in open_pods.items():
        where = given.get(owner) or given.get(_name(pods[owner][0]))
        if where is not None:
            total = len(pods[owner])
            words = [_open(direction, counts[direction], total) for direction in Direction if direction in counts]
            yield Found(where, (), f"no policy isolates {owner} for {' and '.join(words)}", "add a default denial")


def _name(one: Resource) -> Owner:
    return Owner(one.namespace, one.name, one.kind)


def _open(direction: Direction, count: int, total: int) -> str:
    return direction.lower() + (f" ({count} of {total} pods)" if count < total else "")


@check(
    "metadata-service",
    Severity.NOTE,
    "The ipBlock holds 169.254.169.254, where clouds hand out credentials.",
    on_request=True,
)
def metadata_service(review: Review) -> Iterator[Found]:
    """Wide blocks of egress rules that let pods ask for the credentials of their node."""
    point = text_to_point(_METADATA)
    for policy in review.policies:
        for rule, meaning in policy.effective:
            if rule.direction is Direction.INGRESS or meaning.ports.isdisjoint(PortSet.tcp(80)):
                continue
            for peer in rule.peers:
                blocks = peer.peers.blocks if peer.peers is not None else AddressSet.NONE
                if point in blocks and blocks.size > _HOSTS and peer.written.ip_block is not None:
                    yield Found(
                        policy.object,
                        (*peer.path, "ipBlock"),
                        f"{peer.written.ip_block.cidr} holds {_METADATA}, where clouds hand out credentials",
                        f"add {_METADATA}/32 to except",
                    )


CHECKS: tuple[Check, ...] = (one_sided_allow, default_deny_undone, unprotected_workload, metadata_service)
