"""Which connections a run tries, how many there are, and how long that takes.

Why: connections grow with the square of the pods, a thousand pods have thirty million. Promises that the estimate and
the choice are known before anything is built, and that equal input, plan and seed give the same connections. Refuses
more than `MOST_CONNECTIONS`. The clock is never asked: the budget is compared with the estimate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haechi.errors import HaechiError
from haechi.lab.sample import Pair, Sample, is_tried

if TYPE_CHECKING:
    from haechi.engine import Engine
    from haechi.lab.ports import Port
    from haechi.lab.topology import LabEndpoint
    from haechi.report import LabSample

MOST_CONNECTIONS = 2_000_000
"""A connection takes 1 KB until the end of the run."""

# Seconds on a busy laptop with two cores; benchmarks/lab.py measures them.
_CONNECTION = 0.0003
_POD = 0.004
_PROOF = 0.004  # of a pod, and
_PROOF_BESIDE = 0.000018  # for every other pod that its node's rules may name


@dataclass(frozen=True)
class ProbePlan:
    """Which connections a run may try, and for how long.

    Attributes:
        ports: the destination ports.
        sources: the names of the clients; None: all endpoints.
        destinations: the names of the servers; None: all endpoints.
        budget: the seconds that the whole run may take by the estimate; None: as many as it needs. If they are not
            enough, a sample is tried.
        seed: chooses the sample.
    """

    ports: tuple[Port, ...]
    sources: Collection[str] | None = None
    destinations: Collection[str] | None = None
    budget: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class ChosenConnections:
    """What a run tries.

    Attributes:
        pairs: clients and servers, in the order of the endpoints. Each pair is tried on every port, by every IP family
            that both have.
        ports: each once.
        pods: how many pods the lab has.
        connections: how many are tried.
        every: how many there are.
        sample: what was sampled; None if everything is tried.
    """

    pairs: tuple[Pair, ...]
    ports: tuple[Port, ...]
    pods: int
    connections: int
    every: int
    sample: LabSample | None = None

    @property
    def seconds(self) -> float:
        """How long the run takes, about."""
        return estimated_seconds(self.pods, self.connections)

    @property
    def seconds_for_all(self) -> float:
        """How long it would take without a budget."""
        return estimated_seconds(self.pods, self.every)


class TooManyConnections(HaechiError):
    """More connections than one run can try.

    Attributes:
        connections: how many.
        sampled: whether these are already the fewest that cover all classes of pods.
    """

    def __init__(self, connections: int, sampled: bool) -> None:
        super().__init__(connections, sampled)
        self.connections = connections
        self.sampled = sampled

    def __str__(self) -> str:
        least = "even a sample has " if self.sampled else ""
        return f"{least}{self.connections:,} connections, and one run can try {MOST_CONNECTIONS:,}"


def estimated_seconds(pods: int, connections: int) -> float:
    """How long a run takes, about: to build the lab, to try the connections and to prove the rules."""
    return pods * (_POD + _PROOF + _PROOF_BESIDE * pods) + connections * _CONNECTION


def chosen_connections(engine: Engine, endpoints: Iterable[LabEndpoint], plan: ProbePlan) -> ChosenConnections:
    """The connections that a plan tries in a lab: all of them, or a sample.

    Raises:
        TooManyConnections: they are too many.
    """
    everyone = tuple(endpoints)
    sources = [each for each in everyone if plan.sources is None or each.name in plan.sources]
    destinations = [each for each in everyone if plan.destinations is None or each.name in plan.destinations]
    ports = tuple(dict.fromkeys(plan.ports))
    pods = sum(each.node is not None for each in everyone)
    every = _count(sources, destinations) * len(ports)
    if plan.budget is None and every > MOST_CONNECTIONS:
        raise TooManyConnections(every, sampled=False)
    if plan.budget is None or (every <= MOST_CONNECTIONS and estimated_seconds(pods, every) <= plan.budget):
        return ChosenConnections(tuple(_pairs(sources, destinations)), ports, pods, every, every)
    left = int(max(0.0, plan.budget - estimated_seconds(pods, 0)) / _CONNECTION)
    most = min(left, MOST_CONNECTIONS) // max(len(ports), 1)
    sample = Sample.of(engine, sources, destinations, most, plan.seed)
    connections = sample.size * len(ports)
    if connections > MOST_CONNECTIONS:
        raise TooManyConnections(connections, sampled=True)
    order = {each.name: number for number, each in enumerate(everyone)}
    pairs = sorted(sample.pairs, key=lambda pair: (order[pair[0].name], order[pair[1].name]))
    return ChosenConnections(tuple(pairs), ports, pods, connections, every, sample.described(every))


def _pairs(sources: list[LabEndpoint], destinations: list[LabEndpoint]) -> Iterator[Pair]:
    for source in sources:
        for destination in destinations:
            if is_tried(source, destination):
                yield source, destination


def _count(sources: Iterable[LabEndpoint], destinations: Iterable[LabEndpoint]) -> int:
    """How many combinations of two addresses `_pairs` has, without going through them."""
    total = 0
    some, others = list(sources), list(destinations)
    known = {each.name for each in others}
    for family in (4, 6):
        clients = sum(each.count(family) for each in some)
        servers = sum(each.count(family) for each in others)
        beside = sum(each.count(family) for each in some if not each.is_pod)
        beside *= sum(each.count(family) for each in others if not each.is_pod)
        itself = sum(each.count(family) ** 2 for each in some if each.is_pod and each.name in known)
        total += clients * servers - beside - itself
    return total
