"""`can`: may one endpoint reach another, and why.

Every verdict is the engine's. Each side names the policies that isolate its pod and every rule that allows; a denial
also names the nearest rule and what does not match. A Service as destination is resolved to its pods and their ports.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import product

from haechi.analysis.cluster import Assumption, Cluster, Names, address_named
from haechi.analysis.reach import PodClasses
from haechi.analysis.why.ports import AskedPort
from haechi.analysis.why.rules import RuleAnswer, Viewpoint, rule_answers
from haechi.analysis.why.services import ResolvedService, UnusableService, resolved
from haechi.engine import Endpoint, allowed_ports, verdict
from haechi.model import Direction, Location, Packet, PodKey, PolicyKey, Service, Side
from haechi.sets import PROTOCOL_NAMES, V6_START, PortSet, point_to_text, text_to_point


@dataclass(frozen=True, slots=True)
class SideAnswer:
    """The verdict of one end on a packet.

    Attributes:
        direction: egress of the source or ingress of the destination.
        subject: the pod at this end; None for an address outside.
        allowed: whether it lets the packet pass.
        isolating: the policies that isolate the pod, with their places.
        allowing: the rules that allow the packet.
        nearest: of a denial, the rule with the fewest mismatches; None if there is no rule.
    """

    direction: Direction
    subject: PodKey | None
    allowed: bool
    isolating: tuple[tuple[PolicyKey, Location | None], ...] = ()
    allowing: tuple[RuleAnswer, ...] = ()
    nearest: RuleAnswer | None = None

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class PacketAnswer:
    """The verdict on one packet between two ends.

    Attributes:
        source: the pod that sends, or None.
        destination: the pod that receives, or None.
        packet: what was asked.
        egress: the verdict of the source's end.
        ingress: the verdict of the destination's end.
    """

    source: PodKey | None
    destination: PodKey | None
    packet: Packet
    egress: SideAnswer
    ingress: SideAnswer

    @property
    def allowed(self) -> bool:
        """Whether the packet passes."""
        return self.egress.allowed and self.ingress.allowed

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question.

    Attributes:
        source: as asked.
        destination: as asked.
        port: as asked; None: any.
        pairs: for every pair of pods that policies tell apart, a packet of each address family that both have.
        assumptions: what the answer rests on where the specification is silent.
        service: the destination, if it is a Service.
    """

    source: str
    destination: str
    port: str | None
    pairs: tuple[tuple[PacketAnswer, ...], ...]
    assumptions: tuple[Assumption, ...] = ()
    service: ResolvedService | None = None

    @property
    def allowed(self) -> bool:
        """Whether every pair is connected, over IPv4 or over IPv6."""
        return bool(self.pairs) and all(any(answer.allowed for answer in answers) for answers in self.pairs)

    @property
    def shown(self) -> tuple[PacketAnswer, ...]:
        """Of packets that differ in nothing but their addresses, one."""
        return tuple(
            {
                (one.source, one.destination, one.packet.protocol, one.packet.port, one.egress, one.ingress): one
                for pair in self.pairs
                for one in reversed(pair)
            }.values()
        )

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class _End:
    """An end of a question; `ports` are protocols and numbers, if the end determines them."""

    pod: Endpoint | None
    addresses: tuple[int, ...]
    ports: tuple[tuple[int, int], ...] = ()


def can(
    cluster: Cluster, source: str, destination: str, port: str | None = None, namespaces: Collection[str] = ()
) -> Answer:
    """Whether `source` may reach `destination`.

    Args:
        cluster: whose policies.
        source: a pod or workload as `haechi.analysis.cluster.names` describes, or an address.
        destination: the same, or a Service.
        port: `80`, `53/UDP`, `ICMP`, or the name of a port of the destination; any port if None.
        namespaces: where names without a namespace are looked for; everywhere if there are none.

    Raises:
        UnknownName: there is no such pod, workload, Service or address.
        AmbiguousName: there are several.
        UnknownPort: the port cannot be read, or the destination does not have it.
        UnusableService: the destination is a Service without such a port or without known pods.
    """
    asked = None if port is None else AskedPort.parse(port)
    names = Names.of(cluster)
    sources = _sources(cluster, names, source, namespaces)
    point, service = address_named(destination), _service(cluster, names, destination, namespaces)
    behind = None if service is None else resolved(cluster, service, asked)
    if behind is not None:
        destinations = _behind(cluster, behind)
    elif point is not None:
        destinations = [_End(cluster.engine.owner(point), (point,))]
    else:
        destinations = _pods(cluster, names.pods_named(destination, "destination", namespaces))
    pairs = [tuple(_answers(cluster, one, other, asked)) for one, other in product(sources, destinations)]
    return Answer(source, destination, port, tuple(pairs), tuple(_assumed(cluster, pairs)), behind)


