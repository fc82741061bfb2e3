"""Random clusters of one family: the words are a vocabulary's, the choices a seed's or Hypothesis's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TypeVar

from haechi.model import (
    Container,
    HostIP,
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
    Node,
    NodeAddress,
    NodeStatus,
    ObjectMeta,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
)
from tests.vocabulary import Count, Shape, Vocabulary

Object = Namespace | Node | Pod | NetworkPolicy
T = TypeVar("T")

UNREADABLE_EXPRESSIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    *(("Gt", ("1",)), ("Gt", ())),
    *(("In", ()), ("Exists", ("1",))),
)
UNREADABLE_CIDRS = ("x/8", "", "10.0.0.0", "10.0.0.0/33", "fe80::%e/64")
UNREADABLE_PORTS = (
    NetworkPolicyPort(port=80, end_port=79),
    NetworkPolicyPort(protocol="ICMP", port=80),
    NetworkPolicyPort(port=0),
    NetworkPolicyPort(port=""),
    NetworkPolicyPort(port="web", end_port=90),
    NetworkPolicyPort(end_port=90),
)
UNREADABLE_TYPES = (("Egress", "ingress"), ("",))


class Generator(ABC):
    """Draws the parts of clusters, and whole ones.

    Small numbers, first entries and few are the simplest choices.

    Args:
        words: the vocabulary.
        readable: policies have no part that is unreadable.
        tidy: pods have addresses of their own, run, and are not on the host's network; there are no nodes.
    """

    def __init__(self, words: Vocabulary, *, readable: bool = True, tidy: bool = False) -> None:
        self.words = words
        self.readable = readable
        self.tidy = tidy

    # -- choices ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def integer(self, least: int, most: int) -> int:
        """A number from `least` to `most`."""

    @abstractmethod
    def some(self, part: Callable[[Generator], T], count: Count) -> tuple[T, ...]:
        """As many of a part as the count allows."""

    def one(self, options: Sequence[T]) -> T:
        """One of these."""
        return options[self.integer(0, len(options) - 1)]

    @abstractmethod
    def several(self, options: Sequence[T], count: Count) -> tuple[T, ...]:
        """As many of these as the count allows, some perhaps twice."""

    def chance(self, percent: int) -> bool:
        """True in `percent` of a hundred cases."""
        return percent > 0 and self.integer(0, 99) >= 100 - percent

    # -- clusters ---------------------------------------------------------------------------------------------------

    def objects(self, pods: Count, policies: Count) -> list[Object]:
        """A cluster with so many pods and policies."""
        words, is_there = self.words, self.words.declared
        found: list[Object] = [
            self.namespace(name) for name in dict.fromkeys(words.namespaces) if self.chance(is_there)
        ]
        found += [self.node(name) for name in words.nodes if not self.tidy and self.chance(is_there)]
        found += [self.pod(number) for number in range(self.integer(*pods))]
        found += [self.policy(name) for name in words.policies[: self.integer(*policies)]]
        return found

    def object(self) -> Object:
        """Any one object; pods and policies most often."""
        return self.one(_KINDS)(self)

    # -- namespaces and nodes ---------------------------------------------------------------------------------------

    def labels(self, keys: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, str]:
        """Labels of a pod."""
        share = self.words.labelled
        return {key: self.one(values) for key, values in (keys or self.words.labels).items() if self.chance(share)}

    def namespace(self, name: str | None = None) -> Namespace:
        """A namespace."""
        name = name or self.one(self.words.namespaces)
        return Namespace(metadata=ObjectMeta(name=name, labels=self.labels(self.words.namespace_labels)))

    def node(self, name: str | None = None) -> Node:
        """A node, with an address that may be a pod's too."""
        address = NodeAddress(type="InternalIP", address=self.one(self.words.node_addresses))
        meta = ObjectMeta(name=name or self.one(self.words.nodes))
        return Node(metadata=meta, status=NodeStatus(addresses=(address,)))

    # -- pods -------------------------------------------------------------------------------------------------------

    def pod(self, number: int | None = None) -> Pod:
        """The pod of this number, or any."""
        words = self.words
        one = words.pods[number] if number is not None else self.one(words.pods)
        addresses = self._addresses(one.own)
        return Pod(
            metadata=ObjectMeta(name=one.name, namespace=self.one(one.namespaces), labels=self.labels()),
            spec=PodSpec(
                node_name=self.one(one.nodes),
                host_network=not self.tidy and self.chance(words.host_network),
                containers=self.some(Generator.container, words.containers),
            ),
            status=PodStatus(
                phase="Running" if self.tidy else self.one(words.phases),
                pod_ips=tuple(PodIP(ip=text) for text in addresses),
                host_ips=() if self.tidy else tuple(HostIP(ip=text) for text in self.one(words.host_ips)),
            ),
        )

    def _addresses(self, own: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
        if self.tidy or not self.chance(self.words.borrowers):
            return self.one(own)
        beside = self.one(own) if self.chance(50) else ()
        return (*beside, *self.several(self.words.addresses, self.words.borrowed))

    def container(self) -> Container:
        """A container of a pod."""
        words = self.words
        return Container(name="main", ports=self.several(words.container_ports, words.ports_of_container))

    # -- policies ---------------------------------------------------------------------------------------------------

    def policy(self, name: str | None = None) -> NetworkPolicy:
        """A policy."""
        words = self.words
        ingress, egress = self.some(Generator.ingress_rule, words.rules), self.some(Generator.egress_rule, words.rules)
        types = self.one(words.policy_types)
        if types is None:  # what has no rules denies all, which exercises little
            types = (*(("Ingress",) if ingress else ()), *(("Egress",) if egress else ()))
        if self._is_unreadable(5):
            types = self.one(UNREADABLE_TYPES)
        return NetworkPolicy(
            metadata=ObjectMeta(name=name or self.one(words.policies), namespace=self.one(words.namespaces)),
            spec=NetworkPolicySpec(
                pod_selector=self._selector(words.subjects, words.pairs),
                policy_types=types,
                ingress=ingress,
                egress=egress,
            ),
        )

    def subject(self) -> LabelSelector:
        """The selector of a policy's own pods."""
        return self._selector(self.words.subjects, self.words.pairs)

    def ingress_rule(self) -> NetworkPolicyIngressRule:
        """A rule for those who may connect."""
        return NetworkPolicyIngressRule(from_=self.peers(), ports=self.ports())

    def egress_rule(self) -> NetworkPolicyEgressRule:
        """A rule for what may be connected to."""
        return NetworkPolicyEgressRule(to=self.peers(), ports=self.ports())

    def peers(self) -> tuple[NetworkPolicyPeer, ...]:
        """The peers of a rule."""
        return self.some(Generator.peer, self.words.peers_of_rule)

    def peer(self) -> NetworkPolicyPeer:
        """One peer of a rule."""
        kind = self.one(self.words.peers)
        if self._is_unreadable(5):
            kind = self.one(("nobody", "mixed"))
        return NetworkPolicyPeer(
            pod_selector=self.selector() if kind in ("pods", "both", "mixed") else None,
            namespace_selector=self.namespace_selector() if kind in ("namespaces", "both") else None,
            ip_block=self.block() if kind in ("block", "mixed") else None,
        )

    def selector(self) -> LabelSelector:
        """A selector of pods by labels."""
        return self._selector(self.words.selectors, self.words.pairs)

    def _selector(self, shapes: tuple[Shape, ...], pairs: tuple[tuple[str, str], ...]) -> LabelSelector:
        labels, expressions = self.one(shapes)
        return LabelSelector(
            match_labels=dict(self.several(pairs, labels)),
            match_expressions=self.some(Generator.requirement, expressions),
        )

    def requirement(self) -> LabelSelectorRequirement:
        """An expression of a selector."""
        words = self.words
        key, options = self.one(words.expressible)
        operator = self.one(words.operators)
        values = self.several(options, words.values) if operator in ("In", "NotIn") else ()
        if self._is_unreadable(15):
            operator, values = self.one(UNREADABLE_EXPRESSIONS)
        return LabelSelectorRequirement(key=key, operator=operator, values=values)

    def namespace_selector(self) -> LabelSelector:
        """A selector of namespaces, by labels or by name."""
        if not self.chance(self.words.named):
            return self._selector(self.words.scopes, self.words.namespace_pairs)
        names = self.several(self.words.namespaces, (1, 2))
        operator = self.one(("In", "NotIn"))
        expression = LabelSelectorRequirement(key="kubernetes.io/metadata.name", operator=operator, values=names)
        return LabelSelector(match_expressions=(expression,))

    def block(self) -> IPBlock:
        """An ipBlock."""
        if self._is_unreadable(10):
            return IPBlock(cidr=self.one(UNREADABLE_CIDRS))
        block = self.one(self.words.blocks)
        excepts = self.several(self.words.excepts, self.words.excepted) if self.words.excepts else ()
        return IPBlock(cidr=block.cidr, except_=(*block.except_, *excepts))

    def ports(self) -> tuple[NetworkPolicyPort, ...]:
        """The ports of a rule."""
        return () if self.chance(self.words.everywhere) else self.some(Generator.port, self.words.ports_of_rule)

    def port(self) -> NetworkPolicyPort:
        """An entry of the ports of a rule."""
        if self._is_unreadable(10):
            return self.one(UNREADABLE_PORTS)
        entry = self.one(self.words.ports)
        if not isinstance(entry.port, int) or entry.end_port is not None or not self.chance(self.words.ranged):
            return entry
        last = entry.port + self.integer(0, self.words.length)
        return NetworkPolicyPort(protocol=entry.protocol, port=entry.port, end_port=last)

    def _is_unreadable(self, percent: int) -> bool:
        return not self.readable and self.chance(percent)


_KINDS: tuple[Callable[[Generator], Object], ...] = (
    *(Generator.pod, Generator.pod, Generator.policy, Generator.policy),
    *(Generator.namespace, Generator.node),
)


class Seeded(Generator):
    """Equal seeds give equal parts."""

    def __init__(self, random: Random, words: Vocabulary, *, readable: bool = True, tidy: bool = False) -> None:
        super().__init__(words, readable=readable, tidy=tidy)
        self._random = random

    def integer(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def some(self, part: Callable[[Generator], T], count: Count) -> tuple[T, ...]:
        return tuple(part(self) for _ in range(self._random.randint(*count)))

    def several(self, options: Sequence[T], count: Count) -> tuple[T, ...]:
        return tuple(self._random.choices(options, k=self._random.randint(*count)))
