"""`diff` for pods that need not exist: what may newly reach a workload or be reached by it, and what no longer may.

Connections compare the pods of today. A policy that opens a database to every namespace changes none of them as long as
the pods in question are not in the input; so exposures are compared as well, for each selection of pods that policies
name in either cluster, and for policies whose own pods are not there:

    before   pods app=api in namespace shop: TCP 5432
    after    any pod: TCP 5432                             ──▶  + any pod -> shop/db[StatefulSet]: TCP 5432

A selection stands for a pod that matches it and nothing more: what concerns it are the entries that it implies. Its
address and the numbers of its port names are not known, so of blocks only those of all addresses concern it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from haechi.analysis.reach.exposure import ExposureEntry, Peer, PeerKind, granted, pods_text
from haechi.analysis.reach.selection_index import SelectionIndex
from haechi.engine import ANY_POD, Engine, PodSelection, PolicySet, Stages, TierSet
from haechi.model import Action, AnyPolicyKey, Direction, Tier
from haechi.sets import AddressSet, PortSet, protocol_text

_POD_KINDS = (PeerKind.EVERYONE, PeerKind.PODS)
_T = TypeVar("_T")


class _Pods(NamedTuple):
    """Pods that match a selection and nothing more, in ipBlocks if there are any, on a port name if there is one."""

    selection: PodSelection
    blocks: AddressSet
    port_name: tuple[int, str] | None

    @property
    def order(self) -> tuple[bool, str, str, str]:
        """The widest first, then by words."""
        return self.selection != ANY_POD, str(self.selection), str(self.blocks), str(self.port_name or "")

    def is_within(self, other: _Pods) -> bool:
        """Whether `other` means all of them."""
        blocks = not other.blocks or other.blocks >= self.blocks != AddressSet.NONE
        return blocks and _implies(self.selection, other.selection)


def potential_changes(before: Stages, after: Stages) -> Iterator[tuple[str, PortSet, PortSet]]:
    """Pods in words, and the ports on which one side allowed them and allows them now; the widest selections only."""
    was, now = tuple(granted(before)), tuple(granted(after))
    meant = {_pods(entry) for entry in (*was, *now) if entry.peer.kind in _POD_KINDS}
    ordered = sorted(meant, key=lambda pods: pods.order)
    wider = _BySelection((pods.selection, pods) for pods in ordered)
    sides = [_BySelection((_pods(entry).selection, entry) for entry in side) for side in (was, now)]
    shown: dict[_Pods, tuple[PortSet, PortSet]] = {}
    for pods in ordered:
        old, new = (_allowed(side.implied_by(pods.selection), pods) for side in sides)
        if not any(
            shown.get(other) == (old, new) and pods.port_name == other.port_name and pods.is_within(other)
            for other in wider.implied_by(pods.selection)
        ):
            shown[pods] = (old, new)
    for pods, (old, new) in shown.items():
        if old != new:
            peer = Peer(PeerKind.PODS, pods.selection, pods.blocks)
            name = (
                ""
                if pods.port_name is None
                else f" on port name {protocol_text(pods.port_name[0])} {pods.port_name[1]}"
            )
            yield f"{peer}{name}", old, new


class _BySelection(Generic[_T]):
    """Values of selections, which are found by those that imply theirs."""

    def __init__(self, pairs: Iterable[tuple[PodSelection, _T]]) -> None:
        self._values: list[_T] = []
        self._numbers: dict[PodSelection, list[int]] = {}
        for number, (selection, value) in enumerate(pairs):
            self._values.append(value)
            self._numbers.setdefault(selection, []).append(number)
        self._index = SelectionIndex(self._numbers)

    def implied_by(self, selection: PodSelection) -> list[_T]:
        """The values of all selections that one implies, in order."""
        if selection.contradictory:
            return self._values
        implied = {ANY_POD, *self._index.implied_by(selection)}
        return [self._values[number] for number in sorted(n for one in implied for n in self._numbers.get(one, ()))]


def _pods(entry: ExposureEntry) -> _Pods:
    """Whom an entry means; everyone, and addresses, are any pod here."""
    return _Pods(entry.peer.pods or ANY_POD, entry.peer.addresses, entry.port_name)


def _allowed(grants: Sequence[ExposureEntry], pods: _Pods) -> PortSet:
    """The ports on which a side allows some pods; of a port name, its whole protocol."""
    asked = PortSet.ALL if pods.port_name is None else PortSet.protocol(pods.port_name[0])
    allowed, undecided = PortSet.NONE, asked
    for tier in Tier:
        left = undecided
        for entry in grants:
            if entry.tier is tier and _concerns(entry, pods, asked):
                here = left & entry.ports
                left -= here
                undecided = undecided if entry.action is Action.PASS else undecided - here
                allowed = allowed | here if entry.action is Action.ACCEPT else allowed
    last = (entry for entry in grants if entry.tier is None and entry.peer.kind in _POD_KINDS)
    return allowed | (undecided & PortSet.union_all([entry.ports for entry in last if _concerns(entry, pods, asked)]))


def _concerns(entry: ExposureEntry, pods: _Pods, asked: PortSet) -> bool:
    """Whether an entry matches all of these pods, on the same port name if there is one, or on all that is asked."""
    if entry.port_name != pods.port_name and (entry.port_name is not None or not entry.ports >= asked):
        return False
    if entry.peer.kind is PeerKind.ADDRESSES:
        return entry.peer.addresses == AddressSet.ALL
    return entry.peer.kind in _POD_KINDS and pods.is_within(_pods(entry))


@lru_cache(maxsize=65_536)
def _implies(one: PodSelection, other: PodSelection) -> bool:
    return other == ANY_POD or one.implies(other)


def absent_subjects(engines: Iterable[Engine]) -> tuple[PodSelection, ...]:
    """The selections of policies that select no pod in any of some clusters, sorted by their words."""
    listed = list(engines)
    subjects = {one for engine in listed for one in _subjects(engine).values()}
    absent = (one for one in subjects if not any(engine.select(one) for engine in listed))
    return tuple(sorted(absent, key=pods_text))


def moved_subjects(engines: tuple[Engine, Engine]) -> tuple[PodSelection, ...]:
    """The selections of policies that selected other pods before, sorted by their words."""
    old, new = map(_subjects, engines)
    moved = (key for key in old.keys() & new.keys() if old[key] != new[key])
    return tuple(sorted({one for key in moved for one in (old[key], new[key])}, key=pods_text))


def _subjects(engine: Engine) -> dict[AnyPolicyKey, PodSelection]:
    """Which pods each policy is about."""
    found: dict[AnyPolicyKey, PodSelection] = {key: one.subject for key, one in engine.policies.items()}
    for key, one in engine.tier_policies.items():
        if one.subject is not None:
            found[key] = one.subject
    return found


def stages_of(engine: Engine, subject: PodSelection, direction: Direction) -> Stages:
    """What judges a pod that matches a selection and nothing more."""
    policies = [
        policy
        for policy in engine.policies.values()
        if direction in policy.directions and _implies(subject, policy.subject)
    ]
    ordered = [
        one
        for one in engine.tier_policies.values()
        if direction in one.directions and one.subject is not None and _implies(subject, one.subject)
    ]
    by_tier = {tier: [one for one in ordered if one.tier is tier] for tier in Tier}
    admin, baseline = (TierSet.of(tier, direction, some, ()) if some else None for tier, some in by_tier.items())
    last = PolicySet.of(direction, policies, ()) if policies else baseline
    if admin is None:
        return () if last is None else (last,)
    return (admin,) if last is None else (admin, last)
