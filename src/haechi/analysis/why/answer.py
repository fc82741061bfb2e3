"""`can`: may one endpoint reach another, and why.

Every verdict is the engine's. Each side names the rules of tiers that pass the packet on or decide, else the policies
that isolate its pod and every rule that allows; a denial also names the nearest rule and what does not match. A Service
as destination is resolved to its pods and their ports.
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
from haechi.analysis.why.tiers import TierAnswer, tier_answers
from haechi.engine import Endpoint, Engine, is_own_node, side_ports, verdict
from haechi.model import Direction, Location, Packet, PodKey, PolicyKey, Service, Side, Tier
from haechi.sets import PROTOCOL_NAMES, V6_START, PortSet, point_to_text, text_to_point


@dataclass(frozen=True, slots=True)
class SideAnswer:
    """The verdict of one end on a packet.

    Attributes:
        direction: egress of the source or ingress of the destination.
        subject: the pod at this end; None for an address outside.
        allowed: whether it lets the packet pass.
        isolating: the policies that isolate the pod, with their places.
        allowing: their rules that allow the packet.
        nearest: of a denial by them, the rule with the fewest mismatches; None if there is no rule.
        tiers: what the tiers that have rules about the pod did, in order. If the last of them decided, the policies
            above were not asked.
    """

    direction: Direction
    subject: PodKey | None
    allowed: bool
    isolating: tuple[tuple[PolicyKey, Location | None], ...] = ()
    allowing: tuple[RuleAnswer, ...] = ()
    nearest: RuleAnswer | None = None
    tiers: tuple[TierAnswer, ...] = ()

    @property
    def decided_by(self) -> TierAnswer | None:
        """The tier that decided; None if NetworkPolicies did, or nothing."""
        return self.tiers[-1] if self.tiers and self.tiers[-1].decides else None

    @property
    def trace(self) -> str:
        """`Admin baseline-deny rule "no-ssh": Pass → NetworkPolicy shop/db: no rule → denied`; empty without tiers."""
        if not self.tiers:
            return ""
        verdict = "allowed" if self.allowed else "denied"
        stages = list(map(str, self.tiers))
        if self.decided_by is None and self.isolating:
            stages.append(self._policies)
        elif self.decided_by is None:
            verdict = "allowed, as nothing denies it"
        return " → ".join([*stages, verdict])

    @property
    def _policies(self) -> str:
        """What NetworkPolicies did."""
        if self.allowing:
            return f"NetworkPolicy {self.allowing[0].rule.policy} {self.allowing[0].rule.path}: allows"
        count = len(self.isolating)
        who = f"NetworkPolicy {self.isolating[0][0]}" if count == 1 else f"{count} NetworkPolicies"
        return f"{who}: {'a pod may reach itself' if self.allowed else 'no rule'}"

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
        through_service: whether it was sent to a Service that has addresses of its own.
    """

    source: PodKey | None
    destination: PodKey | None
    packet: Packet
    egress: SideAnswer
    ingress: SideAnswer
    through_service: bool = False

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
    """An end of a question.

    Attributes:
        pod: None for an address outside.
        addresses: those of the question.
        ports: protocols and numbers, if the end determines them.
        through_service: as of `PacketAnswer`.
    """

    pod: Endpoint | None
    addresses: tuple[int, ...]
    ports: tuple[tuple[int, int], ...] = ()
    through_service: bool = False


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
            addresses = tuple(one for one in pod.addresses if one in service.families)
            found.append(_End(pod, addresses, ports[key], not service.is_headless))
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
                yield judged(cluster, packet, source.pod, destination.pod, through_service=destination.through_service)


