"""What an assertion asks, as addresses and ports: checks.

`to`, `only`, selectors and CIDRs are ways of writing; what is judged is always "all of this passes" or "none of this
passes". A check asks about every pair of its two groups except those to which policies do not apply: a pod and itself,
two ends of which neither is a pod, and, where an end is a range, a pod and its own node. What matches nothing in an
assertion is reported in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from haechi.analysis.assertions.file import Assertion, Party, Port
from haechi.analysis.assertions.world import World
from haechi.analysis.cluster import AmbiguousName, UnknownName, full_name
from haechi.engine import Endpoint
from haechi.model import NAME_LABEL, Direction, PodKey
from haechi.select import EVERYTHING, Selector
from haechi.sets import PROTOCOL_NUMBERS, AddressSet, PortSet, Traffic


@dataclass(frozen=True, slots=True)
class CheckedEnd:
    """One end of the connections that a check is about.

    Attributes:
        single: addresses that are given one by one.
        broad: ranges of addresses, from which a pod's own node is left out.
        pods: the pods that were given by name or labels.
    """

    single: AddressSet = AddressSet.NONE
    broad: AddressSet = AddressSet.NONE
    pods: tuple[Endpoint, ...] = ()

    @property
    def addresses(self) -> AddressSet:
        """All of them."""
        return self.single | self.broad

    @classmethod
    def union(cls, groups: Iterable[CheckedEnd]) -> CheckedEnd:
        """The union of some groups."""
        some = list(groups)
        return cls(
            AddressSet.union_all([group.single for group in some]),
            AddressSet.union_all([group.broad for group in some]),
            tuple(pod for group in some for pod in group.pods),
        )

    def others(self) -> CheckedEnd:
        """All other addresses."""
        return CheckedEnd(broad=AddressSet.ALL - self.addresses)


@dataclass(frozen=True, slots=True)
class Ports:
    """Destination ports: `numbers`, and `names` (IP protocol number and name) that the server's pod resolves."""

    numbers: PortSet
    names: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, ports: Iterable[Port]) -> Ports:
        """The ports of an assertion; everything if there are none."""
        some = list(ports)
        if not some:
            return cls(PortSet.ALL)
        numbers, names = [], []
        for port in some:
            protocol = PROTOCOL_NUMBERS[port.protocol]
            if isinstance(port.port, str):
                names.append((protocol, port.port))
            elif port.port is None:
                numbers.append(PortSet.protocol(protocol))
            else:
                numbers.append(PortSet.port(protocol, port.port, port.end_port or port.port))
        return cls(PortSet.union_all(numbers), tuple(names))

    def on(self, server: Endpoint | None) -> PortSet:
        """The ports of one server."""
        if server is None or not self.names:
            return self.numbers
        named = [PortSet.port(p.protocol, p.number) for p in server.ports if (p.protocol, p.name) in self.names]
        return PortSet.union_all([self.numbers, *named])

    def missing(self, server: Endpoint) -> tuple[str, ...]:
        """The port names that a server does not have."""
        own = {(port.protocol, port.name) for port in server.ports}
        return tuple(name for protocol, name in self.names if (protocol, name) not in own)


class AddressQuestion(NamedTuple):
    """What a check asks about one address of a pod.

    Attributes:
        address: which.
        endpoint: whose; None if several pods claim it.
        direction: Ingress: `asked` is by client; Egress: by server, none of which is a pod.
        asked: the packets.
    """

    address: int
    endpoint: Endpoint | None
    direction: Direction
    asked: Traffic


@dataclass(frozen=True, slots=True)
class AssertionCheck:
    """All packets from `sources` to `destinations` on `ports` pass, or none of them does."""

    sources: CheckedEnd
    destinations: CheckedEnd
    ports: Ports
    allowed: bool

    def questions(self, world: World) -> Iterator[AddressQuestion]:
        """All that is asked, each packet once: by server if that is a pod, else by client."""
        for direction in (Direction.INGRESS, Direction.EGRESS):
            addresses = sorted(self.addresses(world, direction), key=world.order.__getitem__)
            yield from (
                question for address in addresses if (question := self.question(world, direction, address)).asked
            )

    def asks(self, world: World) -> bool:
        """Whether anything is asked at all."""
        return any(
            self.question(world, direction, address).asked
            for direction in (Direction.INGRESS, Direction.EGRESS)
            for address in self.addresses(world, direction)
        )

    def addresses(self, world: World, direction: Direction) -> Iterator[int]:
        """The addresses of pods about which something may be asked: of servers (Ingress) or clients (Egress)."""
        if direction is Direction.INGRESS:
            return (self.destinations.addresses & world.claimed).points()
        return (self.sources.addresses & world.claimed if self.outside(world) else AddressSet.NONE).points()

    def outside(self, world: World) -> AddressSet:
        """The servers that are not pods."""
        return self.destinations.addresses - world.claimed

    def question(self, world: World, direction: Direction, address: int) -> AddressQuestion:
        """What is asked about one of `addresses`; it may be nothing."""
        owner = world.engine.owner(address)
        if direction is Direction.INGRESS:
            remote, ports = _remote(world, self.sources, address, owner), self.ports.on(owner)
        else:
            remote, ports = _remote(world, self.destinations, address, owner) - world.claimed, self.ports.numbers
        return AddressQuestion(address, owner, direction, Traffic.of(remote, ports))

    def between(self, world: World, source: int, destination: int) -> PortSet:
        """The ports on which this asks about one pair of addresses."""
        if destination in world.claimed:
            owner = world.engine.owner(destination)
            asks = destination in self.destinations.addresses and source in _remote(
                world, self.sources, destination, owner
            )
            return self.ports.on(owner) if asks else PortSet.NONE
        asks = (
            source in world.claimed
            and source in self.sources.addresses
            and destination in _remote(world, self.destinations, source, world.engine.owner(source))
        )
        return self.ports.numbers if asks else PortSet.NONE