def _sources(cluster: Cluster, names: Names, text: str, namespaces: Collection[str]) -> list[_End]:
    point = address_named(text)
    if point is not None:
        return [_End(cluster.engine.owner(point), (point,))]
    found = names.find(text, "source", namespaces)
    if found.kind == Service.kind:
        raise UnusableService(f"{found.namespace}/{found.name}", "opens no connections: the source is a pod behind it")
    return _pods(cluster, names.members(found))


def _service(cluster: Cluster, names: Names, text: str, namespaces: Collection[str]) -> Service | None:
    """The Service that a name or a cluster address means."""
    point = address_named(text)
    if point is not None:
        return next((one for one in cluster.services if point in map(address_named, one.addresses)), None)
    found = names.find(text, "destination", namespaces)
    return next((one for one in cluster.services if (one.namespace, one.name, one.kind) == found), None)


def _classes(cluster: Cluster, keys: Collection[PodKey]) -> dict[PodKey, int]:
    """The class of each pod; without a look at the cluster if there is only one pod."""
    if len(keys) < 2:
        return dict.fromkeys(keys, 0)
    return {key: one.number for one in PodClasses.of(cluster.engine).all for key in one.members}


def _pods(cluster: Cluster, keys: Collection[PodKey]) -> list[_End]:
    """Of each class of pods, the first."""
    alike = _classes(cluster, keys)
    first = {alike[key]: key for key in sorted(keys, reverse=True)}
    ends = [cluster.engine.endpoint(key) for key in sorted(first.values())]
    return [_End(pod, pod.addresses) for pod in ends if pod is not None]


def _behind(cluster: Cluster, service: ResolvedService) -> list[_End]:
    """Of each class of pods that receive on the same ports, the first."""
    ports: dict[PodKey, tuple[tuple[int, int], ...]] = {}
    for one in service.backends:
        ports[one.pod] = (*ports.get(one.pod, ()), (one.protocol, one.port))
    alike = _classes(cluster, ports)
    first = {(alike[key], ports[key]): key for key in sorted(ports, reverse=True)}
    found = []
    for key in sorted(first.values()):
        pod = cluster.engine.endpoint(key)
        if pod is not None:
            found.append(_End(pod, tuple(one for one in pod.addresses if one in service.families), ports[key]))
    return found


def _answers(cluster: Cluster, source: _End, destination: _End, asked: AskedPort | None) -> Iterator[PacketAnswer]:
    for one, other in product(source.addresses, destination.addresses):
        if (one < V6_START) == (other < V6_START):
            if destination.ports:
                ports = destination.ports
            elif asked is not None:
                ports = (asked.on(destination.pod),)
            else:
                ports = (_telling(cluster, source, one, destination, other),)
            for protocol, number in ports:
                packet = Packet(ip_address(point_to_text(one)), ip_address(point_to_text(other)), protocol, number)
                yield judged(cluster, packet, source.pod, destination.pod)


def judged(cluster: Cluster, packet: Packet, source: Endpoint | None, destination: Endpoint | None) -> PacketAnswer:
    """The verdict on a packet and its reasons."""
    found = verdict(cluster.engine, packet)
    remotes = address_named(str(packet.destination)), address_named(str(packet.source))
    egress = _side(cluster, found.egress, Direction.EGRESS, source, remotes[0] or 0, destination, packet)
    ingress = _side(cluster, found.ingress, Direction.INGRESS, destination, remotes[1] or 0, source, packet)
    keys = (None if source is None else source.key, None if destination is None else destination.key)
    return PacketAnswer(*keys, packet, egress, ingress)


