"""A NetworkPolicy as the engine uses it.

Why: selectors, CIDRs and ports are read once, when a policy is added. A policy with a part that cannot be read still
isolates: the rule that contains the part allows nothing, the defect is recorded with its path, and no other policy is
affected. If the pod selector cannot be read, the policy isolates what its readable part selects and allows nothing; if
policyTypes cannot, it isolates in both directions and allows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from haechi.engine.selection import ANY_POD, ANYWHERE, NamedPeer, Peers, PodSelection
from haechi.errors import HaechiError
from haechi.model import (
    Direction,
    LabelSelector,
    LabelSelectorRequirement,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    PolicyKey,
    RuleRef,
    TierRuleRef,
)
from haechi.select import EVERYTHING, InvalidSelector, Selector
from haechi.sets import PROTOCOL_NUMBERS, AddressSet, PortSet


class Defect(NamedTuple):
    """A part of a policy that could not be read.

    Attributes:
        path: as in errors of the API server: `spec.ingress[0].from[1]`.
        reason: why it cannot be read.
        rule: the rule that contains it; None for other fields.
    """

    path: str
    reason: str
    rule: RuleRef | TierRuleRef | None = None


class UnreadablePart(HaechiError, ValueError):
    """A part of a policy that cannot be read."""


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule: any of `peers` on any of `ports`, or on the number of any of `names`.

    Attributes:
        peers: the peers that the rule allows.
        ports: the ports on which it does; `PortSet.ALL` for a rule without ports.
        names: IP protocol number and port name, resolved on the server's pod.
        blocks_match_pods: whether ipBlocks among the peers match pods whose addresses they contain.
    """

    peers: Peers
    ports: PortSet
    names: tuple[tuple[int, str], ...] = ()
    blocks_match_pods: bool = True

    @classmethod
    def read(cls, rule: NetworkPolicyIngressRule | NetworkPolicyEgressRule, namespace: str) -> PolicyRule:
        """Read one item of `ingress` or `egress` of a policy of this namespace.

        Raises:
            ValueError: a part of it cannot be read.
        """
        peers = Peers.union([read_peer(peer, namespace) for peer in rule.peers]) if rule.peers else ANYWHERE
        return cls(peers, *read_ports(rule.ports)) if rule.ports else cls(peers, PortSet.ALL)

    def named_peers(self) -> Iterator[NamedPeer]:
        """What an egress rule allows by port names, which only pods have: those in an ipBlock as well."""
        peers = self.peers
        for name in self.names:
            yield from (NamedPeer(selection, *name) for selection in peers.selections)
            if peers.anywhere or (peers.blocks and self.blocks_match_pods):
                yield NamedPeer(ANY_POD, *name, AddressSet.ALL if peers.anywhere else peers.blocks)


@dataclass(frozen=True, slots=True)
class Policy:
    """A NetworkPolicy, read.

    Attributes:
        key: namespace and name.
        subject: the pods it selects.
        directions: the directions in which they are isolated.
        ingress: the readable rules for connections to them, even if `directions` does not contain Ingress.
        egress: the readable rules for connections from them.
        defects: what could not be read.
    """

    key: PolicyKey
    subject: PodSelection
    directions: frozenset[Direction]
    ingress: tuple[PolicyRule, ...] = ()
    egress: tuple[PolicyRule, ...] = ()
    defects: tuple[Defect, ...] = ()

    @classmethod
    def read(cls, policy: NetworkPolicy, *, ipblock_matches_pods: bool = True) -> Policy:
        """Read an API object with the defaults of the API server (networking/v1)."""
        spec, namespace = policy.spec, policy.namespace
        defects: list[Defect] = []
        subject = _subject(spec.pod_selector, defects)
        directions = _directions(policy, defects)
        closed = bool(defects)
        key = PolicyKey(namespace, policy.name)
        ingress = _rules(spec.ingress, key, Direction.INGRESS, defects)
        egress = _rules(spec.egress, key, Direction.EGRESS, defects)
        if not ipblock_matches_pods:
            egress = tuple(replace(rule, blocks_match_pods=False) for rule in egress)
        return cls(
            key,
            PodSelection(namespace, subject),
            directions,
            () if closed else ingress,
            () if closed else egress,
            tuple(defects),
        )

    def rules(self, direction: Direction) -> tuple[PolicyRule, ...]:
        """The rules that apply in one direction."""
        if direction not in self.directions:
            return ()
        return self.ingress if direction is Direction.INGRESS else self.egress

    def referenced(self, direction: Direction) -> Iterator[tuple[RuleRef, PolicyRule]]:
        """The rules that apply in one direction, each with its reference."""
        unreadable = {
            defect.rule.index for defect in self.defects if defect.rule and defect.rule.direction is direction
        }
        readable = (index for index in count() if index not in unreadable)
        for index, rule in zip(readable, self.rules(direction), strict=False):
            yield RuleRef(self.key, direction, index), rule

    def selections(self) -> set[PodSelection]:
        """All selections that this policy's verdicts depend on."""
        found = {self.subject}
        for rule in self.rules(Direction.INGRESS):
            found |= rule.peers.selections
        for rule in self.rules(Direction.EGRESS):
            found |= rule.peers.selections
            found |= {peer.selection for peer in rule.named_peers()}
        return found


