"""Sends many probes at once and determines which arrive.

```
  first attempt ──▶ quiet ──▶ second attempt of the unanswered ──▶ quiet ──▶ more attempts of the expected ──▶ result
```

Promises that "denied" means: two separate connections were tried, and no packet of either had reached the listener's
namespace when there had been no event for a while. "Arrived" is what the listener received, not what the sender
concludes. A probe that is expected to arrive gets more attempts before it is given up, so that a busy machine does not
look like a denial. Refuses probes whose result would mean nothing: without a listener, between two families, from an
address that the sender does not have.
"""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple
from typing import Protocol as Interface

from haechi.lab.probe import Observation, Probe, ProbeError, Protocol
from haechi.lab.reactor import Reactor
from haechi.lab.sctp import SctpExchange
from haechi.lab.tcp import TcpExchange
from haechi.lab.tracker import ProbeTracker
from haechi.lab.udp import UdpExchange
from haechi.netns import open_files_left

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence

    from haechi.lab.network import Network
    from haechi.netns import NetworkNamespace

QUIET_SECONDS = 0.25  # a packet crosses the lab in 0.1 ms; this is for a busy machine
PATIENCE_SECONDS = 4.0  # for probes that are expected to arrive; covers two retransmissions of a SYN (1 s, 2 s)
_RESENDS = 4  # attempts within that time
_PUMP = 48  # attempts between two looks at the listeners: a socket's buffer (208 KiB) holds about 160 small packets
_SPARE_DESCRIPTORS = 64
_FEWEST = 64
_LARGEST_BATCH = 8192


class Exchange(Interface):
    """One protocol's listeners and attempts."""

    def listen(self, namespace: NetworkNamespace, address: str, port: int) -> None:
        """Answer whatever comes to a port; called inside `namespace`."""

    def send(self, namespace: NetworkNamespace, position: int, probe: Probe) -> None:
        """Begin a new attempt of the probe at `position`; called inside `namespace`."""

    def withdraw(self) -> None:
        """Give up all attempts; the next ones are separate connections."""

    def close(self) -> None:
        """Close everything."""


class ListenAddress(NamedTuple):
    """An address and port, with the namespace that they are in."""

    namespace: NetworkNamespace
    address: str
    protocol: Protocol
    port: int


def send(
    network: Network,
    probes: Sequence[Probe],
    listeners: Mapping[str, Collection[tuple[Protocol, int]]],
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005  (names for the reader)
    *,
    expected: Mapping[Probe, bool] | None = None,
    quiet: float = QUIET_SECONDS,
    patience: float = PATIENCE_SECONDS,
) -> list[Observation]:
    """Send all `probes` and return what was observed of each.

    Args:
        network: the lab.
        probes: they need not be distinct.
        listeners: for each endpoint's name the protocols and ports that it listens on.
        progress: called with the number of finished probes and of all probes.
        expected: probes that should arrive are waited for longer; those that are not in it are not expected.
        quiet: seconds without any event after which a packet counts as lost.
        patience: seconds after which an expected probe is given up.

    Returns:
        One observation for each probe, in the same order.

    Raises:
        ProbeError: a probe whose result would mean nothing.
    """
    for probe in probes:
        _check(network, probe, listeners)
    observations: list[Observation | None] = [None] * len(probes)
    done = 0
    targets = [_target(network, probe) for probe in probes]
    order = sorted(range(len(probes)), key=lambda each: (targets[each].namespace.descriptor, targets[each][1:]))
    needs = [_sockets(network, probe, targets[position], position) for position, probe in enumerate(probes)]
    for batch in batches(order, needs, _budget()):
        chosen = [probes[position] for position in batch]
        wanted = [bool(expected and expected.get(probe)) for probe in chosen]
        with _Round(network, chosen, wanted, _shifted(progress, done, len(probes))) as current:
            for position, observation in zip(batch, current.run(quiet, patience), strict=True):
                observations[position] = observation
        done += len(batch)
    return [observation for observation in observations if observation is not None]


def batches(order: Iterable[int], needs: Sequence[Collection[Hashable]], budget: int) -> Iterator[list[int]]:
    """Divide probes into batches that need at most `budget` sockets at once.

    Args:
        order: the positions of the probes. Those that need the same sockets should be together.
        needs: by position, the sockets of each probe; equal ones are shared.
        budget: no less than one probe needs.
    """
    batch: list[int] = []
    opened: set[Hashable] = set()
    for position in order:
        if batch and len(opened) + sum(each not in opened for each in needs[position]) > budget:
            yield batch
            batch, opened = [], set()
        batch.append(position)
        opened.update(needs[position])
    if batch:
        yield batch