def _side(
    cluster: Cluster,
    side: Side,
    direction: Direction,
    subject: Endpoint | None,
    remote: int,
    peer: Endpoint | None,
    packet: Packet,
) -> SideAnswer:
    isolating = tuple((key, cluster.location(key, "spec.podSelector")) for key in side.policies)
    if subject is None or not isolating:
        return SideAnswer(direction, None if subject is None else subject.key, side.allowed)
    viewpoint = Viewpoint(subject, direction, remote, peer, packet.protocol, packet.port)
    policies = cluster.engine.policies
    rules = [answer for key in side.policies for answer in rule_answers(cluster, policies[key], viewpoint)]
    allowing = tuple(rule for rule in rules if rule.allows)
    nearest = None if side.allowed else min(rules, key=_distance, default=None)
    return SideAnswer(direction, subject.key, side.allowed, isolating, allowing, nearest)


def viewpoints(cluster: Cluster, answer: PacketAnswer) -> Iterator[tuple[bool, Viewpoint]]:
    """Each isolated end, and whether it allows."""
    engine, packet = cluster.engine, answer.packet
    source = None if answer.source is None else engine.endpoint(answer.source)
    destination = None if answer.destination is None else engine.endpoint(answer.destination)
    ends = (
        (answer.egress, source, packet.destination, destination),
        (answer.ingress, destination, packet.source, source),
    )
    for side, subject, remote, peer in ends:
        if subject is not None and side.isolating:
            point = text_to_point(str(remote))
            yield side.allowed, Viewpoint(subject, side.direction, point, peer, packet.protocol, packet.port)


def _distance(rule: RuleAnswer) -> int:
    return len(rule.mismatches)


def _telling(cluster: Cluster, source: _End, one: int, destination: _End, other: int) -> tuple[int, int]:
    """Where no port is asked for: one that is allowed, or else one that at least one side allows."""
    sent = _allowed(cluster, source.pod, Direction.EGRESS, other, destination.pod)
    received = _allowed(cluster, destination.pod, Direction.INGRESS, one, source.pod)
    for ports in (sent & received, received, sent):
        if ports and ports != PortSet.ALL:
            return ports.witness()
    return 6, 80


def _allowed(
    cluster: Cluster, subject: Endpoint | None, direction: Direction, remote: int, peer: Endpoint | None
) -> PortSet:
    """Every port that one side allows towards one address."""
    policies = None if subject is None else cluster.engine.policy_set(subject, direction)
    return allowed_ports(cluster.engine, policies, remote, peer)


def _assumed(cluster: Cluster, pairs: list[tuple[PacketAnswer, ...]]) -> Iterator[Assumption]:
    """In the order of `Assumption`."""
    answers = [answer for pair in pairs for answer in pair]
    found = set(cluster.assumptions)
    if not any(answer.source in cluster.synthesized or answer.destination in cluster.synthesized for answer in answers):
        found.discard(Assumption.SYNTHETIC)
    for answer in answers:
        found |= _assumed_by(cluster, answer)
    if any(len({answer.allowed for answer in pair}) > 1 for pair in pairs):
        found.add(Assumption.EITHER_FAMILY)
    yield from sorted(found, key=list(Assumption).index)


def _assumed_by(cluster: Cluster, answer: PacketAnswer) -> set[Assumption]:
    found: set[Assumption] = set()
    if answer.source is not None and answer.source == answer.destination:
        found.add(Assumption.ITSELF)
    for side, peer in ((answer.egress, answer.destination), (answer.ingress, answer.source)):
        subject = None if side.subject is None else cluster.engine.endpoint(side.subject)
        open_anyway = side.allowed and not side.isolating and answer.source != answer.destination
        if subject is not None and open_anyway and cluster.engine.policies_of(subject, side.direction):
            found.add(Assumption.OWN_NODE)
        rules = cluster.engine.policies
        if (
            peer is not None
            and cluster.engine.ipblock_matches_pods
            and any(rule.peers.blocks for key, _ in side.isolating for rule in rules[key].rules(side.direction))
        ):
            found.add(Assumption.IPBLOCK_PODS)
        if any(rule.names for key, _ in side.isolating for rule in rules[key].rules(side.direction)):
            found.add(Assumption.NAMED_PORT)
    if answer.packet.protocol not in PROTOCOL_NAMES:
        found.add(Assumption.OTHER_PROTOCOLS)
    return found
