"""The lab that assertions need: its outside hosts, the connections to try, and the judgement of what was observed.

Promises that every address that an assertion names has a host in the lab, if a host can have it, that each range has
one in it, and that every connection between pods and hosts that an assertion is about is tried on the first and the
last of its ports. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_address

from haechi.analysis.assertions import (
    AssertionCheck,
    Judgement,
    ObservedConnection,
    Suite,
    World,
    checks,
    judge_observed,
    single_addresses,
)
from haechi.analysis.cluster import Cluster
from haechi.lab import PROTOCOLS, LabCluster, Port, ProbePlan, ports_to_probe, usable
from haechi.model import Packet, Service
from haechi.report import LabRun, ProbeResult
from haechi.sets import PROTOCOL_NUMBERS, AddressSet, PortSet, point_to_text, text_to_point

_MOST_TRIED = 16
"""Addresses of a range that are tried until one is free and usable."""


@dataclass(frozen=True)
class Trial:
    """Assertions and the lab in which they are to be tried; `services` are names for pods."""

    suites: tuple[Suite, ...]
    cluster: LabCluster
    services: tuple[Service, ...] = ()

    @classmethod
    def of(
        cls,
        suites: tuple[Suite, ...],
        cluster: LabCluster,
        families: Iterable[int],
        services: tuple[Service, ...] = (),
    ) -> Trial:
        """The trial in a lab that has hosts at the addresses that the assertions name."""
        owned = [*(node.addresses for node in cluster.nodes), *(pod.addresses for pod in cluster.pods)]
        taken = {text_to_point(text) for own in (*owned, *cluster.hosts.values()) for text in own}
        hosts, descriptions = dict(cluster.hosts), dict(cluster.descriptions)
        window = AddressSet.union_all([AddressSet.V4 if family == 4 else AddressSet.V6 for family in families])
        for suite in suites:
            for assertion in suite.assertions:
                for addresses in single_addresses(assertion):
                    text = _free(addresses & window, taken)
                    if text:
                        taken.add(text_to_point(text))
                        hosts[f"outside/{text}"] = (text,)
                        descriptions[f"outside/{text}"] = f"witness in {addresses}"
        return cls(suites, replace(cluster, hosts=hosts, descriptions=descriptions), services)

    @cached_property
    def world(self) -> World:
        """The lab's cluster as assertions see it."""
        return World.of(Cluster.of((*self.cluster.objects, *self.services)), self.cluster.hosts)

    def plan(self) -> ProbePlan:
        """The endpoints and ports that the assertions are about."""
        asked = [
            check
            for suite in self.suites
            for assertion in suite.assertions
            for check in checks(self.world, assertion, suite.namespace)[0]
        ]
        endpoints = self.cluster.endpoints
        points = {name: tuple(map(text_to_point, addresses)) for name, addresses in endpoints.items()}
        sources = AddressSet.union_all([check.sources.addresses for check in asked])
        destinations = AddressSet.union_all([check.destinations.addresses for check in asked])
        return ProbePlan(
            tuple(sorted(self._ports(asked), key=lambda port: (port[1], PROTOCOLS.index(port[0])))),
            frozenset(name for name, own in points.items() if any(point in sources for point in own)),
            frozenset(name for name, own in points.items() if any(point in destinations for point in own)),
        )

    def _ports(self, asked: Iterable[AssertionCheck]) -> set[Port]:
        usual = ports_to_probe(self.cluster.policies, self.cluster.pods)
        found: set[Port] = set()
        for check in asked:
            servers = (None, *self.world.pods) if check.ports.names else (None,)
            ports = PortSet.union_all([check.ports.on(server) for server in servers])
            if ports == PortSet.ALL:
                found.update(usual)
                continue
            for number, first, last in ports.parts():
                protocol = next(each for each in PROTOCOLS if PROTOCOL_NUMBERS[each] == number)
                found |= {(protocol, max(first, 1)), (protocol, last)}
                found |= {port for port in usual if port[0] == protocol and first <= port[1] <= last}
        return found

    def judged(self, run: LabRun) -> Judgement:
        """The assertions, judged on the results of a run."""
        return judge_observed(self.world, self.suites, (_observed(one, run) for one in run.results))


def _observed(one: ProbeResult, run: LabRun) -> ObservedConnection:
    source, destination = (
        next(ip_address(text) for text in run.endpoints[name] if (":" in text) == (one.family == 6))
        for name in (one.source, one.destination)
    )
    packet = Packet(source, destination, PROTOCOL_NUMBERS[one.protocol], one.port)
    return ObservedConnection(one.source, one.destination, packet, one.expected, one.arrived, one.replied)


def _free(addresses: AddressSet, taken: set[int]) -> str:
    """An address for a new host; `""` if one of these addresses is taken, or none is usable."""
    if not addresses.isdisjoint(AddressSet.of(*taken)):
        return ""
    for first, last in addresses.intervals:
        for point in range(first, min(last, first + _MOST_TRIED) + 1):
            if usable(point_to_text(point)):
                return point_to_text(point)
    return ""