def _sockets(network: Network, probe: Probe, target: ListenAddress, position: int) -> tuple[Hashable, ...]:
    """What a probe needs open while it is tried: a TCP connection is its own, the others share one of each address."""
    here, there = network.namespace_of(probe.source).descriptor, target.namespace.descriptor
    match probe.protocol:
        case "TCP":
            return position, (there, target.address, target.port), (there, ":" in target.address)
        case "UDP":
            return ("UDP", here, probe.source_address), ("UDP", there, target.address, target.port)
        case "SCTP":
            return ("SCTP", here, probe.source_address), ("SCTP", there, target.address)


class _Round:
    """The sockets and the tracker of one batch."""

    def __init__(
        self, network: Network, probes: Sequence[Probe], wanted: Sequence[bool], progress: Callable[[int], None]
    ) -> None:
        self.network = network
        self.probes = probes
        self.wanted = wanted
        self.progress = progress
        self.targets = {_target(network, probe) for probe in probes}
        self.tracker = ProbeTracker(probes, {target.port for target in self.targets})
        self.reactor = Reactor()
        self.exchanges: dict[Protocol, Exchange] = {
            "TCP": TcpExchange(self.reactor, self.tracker),
            "UDP": UdpExchange(self.reactor, self.tracker),
            "SCTP": SctpExchange(self.reactor, self.tracker),
        }

    def __enter__(self) -> _Round:
        return self

    def __exit__(self, *exception: object) -> None:
        for exchange in self.exchanges.values():
            exchange.close()
        self.reactor.close()

    def run(self, quiet: float, patience: float) -> list[Observation]:
        self.listen()
        for _ in range(2):
            remaining = self.tracker.unfinished(range(len(self.probes)))
            self.attempt(remaining)
            self.settle(remaining, quiet)
        deadline = time.monotonic() + patience
        for _ in range(_RESENDS):
            remaining = [each for each in self.tracker.unfinished(range(len(self.probes))) if self.wanted[each]]
            self.attempt(remaining)
            self.settle(remaining, max(quiet, (deadline - time.monotonic()) / 2))
        self.progress(len(self.probes))
        return self.tracker.observations()

    def listen(self) -> None:
        by_namespace = sorted(self.targets, key=lambda target: target.namespace.descriptor)
        for _, targets in groupby(by_namespace, key=lambda target: target.namespace.descriptor):
            some = list(targets)
            with some[0].namespace as namespace:
                for target in some:
                    self.exchanges[target.protocol].listen(namespace, target.address, target.port)

    def attempt(self, positions: Sequence[int]) -> None:
        """Begin a new, separate connection for each of `positions`."""
        for exchange in self.exchanges.values():
            exchange.withdraw()
        clients = [(position, self.network.namespace_of(self.probes[position].source)) for position in positions]
        clients.sort(key=lambda pair: pair[1].descriptor)
        for start in range(0, len(clients), _PUMP):
            for _, some in groupby(clients[start : start + _PUMP], key=lambda pair: pair[1].descriptor):
                self.begin(list(some))
            self.reactor.turn()
            self.progress(self.tracker.finished)

    def begin(self, some: Sequence[tuple[int, NetworkNamespace]]) -> None:
        """Begin attempts that leave from the same namespace."""
        with some[0][1] as namespace:
            for position, _ in some:
                probe = self.probes[position]
                self.tracker.attempts[position] += 1
                self.exchanges[probe.protocol].send(namespace, position, probe)

    def settle(self, positions: Sequence[int], quiet: float) -> None:
        """Wait until all of `positions` are answered, or nothing has happened for `quiet` seconds."""
        while self.tracker.unfinished(positions):
            happened = self.reactor.turn(quiet)
            self.progress(self.tracker.finished)
            if not happened:
                return


def _shifted(progress: Callable[[int, int], None], done: int, total: int) -> Callable[[int], None]:
    return lambda count: progress(done + count, total)


def _target(network: Network, probe: Probe) -> ListenAddress:
    return ListenAddress(network.namespace_of(probe.destination), probe.destination_address, probe.protocol, probe.port)


def _check(network: Network, probe: Probe, listeners: Mapping[str, Collection[tuple[Protocol, int]]]) -> None:
    if (probe.protocol, probe.port) not in listeners.get(probe.destination, ()):
        raise ProbeError(probe, "nothing listens there")
    if probe.source_address not in network.endpoint(probe.source).addresses:
        raise ProbeError(probe, f"{probe.source} has no address {probe.source_address}")
    if probe.destination_address not in network.endpoint(probe.destination).addresses:
        raise ProbeError(probe, f"{probe.destination} has no address {probe.destination_address}")
    if (":" in probe.source_address) != (":" in probe.destination_address):
        raise ProbeError(probe, "its two addresses are of different families")


def _budget() -> int:
    """How many sockets may be open at once, beside what is open already."""
    return max(_FEWEST, min(_LARGEST_BATCH, open_files_left() - _SPARE_DESCRIPTORS))