def judged(
    cluster: Cluster,
    packet: Packet,
    source: Endpoint | None,
    destination: Endpoint | None,
    *,
    through_service: bool = False,
) -> PacketAnswer:
    """The verdict on a packet and its reasons; `through_service` as of `PacketAnswer`."""
    engine = cluster.engine
    found = verdict(engine, packet, through_service=through_service)
    points = [text_to_point(str(address)) for address in (packet.source, packet.destination)]
    is_asked = max(len(engine.claimants(point)) for point in points) < 2
    if source is not None and source is destination and not through_service:
        is_asked = False  # it reaches itself
    on = packet.protocol, packet.port
    sides: list[SideAnswer] = []
    for side, subject, direction, remote, peer in (
        (found.egress, source, Direction.EGRESS, points[1], destination),
        (found.ingress, destination, Direction.INGRESS, points[0], source),
    ):
        if subject is None or not is_asked or is_own_node(engine, subject, remote):
            sides.append(SideAnswer(direction, None if subject is None else subject.key, side.allowed))
        else:
            sides.append(_side(cluster, side, Viewpoint(subject, direction, remote, peer, *on), packet))
    keys = (None if source is None else source.key, None if destination is None else destination.key)
    return PacketAnswer(*keys, packet, sides[0], sides[1], through_service)


def _side(cluster: Cluster, side: Side, viewpoint: Viewpoint, packet: Packet) -> SideAnswer:
    subject, direction = viewpoint.subject.key, viewpoint.direction
    tiers = tuple(tier_answers(cluster, viewpoint, packet, isolated=side.isolated)) if cluster.tier_policies else ()
    isolating = tuple((key, cluster.location(key, "spec.podSelector")) for key in side.policies)
    if not isolating or side.tier_rule is not None:
        return SideAnswer(direction, subject, side.allowed, isolating, tiers=tiers)
    policies = cluster.engine.policies
    rules = [answer for key in side.policies for answer in rule_answers(cluster, policies[key], viewpoint)]
    allowing = tuple(rule for rule in rules if rule.allows)
    nearest = None if side.allowed else min(rules, key=_distance, default=None)
    return SideAnswer(direction, subject, side.allowed, isolating, allowing, nearest, tiers)


def viewpoints(cluster: Cluster, answer: PacketAnswer) -> Iterator[tuple[SideAnswer, Viewpoint]]:
    """Each end that policies judge, and its verdict."""
    engine, packet = cluster.engine, answer.packet
    source = None if answer.source is None else engine.endpoint(answer.source)
    destination = None if answer.destination is None else engine.endpoint(answer.destination)
    ends = (
        (answer.egress, source, packet.destination, destination),
        (answer.ingress, destination, packet.source, source),
    )
    for side, subject, remote, peer in ends:
        if subject is not None and (side.isolating or side.tiers):
            point = text_to_point(str(remote))
            yield side, Viewpoint(subject, side.direction, point, peer, packet.protocol, packet.port)


def _distance(rule: RuleAnswer) -> int:
    return len(rule.mismatches)


def _telling(cluster: Cluster, source: _End, one: int, destination: _End, other: int) -> tuple[int, int]:
    """Where no port is asked for: one that is allowed, or else one that at least one side allows."""
    sent = side_ports(cluster.engine, source.pod, Direction.EGRESS, other, destination.pod)
    received = side_ports(cluster.engine, destination.pod, Direction.INGRESS, one, source.pod)
    for ports in (sent & received, received, sent):
        if ports and ports != PortSet.ALL:
            return ports.witness()
    return 6, 80


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


def _has_policies(engine: Engine, subject: Endpoint, direction: Direction) -> bool:
    tiers = (one for tier in Tier for one in engine.tier_policies_of(subject, tier))
    return bool(engine.policies_of(subject, direction)) or any(direction in one.directions for one in tiers)


def _assumed_by(cluster: Cluster, answer: PacketAnswer) -> set[Assumption]:
    found: set[Assumption] = set()
    to_itself = answer.source is not None and answer.source == answer.destination
    if to_itself and not (answer.egress.decided_by or answer.ingress.decided_by):
        found.add(Assumption.ITSELF)
    for side, peer in ((answer.egress, answer.destination), (answer.ingress, answer.source)):
        subject = None if side.subject is None else cluster.engine.endpoint(side.subject)
        open_anyway = side.allowed and not side.isolating and not side.tiers and not to_itself
        if subject is not None and open_anyway and _has_policies(cluster.engine, subject, side.direction):
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
        if any(tier.is_tie for tier in side.tiers):
            found.add(Assumption.SAME_PRIORITY)
    if answer.packet.protocol not in PROTOCOL_NAMES:
        found.add(Assumption.OTHER_PROTOCOLS)
    return found
