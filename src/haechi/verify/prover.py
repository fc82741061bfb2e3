"""Proves a node's table, and proves it again after changes.

Why: an agent proves its node's table after every commit, for as long as it runs. A proof must cost what the change
affects and must not block other work, so it runs in steps and compares only the affected packets. A proof after any
sequence of changes reports exactly what a proof from the beginning reports: what was proved and is not affected still
holds, and where the affected packets show a fault everything is compared again.

    objects ──▶ ClusterState ───▶ affected addresses ─┐
                                                      ├─▶ AffectedPackets ──▶ Comparison ──▶ holds? ── yes ─▶ Proof
    tables ───▶ RulesetChange ──▶ affected packets ───┘                         ▲              │ no        ▲
                                                                    everything  └──────────────┴───────────┘

After a failed proof the next one compares everything; an abandoned proof changes nothing. One exception: the budget is
for the packets that are compared, so a table near its limit can be proved step by step and not at once.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from haechi.model import Direction, NetworkPolicy, PodKey
from haechi.nft import Ruleset, Table
from haechi.reference import ClusterObjects
from haechi.sets import AddressSet, Traffic
from haechi.verify.cached import RulesetChange
from haechi.verify.change import EVERYTHING, NOTHING, AffectedPackets, ChainGraph, affected_packets
from haechi.verify.comparison import Comparison, LocalAddress
from haechi.verify.meaning import Meaning
from haechi.verify.proof import Proof
from haechi.verify.reading import Reading
from haechi.verify.state import ClusterObject, ClusterState

_MOST_AFFECTED = 128
"""Addresses: if more are affected, everything is compared."""
_NO_TABLE = Ruleset(Table("none"))


class Prover:
    """What one node's table should mean, and how much of that is proved.

    Attributes:
        node: the name of the node.
        proof: the last completed proof; None if there is none yet.
    """

    def __init__(self, node: str, objects: Iterable[ClusterObject] = ()) -> None:
        self.node = node
        self.proof: Proof | None = None
        self._state = ClusterState(objects)
        self._meaning = Meaning(self._state)
        self._version = 0
        self._pending = EVERYTHING
        self._proved: tuple[Reading, ChainGraph] | None = None

    def put(self, one: ClusterObject) -> None:
        """Add or replace an object."""
        self._affect(type(one), self._state.put(one))

    def delete(self, kind: type[ClusterObject], namespace: str, name: str) -> None:
        """Remove an object. `namespace` is "" for Namespace and Node."""
        self._affect(kind, self._state.delete(kind, namespace, name))

    def _affect(self, kind: type[ClusterObject], addresses: AddressSet) -> None:
        """Remember what a change affects. A policy matters on this node only for pods of this node."""
        self._version += 1
        self._meaning = Meaning(self._state)
        if kind is NetworkPolicy:
            addresses &= AddressSet.of(*self._owners())
        self._pending |= AffectedPackets.between(addresses)

    def forget(self) -> None:
        """Discard what is proved: the next proof compares everything."""
        self._pending = EVERYTHING

    def prove(self, ruleset: Ruleset | None) -> Proof:
        """Take all `steps` at once."""
        proof = _result(self.steps(ruleset))
        assert proof is not None  # no object changes between two steps
        return proof

    def steps(self, ruleset: Ruleset | None) -> Generator[None, None, Proof | None]:
        """Prove a table in steps. Most take a few milliseconds, the longest a tenth of a second in a large cluster.

        Args:
            ruleset: Haechi's table as it was read back; None if there is none.

        Returns:
            (from the generator) the proof; None if an object was put or deleted in between.
        """
        version = self._version
        reading, graph, affected = self._read(_NO_TABLE if ruleset is None else ruleset)
        yield
        comparison = yield from self._compare(reading, affected, version)
        if comparison is not None and comparison.fails and not affected.is_everything:
            comparison = yield from self._compare(reading, EVERYTHING, version)
        if comparison is None:
            return None
        self._proved = reading, graph
        self._pending = EVERYTHING if comparison.fails else NOTHING
        self.proof = self._report(comparison)
        return self.proof

    def _read(self, ruleset: Ruleset) -> tuple[Reading, ChainGraph, AffectedPackets]:
        """The reading of a table, and the packets that have to be compared."""
        if self._proved is None:
            return Reading(ruleset), ChainGraph.of(ruleset), EVERYTHING
        proved, old = self._proved
        change = RulesetChange.between(proved.ruleset, ruleset)
        cached = change.cached(proved.ruleset, ruleset)
        graph = old.updated(cached, change)
        users = {chain for name in change.containers for chain, _ in graph.users.get(name, ())}
        reading = proved.updated(cached, change, users)
        affected = self._pending | affected_packets(change, old, graph)
        if affected.clients.size + affected.servers.size > _MOST_AFFECTED:
            affected = EVERYTHING
        return reading, graph, affected

    def _compare(
        self, reading: Reading, affected: AffectedPackets, version: int
    ) -> Generator[None, None, Comparison | None]:
        """Compare the affected packets; None if an object was put or deleted in between."""
        locals_: dict[int, LocalAddress] = {}
        for address, key in sorted(self._owners().items()):
            locals_[address] = self._local(address, key, affected)
            yield
            if self._version != version:
                return None
        comparison = Comparison(reading, self._meaning, self.node, affected, locals_)
        for _ in comparison.slices():
            yield
            if self._version != version:
                return None
        return comparison

    def _report(self, comparison: Comparison) -> Proof:
        pods = {key for address in comparison.locals for key in self._claimants(address)}
        return Proof(
            self.node,
            len(pods),
            len(comparison.locals),
            comparison.comparisons,
            tuple(comparison.counterexamples),
            tuple(comparison.gaps),
        )

    # -- the node's addresses ----------------------------------------------------------------------------------------

    def _owners(self) -> dict[int, PodKey]:
        """The addresses of the node's pods, each with one that claims it."""
        pods = self._state.pods
        return {address: key for key in pods.on(self.node) for address in pods[key].addresses}

    def _claimants(self, address: int) -> Iterator[PodKey]:
        """The pods of the node that claim an address."""
        pods = self._state.pods
        return (key for key in pods.claimants(address) if pods[key].node == self.node)

    def _local(self, address: int, key: PodKey, affected: AffectedPackets) -> LocalAddress:
        """An address of the node, with what policies allow it as far as the affected packets need it."""
        if self._state.pods.owner(address) is None:
            return LocalAddress(address, None, AddressSet.NONE, Traffic.NONE, Traffic.NONE)
        excluded = self._state.own_node(self._state.pods[key])
        servers = AddressSet.ALL if address in affected.clients else affected.servers
        clients = AddressSet.ALL if address in affected.servers else affected.clients
        egress = self._meaning.traffic(key, Direction.EGRESS, servers)
        ingress = self._meaning.traffic(key, Direction.INGRESS, clients)
        return LocalAddress(address, key, excluded, egress, ingress)


def _result(steps: Generator[None, None, Proof | None]) -> Proof | None:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            proof: Proof | None = end.value
            return proof


def prove(ruleset: Ruleset | None, state: ClusterObjects | Iterable[ClusterObject], node: str) -> Proof:
    """Compare a table with a cluster's policies, from the beginning.

    Args:
        ruleset: Haechi's table as it was read back; None if there is none.
        state: the cluster, or its objects.
        node: the name of the node whose table it is.
    """
    if isinstance(state, ClusterObjects):
        state = (*state.namespaces, *state.nodes, *state.policies, *state.tier_policies, *state.pods)
    return Prover(node, state).prove(ruleset)