def _remote(world: World, group: CheckedEnd, address: int, owner: Endpoint | None) -> AddressSet:
    """The addresses of a group for which policies decide whether a pod's address may connect."""
    family = next(family for family in (AddressSet.V4, AddressSet.V6) if address in family)
    if owner is None:
        return group.addresses & family
    own = AddressSet.of(*[each for each in owner.addresses if world.engine.owner(each) is owner])
    broad = group.broad - world.near(owner) if group.broad else group.broad
    return ((group.single | broad) & family) - own


def checks(world: World, assertion: Assertion, namespace: str) -> tuple[tuple[AssertionCheck, ...], tuple[str, ...]]:
    """What an assertion asks, and descriptions of what in it matches nothing.

    Args:
        world: the cluster.
        assertion: one without mistakes.
        namespace: where a lone podSelector looks; `""`: everywhere.
    """
    empty: list[str] = []

    def group(field: str, party: Party) -> CheckedEnd:
        found = resolve(world, party, namespace)
        if not found.addresses:
            empty.append(f"{field}: {why_empty(world, party, found, namespace)}")
        return found

    ports = Ports.of(assertion.ports)
    if assertion.only is not None:
        only = CheckedEnd.union([group(f"only[{number}]", party) for number, party in enumerate(assertion.only)])
        if assertion.to is not None:
            pairs = [(only, group("to", assertion.to), True)]
            pairs.append((only.others(), pairs[0][1], False))
        else:
            assert assertion.from_ is not None  # the reader refuses anything else
            pairs = [(group("from", assertion.from_), only, True)]
            pairs.append((pairs[0][0], only.others(), False))
    else:
        assert assertion.from_ is not None
        assert assertion.to is not None
        pairs = [(group("from", assertion.from_), group("to", assertion.to), assertion.expect == "allow")]
    found = tuple(AssertionCheck(sources, destinations, ports, allowed) for sources, destinations, allowed in pairs)
    if not empty:
        empty += _silent(world, found)
    return found, tuple(empty)


def _silent(world: World, some: tuple[AssertionCheck, ...]) -> Iterator[str]:
    """What asks nothing although both ends match something."""
    for check in some:
        for pod in check.destinations.pods:
            for name in check.ports.missing(pod):
                yield f"{pod.key} has no port named {name}"
    if not any(check.asks(world) for check in some):
        yield "there is no packet that a policy could judge between these two"


def resolve(world: World, party: Party, namespace: str) -> CheckedEnd:
    """All addresses that a party matches."""
    if party.anyone is not None:
        return CheckedEnd(broad=AddressSet.ALL)
    if party.ip:
        found = AddressSet.from_cidr(party.ip)
        return CheckedEnd(single=found) if found.size == 1 else CheckedEnd(broad=found)
    if party.host:
        return CheckedEnd(single=AddressSet.of(*world.named.get(f"host/{party.host}", ())))
    if party.pod:
        if party.pod in world.named:
            return CheckedEnd(single=AddressSet.of(*world.named[party.pod]))
        pods = tuple(_called(world, party.pod, namespace))
    else:
        pods = tuple(_selected(world, party, namespace))
    return CheckedEnd(AddressSet.of(*{address for pod in pods for address in pod.addresses}), pods=pods)


def _called(world: World, name: str, namespace: str) -> Iterator[Endpoint]:
    """The pods of a pod, workload or Service; none if there is none of this name, or several."""
    pod = world.engine.endpoint(PodKey(*name.split("/", 1))) if "/" in name else None
    if pod is not None:
        yield pod
        return
    try:
        keys = world.naming.pods_named(name, namespaces=[namespace] if namespace else [])
    except (UnknownName, AmbiguousName):
        return
    yield from (endpoint for endpoint in map(world.engine.endpoint, keys) if endpoint is not None)


def _selected(world: World, party: Party, namespace: str) -> Iterator[Endpoint]:
    pods = EVERYTHING if party.pod_selector is None else Selector.parse(party.pod_selector)
    scope = None if party.namespace_selector is None else Selector.parse(party.namespace_selector)
    name = party.namespace or ("" if scope is not None else namespace)
    for own, members in world.pods_in.items():
        labels = {**world.namespaces.get(own, {}), NAME_LABEL: own}
        if (not name or own == name) and (scope is None or scope.matches(labels)):
            yield from (endpoint for endpoint in members if pods.matches(endpoint.labels))


def _why_nobody(world: World, name: str, namespace: str) -> str:
    try:
        found = world.naming.find(name, namespaces=[namespace] if namespace else [])
    except (UnknownName, AmbiguousName) as error:
        return str(error)
    return f"{full_name(found)} has no pods that policies apply to"


def why_empty(world: World, party: Party, found: CheckedEnd, namespace: str) -> str:
    """Why a party matches no address."""
    if found.pods:
        return "the pods that it selects have no known address"
    if party.pod:
        return _why_nobody(world, party.pod, namespace)
    if party.host:
        known = ", ".join(sorted(name.removeprefix("host/") for name in world.named if name.startswith("host/")))
        return f"there is no ExternalHost {party.host}" + (f"; there is: {known}" if known else "")
    return "selects no pod"


def single_addresses(assertion: Assertion) -> Iterator[AddressSet]:
    """The addresses and ranges that an assertion names."""
    parties = [assertion.from_, assertion.to, *(assertion.only or ())]
    return (AddressSet.from_cidr(party.ip) for party in parties if party is not None and party.ip)
