"""What one update changed.

Why: everything downstream must cost what changed, and must not have to remember what was. Promises that a delta holds
the whole difference between two present states, before and after, and nothing of how it came about: an update that
changes nothing gives the empty delta. The addresses of nodes are not part of it: they matter only between a node and
its own pods, which no policy judges and no ruleset sees.
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
    """A pod as peers and kernel know it.

    Attributes:
        node: where it runs, `""` if nowhere yet.
        addresses: those that are its alone.
        disputed: those that other pods claim too; they belong to nobody.
        ports: its named ports.
        selections: the selections in use that mean it.
    """

    node: str
    addresses: tuple[int, ...]
    disputed: tuple[int, ...]
    ports: tuple[NamedPort, ...]
    selections: frozenset[PodSelection]


@dataclass(frozen=True, slots=True)
class PodChange:
    """One pod before and after; None: not there."""

    key: PodKey
    before: PodState | None
    after: PodState | None


@dataclass(frozen=True, slots=True)
class Delta:
    """The difference that an update made.

    Attributes:
        pods: the pods that changed.
        subjects: numbers of further pods whose verdicts changed because a policy did.
    """

    pods: tuple[PodChange, ...] = ()
    subjects: BitMap = field(default_factory=BitMap)

    def __bool__(self) -> bool:
        return bool(self.pods) or bool(self.subjects)

    @classmethod
    def of(cls, changes: Iterable[PodChange]) -> Delta:
        """The delta of those changes that change something."""
        return cls(tuple(change for change in changes if change.before != change.after))
