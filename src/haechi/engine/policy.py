"""A NetworkPolicy as the engine works with it.

Why: selectors, CIDRs and ports are read once, when a policy arrives. Promises that a policy with a part that cannot be
read still isolates: the rule around that part allows nothing, the defect is kept with its path, and no other policy is
touched (design section 1.3). Where the pod selector itself cannot be read, the policy isolates what its readable part
selects and allows nothing; where policyTypes cannot, it isolates in both directions and allows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from haechi.engine.selection import ANY_POD, ANYWHERE, NamedPeer, Peers, PodSelection
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
)
from haechi.select import EVERYTHING, InvalidSelector, Selector
from haechi.sets import PROTOCOL_NUMBERS, AddressSet, PortSet


class Defect(NamedTuple):
    """A part of a policy that could not be read.

    Attributes:
        path: as in API errors: `spec.ingress[0].from[1]`.
        reason: why not.
        rule: the rule that it is a part of; None for a part of another field.
    """

    path: str
    reason: str
    rule: RuleRef | None = None


class Unreadable(ValueError):
    """A part that means nothing."""


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule: any of `peers` on any of `ports`, or on the number behind any of `names`.

    Attributes:
        peers: whom the rule allows.
        ports: on which ports; `PortSet.ALL` for a rule without ports.
        names: IP protocol number and port name, to be looked up on the server's pod.
    """

    peers: Peers
    ports: PortSet
    names: tuple[tuple[int, str], ...] = ()

    @classmethod
    def read(cls, rule: NetworkPolicyIngressRule | NetworkPolicyEgressRule, namespace: str) -> PolicyRule:
        """Read one item of `ingress` or `egress` of a policy of this namespace.

        Raises:
            ValueError: a part of it means nothing.
        """
        peers = Peers.union([read_peer(peer, namespace) for peer in rule.peers]) if rule.peers else ANYWHERE
        return cls(peers, *read_ports(rule.ports)) if rule.ports else cls(peers, PortSet.ALL)

    def named_peers(self) -> Iterator[NamedPeer]:
        """What an egress rule allows through port names: only pods have them."""
        selections = (ANY_POD,) if self.peers.anywhere else self.peers.selections
        return (NamedPeer(selection, *name) for name in self.names for selection in selections)


@dataclass(frozen=True, slots=True)
class Policy:
    """A NetworkPolicy, read.

    Attributes:
        key: namespace and name.
        subject: the pods it selects.
        directions: the directions in which they are isolated.
        ingress: the readable rules for connections to them, whatever `directions` says.
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
    def read(cls, policy: NetworkPolicy) -> Policy:
        """Read an API object as the API server would default it (networking/v1 defaults)."""
        spec, namespace = policy.spec, policy.namespace
        defects: list[Defect] = []
        subject = _subject(spec.pod_selector, defects)
        directions = _directions(policy, defects)
        closed = bool(defects)
        key = PolicyKey(namespace, policy.name)
        ingress = _rules(spec.ingress, key, Direction.INGRESS, defects)
        egress = _rules(spec.egress, key, Direction.EGRESS, defects)
        return cls(
            key,
            PodSelection(namespace, subject),
            directions,
            () if closed else ingress,
            () if closed else egress,
            tuple(defects),
        )

    def rules(self, direction: Direction) -> tuple[PolicyRule, ...]:
        """The rules that count for one direction."""
        if direction not in self.directions:
            return ()
        return self.ingress if direction is Direction.INGRESS else self.egress

    def referenced(self, direction: Direction) -> Iterator[tuple[RuleRef, PolicyRule]]:
        """The rules that count for one direction, each with its place in the specification."""
        unreadable = {
            defect.rule.index for defect in self.defects if defect.rule and defect.rule.direction is direction
        }
        readable = (index for index in count() if index not in unreadable)
        for index, rule in zip(readable, self.rules(direction), strict=False):
            yield RuleRef(self.key, direction, index), rule

    def selections(self) -> set[PodSelection]:
        """Every group of pods that this policy's verdicts depend on."""
        found = {self.subject}
        for rule in self.rules(Direction.INGRESS):
            found |= rule.peers.selections
        for rule in self.rules(Direction.EGRESS):
            found |= rule.peers.selections
            if rule.names and rule.peers.anywhere:
                found.add(ANY_POD)
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
    """Every part of a rule that cannot be read."""
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
    """What some items of `ports` mean together: numbers, and names with their IP protocol numbers.

    Raises:
        ValueError: one of them means nothing.
    """
    numbered: list[PortSet] = []
    names: set[tuple[int, str]] = set()
    for port in ports:
        _port(port, numbered.append, names.add)
    return PortSet.union_all(numbered) if len(numbered) != 1 else numbered[0], tuple(sorted(names))


def read_peer(peer: NetworkPolicyPeer, namespace: str) -> Peers:
    """Whom one item of `from` or `to` means in a policy of this namespace.

    Raises:
        ValueError: it means nothing: neither or both of labels and ipBlock, an unreadable selector or CIDR.
    """
    if peer.ip_block is not None:
        if peer.pod_selector is not None or peer.namespace_selector is not None:
            raise Unreadable("a peer has both an ipBlock and a selector")
        block = _block(peer.ip_block.cidr)
        return Peers(blocks=block - AddressSet.union_all([_block(cidr) for cidr in peer.ip_block.except_]))
    pods = EVERYTHING if peer.pod_selector is None else Selector.parse(peer.pod_selector)
    if peer.namespace_selector is not None:
        return Peers(selections=frozenset((PodSelection.of(Selector.parse(peer.namespace_selector), pods),)))
    if peer.pod_selector is None:
        raise Unreadable("a peer names nobody")
    return Peers(selections=frozenset((PodSelection(namespace, pods),)))


def _block(cidr: str) -> AddressSet:
    if "/" not in cidr:  # a single address is an address set, but no CIDR
        raise Unreadable(f"{cidr!r}: not a CIDR")
    return AddressSet.from_cidr(cidr)


def _port(
    port: NetworkPolicyPort, numbered: Callable[[PortSet], None], named: Callable[[tuple[int, str]], None]
) -> None:
    protocol = PROTOCOL_NUMBERS.get("TCP" if port.protocol is None else port.protocol)
    if protocol is None:
        raise Unreadable(f"protocol {port.protocol!r} is not TCP, UDP or SCTP")
    if isinstance(port.port, int):
        last = port.port if port.end_port is None else port.end_port
        if not 1 <= port.port <= last <= 65535:
            raise Unreadable(f"ports {port.port} to {last} are not within 1 and 65535")
        numbered(_port_set(protocol, port.port, last))
    elif port.end_port is not None:
        raise Unreadable("endPort without a numeric port")
    elif port.port is None:
        numbered(_port_set(protocol, 0, 65535))
    elif port.port == "":
        raise Unreadable("a port has an empty name")
    else:
        named((protocol, port.port))


@lru_cache(maxsize=65_536)
def _port_set(protocol: int, first: int, last: int) -> PortSet:
    """One value for each range that occurs: the same few ports stand in thousands of policies."""
    return PortSet.port(protocol, first, last)
