"""A sample of the pairs of a lab: some pairs for all those that policies cannot tell apart.

Why: a deployment's 25 pods are one class, and what holds for one pair of two classes holds for all. What is tried first
has to come first, so pairs are chosen in three steps, of which the last two end with the budget:

    1  for every pair of classes one pair of pods                whatever the budget is
    2  the same on the same node, or on two                      the packets pass through other rules
    3  any others                                                with equal probability

Outside hosts are a class if no ipBlock that matters has an edge between them, likewise host-network pods. These are
allowed to their own node's pods, so for them step 1 covers both cases of step 2. Promises that equal input and seed
give the same sample. Pure.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from haechi.analysis.reach import PodClasses
from haechi.report import LabSample, SampledClass
from haechi.sets import text_to_point

if TYPE_CHECKING:
    from haechi.engine import Engine
    from haechi.lab.topology import LabEndpoint

Pair = tuple["LabEndpoint", "LabEndpoint"]
_ByNode = dict[str | None, list["LabEndpoint"]]


@dataclass
class Sample:
    """Pairs that were chosen so far.

    Attributes:
        kinds: by the name of each endpoint, its class.
        size: how many combinations of two addresses the pairs have; each is tried on every port.
    """

    kinds: Mapping[str, Hashable]
    seed: int
    size: int = 0
    _chosen: dict[tuple[str, str], Pair] = field(default_factory=dict)

    @classmethod
    def of(
        cls, engine: Engine, sources: list[LabEndpoint], destinations: list[LabEndpoint], most: int, seed: int
    ) -> Sample:
        """A sample of the pairs between some clients and servers, if possible of at most `most` address pairs."""
        random = Random(seed)
        sample = cls(_kinds(engine, [*sources, *destinations]), seed)
        others = sample._cover(_grouped(sources, sample.kinds), _grouped(destinations, sample.kinds), random)
        random.shuffle(others)
        sample._add(others, most)
        sample._add(_any(sources, destinations, most, random), most)
        return sample

    @property
    def pairs(self) -> Iterable[Pair]:
        """The chosen pairs."""
        return self._chosen.values()

    def described(self, every: int) -> LabSample:
        """The sample of `every` connection, for the result of the run."""
        tried = {name for names in self._chosen for name in names}
        classes: dict[Hashable, list[str]] = {}
        for name, kind in self.kinds.items():
            classes.setdefault(kind, []).append(name)
        return LabSample(
            every,
            self.seed,
            tuple(
                SampledClass(tuple(names), tuple(name for name in names if name in tried)) for names in classes.values()
            ),
        )

    def _add(self, pairs: Iterable[Pair], most: int) -> None:
        """Add pairs until there are enough."""
        for pair in pairs:
            if self.size >= most:
                return
            self._choose(pair)

    def _choose(self, pair: Pair) -> None:
        source, destination = pair
        size = len(common_addresses(source, destination))
        if size and self._chosen.setdefault((source.name, destination.name), pair) is pair:
            self.size += size

    def _cover(
        self, clients: Mapping[Hashable, _ByNode], servers: Mapping[Hashable, _ByNode], random: Random
    ) -> list[Pair]:
        """Choose one pair of every two classes; return those that differ from it in being on one node or on two."""
        others = []
        for some in clients.values():
            for any_ in servers.values():
                found = [pair for pair in (_near(some, any_, random), _far(some, any_, random)) if pair]
                random.shuffle(found)
                if any(one.host_network for pair in found for one in pair):
                    first, rest = found, []
                else:
                    first, rest = found[:1], found[1:]
                for pair in first:
                    self._choose(pair)
                others += rest
        return others


def common_addresses(source: LabEndpoint, destination: LabEndpoint) -> list[tuple[str, str]]:
    """The addresses of two endpoints that can exchange packets: those of one IP family."""
    return [
        (mine, theirs)
        for mine in source.addresses
        for theirs in destination.addresses
        if (":" in mine) == (":" in theirs)
    ]


def _kinds(engine: Engine, endpoints: Iterable[LabEndpoint]) -> dict[str, Hashable]:
    """By name, what policies can tell of each endpoint."""
    classes = PodClasses.of(engine)
    numbers = {str(key): each.number for each in classes.all for key in each.members}

    def kind(endpoint: LabEndpoint) -> Hashable:
        if endpoint.is_pod:
            return numbers[endpoint.name]
        return endpoint.host_network, frozenset(classes.segment(text_to_point(text)) for text in endpoint.addresses)

    return {endpoint.name: kind(endpoint) for endpoint in endpoints}


def _grouped(endpoints: Iterable[LabEndpoint], kinds: Mapping[str, Hashable]) -> dict[Hashable, _ByNode]:
    """The endpoints by class and node."""
    found: dict[Hashable, _ByNode] = {}
    for endpoint in endpoints:
        found.setdefault(kinds[endpoint.name], {}).setdefault(endpoint.node, []).append(endpoint)
    return found


def _near(clients: _ByNode, servers: _ByNode, random: Random) -> Pair | None:
    """Two on one node."""
    nodes = [node for node in clients if node is not None and node in servers]
    random.shuffle(nodes)
    for node in nodes:
        # Two of each side are enough to find two different ones
        for source in random.sample(clients[node], min(2, len(clients[node]))):
            for destination in random.sample(servers[node], min(2, len(servers[node]))):
                if is_tried(source, destination):
                    return source, destination
    return None


def _far(clients: _ByNode, servers: _ByNode, random: Random) -> Pair | None:
    """Two on two nodes, or one on a node and one outside."""
    for node in random.sample(list(clients), len(clients)):
        elsewhere = [other for other in servers if other != node]
        if elsewhere:
            pair = random.choice(clients[node]), random.choice(servers[random.choice(elsewhere)])
            return pair if is_tried(*pair) else None
    return None


def is_tried(source: LabEndpoint, destination: LabEndpoint) -> bool:
    """Whether packets from one to the other reach the forwarding path of a pod's node.

    Not within one network namespace (from a pod to itself, between outside hosts, between host-network pods of a node),
    and not between nodes.
    """
    return (source.is_pod or destination.is_pod) and source is not destination


def _any(sources: list[LabEndpoint], destinations: list[LabEndpoint], most: int, random: Random) -> Iterator[Pair]:
    """Up to `most` of all pairs in random order, without going through all of them."""
    pods, hosts = [one for one in sources if one.is_pod], [one for one in sources if not one.is_pod]
    servers = [one for one in destinations if one.is_pod]
    split = len(pods) * len(destinations)
    every = split + len(hosts) * len(servers)
    for number in random.sample(range(every), min(every, most)):
        if number < split:
            pair = pods[number // len(destinations)], destinations[number % len(destinations)]
        else:
            pair = hosts[(number - split) // len(servers)], servers[(number - split) % len(servers)]
        if pair[0] is not pair[1]:
            yield pair
