"""What one update changed.

Why: the cost of an update must be that of what changed, and users of the engine must not need to store the previous
state. A delta is the whole difference between the states before and after an update; an update that changes nothing
gives the empty delta. Of a node that changed it states only that one did: a pod and its own node are never restricted,
and few rules mean nodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pyroaring import BitMap

from haechi.engine.endpoint import NamedPort
from haechi.engine.selection import PodSelection
from haechi.model import PodKey


@dataclass(frozen=True, slots=True)
class PodState:
    """What rulesets depend on of a pod.

    Attributes:
        node: the node it runs on, `""` if it has none yet.
        addresses: the addresses that only this pod claims.
        disputed: the addresses that other pods claim too; they belong to no pod.
        ports: its named ports.
        selections: the selections in use that match it.
    """

    node: str
    addresses: tuple[int, ...]
    disputed: tuple[int, ...]
    ports: tuple[NamedPort, ...]
    selections: frozenset[PodSelection]


@dataclass(frozen=True, slots=True)
class PodChange:
    """One pod before and after an update; None where it does not exist."""

    key: PodKey
    before: PodState | None
    after: PodState | None


@dataclass(frozen=True, slots=True)
class Delta:
    """The difference between two states of the engine.

    Attributes:
        pods: the pods that changed.
        subjects: numbers of further pods whose verdicts changed because a policy did.
        nodes: whether labels or addresses of a node changed while a rule of a tier means nodes.
    """

    pods: tuple[PodChange, ...] = ()
    subjects: BitMap = field(default_factory=BitMap)
    nodes: bool = False

    def __bool__(self) -> bool:
        return bool(self.pods) or bool(self.subjects) or self.nodes

    @classmethod
    def of(cls, changes: Iterable[PodChange]) -> Delta:
        """The delta of the changes whose states differ."""
        return cls(tuple(change for change in changes if change.before != change.after))
