"""What of some traffic passes, exactly: both ends of every packet, for sets of packets.

An assertion is about all packets between two groups, and a group may be half the Internet. For one address and any
traffic between it and others, this computes exactly the packets that `haechi.engine.verdict` allows, and the rules that
allow a packet. The cost depends on the policies and on what is asked, not on the number of pairs of addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from haechi.analysis.cluster import Cluster, Names
from haechi.engine import Endpoint, Engine, NamedPort, PolicyRule, PolicySet, Stages, points, traffic
from haechi.model import Direction, ExternalHost, Pod, RuleRef
from haechi.sets import AddressSet, PortSet, Traffic, point_to_text


class _Senders(NamedTuple):
    """Addresses of pods with the same egress policies on the same node."""

    addresses: AddressSet
    stages: Stages
    near: AddressSet


@dataclass(frozen=True)
class World:
    """A cluster to make assertions about.

    Attributes:
        engine: what its policies mean.
        namespaces: labels of the declared namespaces, by name.
        named: addresses (points of `haechi.sets.AddressSet`) of everything that policies do not treat as a pod:
            `host/NAME` for an outside host, `namespace/name` for a pod on its node's network.
        naming: what its pods, workloads and Services are called.
    """

    engine: Engine
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    named: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    naming: Names = field(default_factory=lambda: Names({}, {}))
    _known: dict[int, tuple[Stages, Traffic]] = field(default_factory=dict, repr=False, compare=False)
    _alone: dict[tuple[RuleRef, tuple[NamedPort, ...]], Stages] = field(default_factory=dict, repr=False, compare=False)
    _near: dict[tuple[str, tuple[int, ...]], AddressSet] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, cluster: Cluster, hosts: Mapping[str, Iterable[str]] | None = None) -> World:
        """The world of a cluster and its ExternalHosts.

        Args:
            cluster: whose pods, namespaces and policies.
            hosts: the addresses of further outside hosts, by name.
        """
        nodes = {node.name: node.addresses for node in cluster.nodes}
        named = {name: points(addresses) for name, addresses in (hosts or {}).items()}
        for one in cluster.given:
            if isinstance(one, ExternalHost):
                named[f"host/{one.name}"] = points(one.addresses)
            elif isinstance(one, Pod) and one.spec.host_network and not one.completed:
                named[one.key] = points(one.addresses or nodes.get(one.spec.node_name, ()))
        labels = {namespace.name: namespace.labels for namespace in cluster.namespaces}
        return cls(cluster.engine, labels, named, Names.of(cluster))

    @cached_property
    def pods(self) -> tuple[Endpoint, ...]:
        """All pods that policies see, by key."""
        return tuple(sorted(self.engine.endpoints, key=lambda endpoint: endpoint.key))

    @cached_property
    def pods_in(self) -> Mapping[str, tuple[Endpoint, ...]]:
        """The same by namespace."""
        found: dict[str, list[Endpoint]] = {}
        for endpoint in self.pods:
            found.setdefault(endpoint.key.namespace, []).append(endpoint)
        return {name: tuple(pods) for name, pods in found.items()}

    @cached_property
    def names(self) -> dict[int, str]:
        """The name of each address that has one."""
        found: dict[int, str] = {address: name for name, addresses in self.named.items() for address in addresses}
        for endpoint in reversed(self.pods):
            for address in endpoint.addresses:
                several = address in self.disputed
                found[address] = f"{point_to_text(address)} of several pods" if several else str(endpoint.key)
        return found

    @cached_property
    def known(self) -> AddressSet:
        """The addresses that have a name."""
        return AddressSet.of(*self.names)

    @cached_property
    def claimed(self) -> AddressSet:
        """All addresses of these pods."""
        return AddressSet.of(*{address for endpoint in self.engine.endpoints for address in endpoint.addresses})

    @cached_property
    def order(self) -> Mapping[int, int]:
        """The position of each claimed address in reports: by name, then by address."""
        points = {address for endpoint in self.engine.endpoints for address in endpoint.addresses}
        names = self.names
        return {address: place for place, address in enumerate(sorted(points, key=lambda a: (names[a], a)))}

    @cached_property
    def disputed(self) -> AddressSet:
        """The addresses that several pods claim: nothing passes there."""
        claims = [address for endpoint in self.engine.endpoints for address in endpoint.addresses]
        return AddressSet.of(*{address for address in claims if self.engine.owner(address) is None})

    def near(self, endpoint: Endpoint) -> AddressSet:
        """Addresses of the pod's own node, from and to which everything passes."""
        key = (endpoint.node, endpoint.host_addresses)
        found = self._near.get(key)
        if found is None:
            found = AddressSet.of(*endpoint.host_addresses, *self.engine.node_addresses(endpoint.node))
            self._near[key] = found
        return found

    @cached_property
    def nodes(self) -> AddressSet:
        """Addresses of the nodes of all pods."""
        return AddressSet.union_all({self.near(endpoint) for endpoint in self.engine.endpoints})

    def passing(self, address: int, direction: Direction, asked: Traffic) -> Traffic:
        """The part of `asked` that passes between an address that a pod claims and others.

        Args:
            address: the pod's.
            direction: Ingress: `asked` is by the address of the client; Egress: by that of the server, which must be
                outside the pods.
            asked: nothing between the pod and itself.
        """
        owner = self.engine.owner(address)
        if owner is None:
            return Traffic.NONE
        mine = self._side(owner, direction, asked)
        return mine - self._withheld(address, mine.addresses) if direction is Direction.INGRESS else mine

    def _side(self, endpoint: Endpoint, direction: Direction, asked: Traffic) -> Traffic:
        stages = self._stages(endpoint, direction)
        if not stages:
            return asked
        return asked & self._traffic(stages) | asked.restricted(self.near(endpoint), PortSet.ALL)

    def _withheld(self, address: int, sources: AddressSet) -> Traffic:
        """What the egress policies of the `sources` deny towards an address."""
        terms = [(self.disputed & sources, PortSet.ALL)]
        for some in self._senders:
            here = some.addresses & sources
            if here and address not in some.near:
                terms.append((here, PortSet.ALL - self._traffic(some.stages).at(address)))
        return Traffic.from_terms(terms)

    @cached_property
    def _senders(self) -> tuple[_Senders, ...]:
        """All pods whose egress something judges."""
        groups: dict[tuple[int, AddressSet], tuple[Stages, list[int]]] = {}
        for endpoint in self.engine.endpoints:
            stages = self._stages(endpoint, Direction.EGRESS)
            if stages:
                own = [address for address in endpoint.addresses if self.engine.owner(address) is endpoint]
                groups.setdefault((id(stages), self.near(endpoint)), (stages, []))[1].extend(own)
        return tuple(
            _Senders(AddressSet.of(*addresses), stages, near) for (_, near), (stages, addresses) in groups.items()
        )

    def _stages(self, endpoint: Endpoint, direction: Direction) -> Stages:
        return self.engine.stages(endpoint)[0 if direction is Direction.EGRESS else 1]

    def _traffic(self, stages: Stages) -> Traffic:
        found = self._known.get(id(stages))
        if found is None:  # keeping the stages keeps their identity unique
            found = self._known[id(stages)] = (stages, traffic(self.engine, stages))
        return found[1]

    # -- rules -------------------------------------------------------------------------------------------------------

    @cached_property
    def rules(self) -> Mapping[RuleRef, PolicyRule]:
        """Every rule that counts and can be read, by policy and place."""
        return {
            ref: rule
            for _, policy in sorted(self.engine.policies.items())
            for direction in Direction
            for ref, rule in policy.referenced(direction)
        }

    @property
    def tier_rule_count(self) -> int:
        """How many rules policies of tiers have."""
        return sum(len(one.rules(each)) for one in self.engine.tier_policies.values() for each in Direction)

    def rules_of(self, endpoint: Endpoint, direction: Direction) -> Iterator[RuleRef]:
        """The rules of the policies that isolate a pod in a direction."""
        for key in sorted(self.engine.policies_of(endpoint, direction)):
            yield from (ref for ref, _ in self.engine.policies[key].referenced(direction))

    def allowed_by(self, key: RuleRef, endpoint: Endpoint | None = None) -> Traffic:
        """What one rule allows, by the address of the other end; for `endpoint` see `alone`."""
        return self._traffic(self.alone(key, endpoint))

    def alone(self, key: RuleRef, endpoint: Endpoint | None = None) -> Stages:
        """One rule as if there were no other.

        Args:
            key: the rule.
            endpoint: a pod that its policy isolates; not needed for Egress, where port names are the other end's.
        """
        rule = self.rules[key]
        ports = endpoint.ports if endpoint is not None and key.direction is Direction.INGRESS and rule.names else ()
        found = self._alone.get((key, ports))
        if found is None:
            policy = replace(self.engine.policies[key.policy], ingress=(rule,), egress=(rule,))
            found = self._alone[key, ports] = (PolicySet.of(key.direction, [policy], ports),)
        return found
