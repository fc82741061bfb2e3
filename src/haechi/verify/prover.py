"""Proves a node's table, and proves it again when something changed.

Why: an agent proves its node's table after each commit for as long as it runs, so a proof must cost what changed and
must not hold up other work. Promises that a proof after any sequence of changes says what a proof from the beginning
would say: what was proved and not touched since still holds, whatever was touched (an object, a set, a rule) is
compared again, and after a failed or abandoned proof nothing counts as proved.

    objects ──▶ State ────▶ addresses that a change is about ─┐
                                                              ├─▶ Touched ──▶ Comparison, slice by slice ──▶ Proof
    tables ───▶ Change ───▶ addresses that a change is about ─┘
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from haechi.model import Direction, NetworkPolicy, PodKey
from haechi.nft import Family, Ruleset, Table
from haechi.reference import Cluster
from haechi.sets import AddressSet, Traffic
from haechi.verify.change import EVERYTHING, NOTHING, Touched, Ways, about, touched
from haechi.verify.comparison import Comparison, Local
from haechi.verify.finding import Finding, FindingKind
from haechi.verify.kept import Change, Held
from haechi.verify.meaning import Meaning
from haechi.verify.population import Resident
from haechi.verify.proof import Proof
from haechi.verify.reading import Reading
from haechi.verify.state import Object, State
from haechi.verify.walk import unmodelled

_MANY = 128
"""Addresses: when more are touched, everything is compared."""
_NO_TABLE = Ruleset(Table("none"))


class Prover:
    """What one node's table should mean, and how much of that is proved.

    Attributes:
        node: the name of the node.
        proof: the last proof that was completed; None if there is none yet.
    """

    def __init__(self, node: str, objects: Iterable[Object] = ()) -> None:
        """Know a cluster's objects; nothing is proved yet."""
        self.node = node
        self.proof: Proof | None = None
        self._state = State(objects)
        self._meaning = Meaning(self._state)
        self._version = 0
        self._pending = EVERYTHING
        self._proved: Reading | None = None
        self._ways: Ways | None = None

    def put(self, one: Object) -> None:
        """An object comes or changes."""
        self._touch(type(one), self._state.put(one))

    def delete(self, kind: type[Object], namespace: str, name: str) -> None:
        """An object goes. `namespace` is "" for Namespace and Node."""
        self._touch(kind, self._state.delete(kind, namespace, name))

    def _touch(self, kind: type[Object], addresses: AddressSet) -> None:
        """A policy is about the pods that it selects, of which those elsewhere are judged elsewhere."""
        self._version += 1
        self._meaning = Meaning(self._state)
        population = self._state.population
        if kind is NetworkPolicy:
            local = (each for key in population.on(self.node) for each in population.residents()[key].addresses)
            addresses &= AddressSet.of(*local)
        self._pending |= about(addresses)

    def forget(self) -> None:
        """Count nothing as proved: the next proof begins at the beginning."""
        self._pending = EVERYTHING

    def steps(self, ruleset: Ruleset | None) -> Generator[None, None, Proof | None]:
        """Prove a table, in steps: most take a few milliseconds, the longest a tenth of a second in a large cluster.

        Args:
            ruleset: Haechi's table as it was read back; None if there is none.

        Returns:
            (from the generator) the proof; None if an object came, changed or went meanwhile.
        """
        version = self._version
        reading, ways, region = self._read(_NO_TABLE if ruleset is None else ruleset)
        yield
        locals_: dict[int, Local] = {}
        for local in self._locals(region):
            if self._version != version:
                return None
            locals_[local.address] = local
            yield
        comparison = Comparison(reading, self._meaning, self.node, region, locals_)
        for finding in _foreign(reading.held):
            comparison.findings[finding] = None
        for _ in comparison.slices():
            yield
            if self._version != version:
                return None
        self._proved, self._ways = reading, ways
        return self._complete(comparison)

    def _read(self, ruleset: Ruleset) -> tuple[Reading, Ways, Touched]:
        """The reading of a table, and the packets that have to be compared."""
        if self._proved is None or self._ways is None:
            return Reading(ruleset), Ways.of(ruleset), EVERYTHING
        change = Change.between(self._proved.held, ruleset)
        held = change.kept(self._proved.held, ruleset)
        ways = self._ways.followed(held, change)
        users = {user for name in change.nouns for user, _ in ways.users.get(name, ())}
        reading = self._proved.followed(held, change, users)
        region = self._pending | touched(change, self._ways, ways)
        if region.clients.size + region.servers.size > _MANY:
            region = EVERYTHING
        return reading, ways, region

    def _complete(self, comparison: Comparison) -> Proof:
        pods = {key for each in comparison.locals.values() for key in self._claimants(each.address)}
        proof = Proof(
            self.node,
            len(pods),
            len(comparison.locals),
            comparison.boxes,
            tuple(comparison.differences),
            tuple(comparison.findings),
        )
        self._pending = NOTHING if proof.holds else EVERYTHING
        self.proof = proof
        return proof

    # -- the node's addresses ----------------------------------------------------------------------------------------

    def _claimants(self, address: int) -> Iterator[PodKey]:
        population = self._state.population
        return (key for key in population.claimants(address) if population.residents()[key].node == self.node)

    def _locals(self, region: Touched) -> Iterator[Local]:
        """The addresses of the node, with what policies say as far as the region asks for it."""
        seen: set[int] = set()
        for key in list(self._state.population.on(self.node)):
            resident = self._state.population.residents()[key]
            for address in resident.addresses:
                if address not in seen:
                    seen.add(address)
                    yield self._local(address, key, resident, region)

    def _local(self, address: int, key: PodKey, resident: Resident, region: Touched) -> Local:
        if self._state.population.owner(address) is None:
            return Local(address, None, AddressSet.NONE, Traffic.NONE, Traffic.NONE)
        excluded = self._state.own_node(resident)
        servers = AddressSet.ALL if address in region.clients else region.servers
        clients = AddressSet.ALL if address in region.servers else region.clients
        egress = self._meaning.traffic(key, Direction.EGRESS, servers)
        ingress = self._meaning.traffic(key, Direction.INGRESS, clients)
        return Local(address, key, excluded, egress, ingress)


def _foreign(held: Held) -> list[Finding]:
    found = unmodelled(held)
    if held.table.family not in (Family.INET, Family.IP, Family.IP6):
        found.append(Finding(FindingKind.HOOK, f"a table of the family {held.table.family} judges no IP packets"))
    return found


def prove(ruleset: Ruleset | None, state: Cluster | Iterable[Object], node: str) -> Proof:
    """Compare a table with a cluster's policies, all at once.

    Args:
        ruleset: Haechi's table as it was read back; None if there is none.
        state: the cluster, or its objects.
        node: the name of the node whose table it is.
    """
    if isinstance(state, Cluster):
        state = (*state.namespaces, *state.nodes, *state.policies, *state.pods)
    proof = completed(Prover(node, state), ruleset)
    assert proof is not None  # nobody changes the objects meanwhile
    return proof


def completed(prover: Prover, ruleset: Ruleset | None) -> Proof | None:
    """Take all steps at once."""
    steps = prover.steps(ruleset)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Proof | None = end.value
            return found
