"""Reference counts of the stages and peer sets in a node's ruleset.

Why: pods share stages, and stages share peer sets; each must exist as long as it is used and no longer. What is in use
depends on the present users only: every `acquire` has exactly one `release`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from haechi.dataplane.peerset import PeerSet
from haechi.dataplane.stage import Stage
from haechi.engine import PodSelection, PolicySet

_NO_SETS: frozenset[PeerSet] = frozenset()


class Uses:
    """Stages by name, and the peer sets that they need.

    Attributes:
        touched_stages: names of stages that came into or went out of use since the last commit.
        touched_peers: peer sets that did.
        stale_peers: those that went out of use: if they are used again, their elements in the kernel are unknown.
    """

    def __init__(self) -> None:
        self._stages: dict[str, Stage] = {}
        self._users: dict[str, int] = {}
        self._by_policies: dict[PolicySet, Stage] = {}
        self._policies: dict[str, PolicySet] = {}
        self._peer_users: dict[PeerSet, int] = {}
        self._by_selection: dict[PodSelection, set[PeerSet]] = {}
        self.touched_stages: set[str] = set()
        self.touched_peers: set[PeerSet] = set()
        self.stale_peers: set[PeerSet] = set()

    @property
    def stages(self) -> Mapping[str, Stage]:
        """Stages in use, by name."""
        return self._stages

    @property
    def peers(self) -> Set[PeerSet]:
        """Peer sets in use."""
        return self._peer_users.keys()

    def peers_of(self, selections: Iterable[PodSelection]) -> set[PeerSet]:
        """The peer sets in use to which pods of any of these selections belong."""
        found: set[PeerSet] = set()
        for selection in selections:
            found |= self._by_selection.get(selection, _NO_SETS)
        return found

    def acquire(self, policies: PolicySet) -> str:
        """Add a use of the stage of a policy set, and return its name."""
        stage = self._by_policies.get(policies)
        if stage is None:
            stage = Stage.of(policies)
            self._by_policies[policies] = stage
            self._policies[stage.name] = policies
            self._stages[stage.name] = stage
            self.touched_stages.add(stage.name)
            for each in stage.peer_sets:
                self._acquire_peers(each)
        self._users[stage.name] = self._users.get(stage.name, 0) + 1
        return stage.name

    def release(self, name: str) -> None:
        """Remove a use of a stage; other names are ignored."""
        if name not in self._users:
            return
        self._users[name] -= 1
        if self._users[name]:
            return
        stage = self._stages.pop(name)
        del self._users[name], self._by_policies[self._policies.pop(name)]
        self.touched_stages.add(name)
        for each in stage.peer_sets:
            self._release_peers(each)

    def settle(self) -> None:
        """Clear what was touched: it has been committed."""
        self.touched_stages.clear()
        self.touched_peers.clear()
        self.stale_peers.clear()

    def _acquire_peers(self, each: PeerSet) -> None:
        users = self._peer_users.get(each, 0)
        self._peer_users[each] = users + 1
        if not users:
            self.touched_peers.add(each)
            for selection in each.selections:
                self._by_selection.setdefault(selection, set()).add(each)

    def _release_peers(self, each: PeerSet) -> None:
        self._peer_users[each] -= 1
        if self._peer_users[each]:
            return
        del self._peer_users[each]
        self.touched_peers.add(each)
        self.stale_peers.add(each)
        for selection in each.selections:
            sets = self._by_selection[selection]
            sets.discard(each)
            if not sets:
                del self._by_selection[selection]