def _directions(policy: NetworkPolicy, defects: list[Defect]) -> frozenset[Direction]:
    given = policy.spec.policy_types
    if not given:
        return _BOTH if policy.spec.egress else _INGRESS
    for number, direction in enumerate(given):
        if direction not in _BOTH:
            defects.append(Defect(f"spec.policyTypes[{number}]", f"{direction!r} is neither Ingress nor Egress"))
            return _BOTH
    return frozenset(map(Direction, given))


_BOTH = frozenset(Direction)
_INGRESS = frozenset({Direction.INGRESS})


def _subject(selector: LabelSelector, defects: list[Defect]) -> Selector:
    """The pod selector; of an unreadable one, the readable part."""
    try:
        return Selector.parse(selector)
    except InvalidSelector as error:
        defects.append(Defect("spec.podSelector", str(error)))
    readable = tuple(expression for expression in selector.match_expressions if _is_readable(expression))
    return Selector.parse(LabelSelector(match_labels=selector.match_labels, match_expressions=readable))


def _is_readable(expression: LabelSelectorRequirement) -> bool:
    try:
        Selector.parse(LabelSelector(match_expressions=(expression,)))
    except InvalidSelector:
        return False
    return True


def _rules(
    rules: Sequence[NetworkPolicyIngressRule | NetworkPolicyEgressRule],
    policy: PolicyKey,
    direction: Direction,
    defects: list[Defect],
) -> tuple[PolicyRule, ...]:
    found: list[PolicyRule] = []
    for index, rule in enumerate(rules):
        try:
            found.append(PolicyRule.read(rule, policy.namespace))
        except ValueError:
            defects += _defects(rule, RuleRef(policy, direction, index))
    return tuple(found)


def _defects(rule: NetworkPolicyIngressRule | NetworkPolicyEgressRule, ref: RuleRef) -> Iterator[Defect]:
    """The parts of a rule that cannot be read."""
    peers = "from" if isinstance(rule, NetworkPolicyIngressRule) else "to"
    for number, peer in enumerate(rule.peers):
        try:
            read_peer(peer, ref.policy.namespace)
        except ValueError as error:
            yield Defect(f"{ref.path}.{peers}[{number}]", str(error), ref)
    numbered: list[PortSet] = []
    names: set[tuple[int, str]] = set()
    for number, port in enumerate(rule.ports):
        try:
            _port(port, numbered.append, names.add)
        except ValueError as error:
            yield Defect(f"{ref.path}.ports[{number}]", str(error), ref)


def read_ports(ports: Sequence[NetworkPolicyPort]) -> tuple[PortSet, tuple[tuple[int, str], ...]]:
    """The union of items of `ports`: numbers, and names with their IP protocol numbers.

    Raises:
        ValueError: one of them cannot be read.
    """
    numbered: list[PortSet] = []
    names: set[tuple[int, str]] = set()
    for port in ports:
        _port(port, numbered.append, names.add)
    return PortSet.union_all(numbered) if len(numbered) != 1 else numbered[0], tuple(sorted(names))


def read_peer(peer: NetworkPolicyPeer, namespace: str) -> Peers:
    """The peers of one item of `from` or `to` in a policy of this namespace.

    Raises:
        ValueError: it has neither or both of selectors and ipBlock, or a selector or CIDR that cannot be read.
    """
    if peer.ip_block is not None:
        if peer.pod_selector is not None or peer.namespace_selector is not None:
            raise UnreadablePart("a peer has both an ipBlock and a selector")
        block = _block(peer.ip_block.cidr)
        return Peers(blocks=block - AddressSet.union_all([_block(cidr) for cidr in peer.ip_block.except_]))
    pods = EVERYTHING if peer.pod_selector is None else Selector.parse(peer.pod_selector)
    if peer.namespace_selector is not None:
        return Peers(selections=frozenset((PodSelection.of(Selector.parse(peer.namespace_selector), pods),)))
    if peer.pod_selector is None:
        raise UnreadablePart("a peer has neither a selector nor an ipBlock")
    return Peers(selections=frozenset((PodSelection(namespace, pods),)))


def _block(cidr: str) -> AddressSet:
    if "/" not in cidr:  # a single address is an address set, but not a CIDR
        raise UnreadablePart(f"{cidr!r}: not a CIDR")
    return AddressSet.from_cidr(cidr)


def _port(
    port: NetworkPolicyPort, numbered: Callable[[PortSet], None], named: Callable[[tuple[int, str]], None]
) -> None:
    protocol = PROTOCOL_NUMBERS.get("TCP" if port.protocol is None else port.protocol)
    if protocol is None:
        raise UnreadablePart(f"protocol {port.protocol!r} is not TCP, UDP or SCTP")
    if isinstance(port.port, int):
        last = port.port if port.end_port is None else port.end_port
        if not 1 <= port.port <= last <= 65535:
            raise UnreadablePart(f"ports {port.port} to {last} are not within 1 and 65535")
        numbered(_port_set(protocol, port.port, last))
    elif port.end_port is not None:
        raise UnreadablePart("endPort without a numeric port")
    elif port.port is None:
        numbered(_port_set(protocol, 0, 65535))
    elif port.port == "":
        raise UnreadablePart("a port has an empty name")
    else:
        named((protocol, port.port))


@lru_cache(maxsize=65_536)
def _port_set(protocol: int, first: int, last: int) -> PortSet:
    """One value for each distinct range: thousands of policies share a few of them."""
    return PortSet.port(protocol, first, last)
