"""`haechi lab run --tests`: the same assertions, judged on packets that were sent.

Why: `haechi test` says what policies mean, this shows that the kernel agrees. Promises that every address that an
assertion names has a host in the lab, where a host can have it, that each range has one in it, and that each assertion
is judged on every probe that it means: those between the pods and hosts of the lab on the first and the last of its
ports. An assertion that no probe means fails, unless it allows that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from haechi.analysis.assertions import (
    MOST_DIFFERENCES,
    Check,
    Difference,
    End,
    Judgement,
    Outcome,
    Suite,
    World,
    allowing,
    checks,
    single_addresses,
)
from haechi.cli.assertions import Places, write
from haechi.cli.commands.test import read_tests
from haechi.cli.failure import ExitCode, Unusable
from haechi.cli.lab.session import Request, built, tried
from haechi.cli.lab.wording import counted
from haechi.cli.progress import ProgressLine
from haechi.cli.terminal import Style, errors, output
from haechi.engine import Engine
from haechi.lab import NUMBERS, PROTOCOLS, LabCluster, Port, Questions, Report, Row, ports_to_probe, run_lab, usable
from haechi.model import Manifests, NetworkPolicy, Packet, PolicyKey, RuleRef
from haechi.sets import AddressSet, PortSet, point_to_text, text_to_point

_MOST_TRIED = 16
"""Addresses of a range that are tried until one is free and usable."""


@dataclass(frozen=True)
class Trial:
    """Assertions and the lab in which they are to be tried."""

    suites: tuple[Suite, ...]
    cluster: LabCluster

    @classmethod
    def of(cls, suites: tuple[Suite, ...], cluster: LabCluster, families: Iterable[int]) -> Trial:
        """The trial in a lab that has hosts at the addresses that the assertions name."""
        everyone = [*(node.addresses for node in cluster.nodes), *(pod.addresses for pod in cluster.pods)]
        taken = {text_to_point(text) for own in (*everyone, *cluster.hosts.values()) for text in own}
        hosts, words = dict(cluster.hosts), dict(cluster.words)
        window = AddressSet.union_all([AddressSet.V4 if family == 4 else AddressSet.V6 for family in families])
        for suite in suites:
            for assertion in suite.assertions:
                for addresses in single_addresses(assertion):
                    text = _free(addresses & window, taken)
                    if text:
                        taken.add(text_to_point(text))
                        hosts[f"outside/{text}"] = (text,)
                        words[f"outside/{text}"] = f"a witness in {addresses}"
        return cls(suites, replace(cluster, hosts=hosts, words=words))

    def world(self) -> World:
        """The lab's cluster as assertions see it."""
        named = dict(self.cluster.hosts)
        named |= {pod.key: pod.addresses for pod in self.cluster.pods if pod.spec.host_network}
        return World(
            Engine.of(self.cluster.objects),
            {namespace.name: namespace.labels for namespace in self.cluster.namespaces},
            {name: tuple(map(text_to_point, addresses)) for name, addresses in named.items()},
        )

    def questions(self) -> Questions:
        """Everyone whom an assertion means, on the ports that it means."""
        world = self.world()
        asked = [check for suite in self.suites for some in _checks(world, suite) for check in some]
        everyone = {pod.key: pod.addresses for pod in self.cluster.pods} | self.cluster.hosts
        points = {name: tuple(map(text_to_point, addresses)) for name, addresses in everyone.items()}
        some = AddressSet.union_all([check.sources.addresses for check in asked])
        others = AddressSet.union_all([check.destinations.addresses for check in asked])
        return Questions(
            tuple(sorted(self._ports(world, asked), key=lambda port: (port[1], PROTOCOLS.index(port[0])))),
            frozenset(name for name, own in points.items() if any(point in some for point in own)),
            frozenset(name for name, own in points.items() if any(point in others for point in own)),
        )

    def _ports(self, world: World, asked: Iterable[Check]) -> set[Port]:
        usual = ports_to_probe(self.cluster.policies, self.cluster.pods)
        found: set[Port] = set()
        for check in asked:
            servers = (None, *world.pods) if check.ports.names else (None,)
            ports = PortSet.union_all([check.ports.on(server) for server in servers])
            if ports == PortSet.ALL:
                found.update(usual)
                continue
            for number, first, last in ports.parts():
                protocol = next(each for each in PROTOCOLS if NUMBERS[each] == number)
                found |= {(protocol, max(first, 1)), (protocol, last)}
                found |= {port for port in usual if port[0] == protocol and first <= port[1] <= last}
        return found

    def judged(self, report: Report) -> Judgement:
        """The assertions on the packets of a report."""
        world = self.world()
        probes = [_Probe(row, *_ends(row, report)) for row in report.rows]
        exercised: set[RuleRef] = set()
        outcomes = []
        for suite in self.suites:
            for number, asked in enumerate(_checks(world, suite)):
                assertion, location = suite.assertions[number], suite.locations[number]
                outcome = Outcome(suite.name, assertion.title(number), assertion, location)
                empty = checks(world, assertion, suite.namespace)[1]
                outcomes.append(_judged(world, outcome, asked, empty, probes, exercised))
        return Judgement(tuple(outcomes), tuple(world.rules), frozenset(exercised))


@dataclass(frozen=True, slots=True)
class _Probe:
    """A row of the report with its addresses."""

    row: Row
    source: int
    destination: int

    @property
    def ports(self) -> PortSet:
        return PortSet.port(NUMBERS[self.row.protocol], self.row.port)

    @property
    def packet(self) -> Packet:
        source, destination = (ip_address(point_to_text(point)) for point in (self.source, self.destination))
        return Packet(source, destination, NUMBERS[self.row.protocol], self.row.port)

    @property
    def passed(self) -> bool:
        """There and back."""
        return self.row.arrived and self.row.replied

    def is_as(self, allowed: bool) -> bool:
        """Whether the packets did what is expected; of a denied connection nothing may arrive."""
        return self.passed if allowed else not self.row.arrived

    def difference(self, rules: Iterable[RuleRef], *, allowed: bool) -> Difference:
        """As what differs."""
        row = self.row
        source, destination = (
            End(name, AddressSet.of(point))
            for name, point in ((row.source, self.source), (row.destination, self.destination))
        )
        return Difference(source, destination, self.ports, allowed, self.packet, row.expected, tuple(rules))


def _judged(
    world: World,
    outcome: Outcome,
    asked: tuple[Check, ...],
    empty: tuple[str, ...],
    probes: Iterable[_Probe],
    exercised: set[RuleRef],
) -> Outcome:
    tried = 0
    found: list[Difference] = []
    for check, probe in _meant(world, asked, probes):
        tried += 1
        rules = tuple(allowing(world, probe.packet)) if probe.row.arrived else ()
        exercised.update(rules)
        if not probe.is_as(check.allowed):
            found.append(probe.difference(rules, allowed=not check.allowed))
    if not tried and not empty:
        empty = ("no probe of this lab is one that it means",)
    has_more = len(found) > MOST_DIFFERENCES
    return replace(outcome, empty=empty, differences=tuple(found[:MOST_DIFFERENCES]), has_more=has_more)


def _meant(world: World, asked: tuple[Check, ...], probes: Iterable[_Probe]) -> Iterator[tuple[Check, _Probe]]:
    for probe in probes:
        for check in asked:
            if probe.ports <= check.between(world, probe.source, probe.destination):
                yield check, probe


def _checks(world: World, suite: Suite) -> list[tuple[Check, ...]]:
    return [checks(world, assertion, suite.namespace)[0] for assertion in suite.assertions]


def _ends(row: Row, report: Report) -> tuple[int, int]:
    """The addresses of a row's family."""

    def one(name: str) -> int:
        return next(text_to_point(text) for text in report.endpoints[name] if (":" in text) == (row.family == 6))

    return one(row.source), one(row.destination)


def _free(addresses: AddressSet, taken: set[int]) -> str:
    """An address that a new host can have; `""` if somebody is there already, or nobody can be."""
    if not addresses.isdisjoint(AddressSet.of(*taken)):
        return ""
    for first, last in addresses.intervals:
        for point in range(first, min(last, first + _MOST_TRIED) + 1):
            if usable(point_to_text(point)):
                return point_to_text(point)
    return ""


def hold_tests(path: str, manifests: Manifests, request: Request) -> int:
    """Run a lab for the assertions of a file and tell what became of them.

    Raises:
        Unusable: the assertions, or the options beside them, cannot be used, or the lab cannot be built here.
    """
    for argument, value in (("--from", request.sources), ("--to", request.destinations), ("--port", request.ports)):
        if value:
            raise Unusable("with --tests, the assertions say who tries what", argument)
    if request.keep:
        raise Unusable("not together with --tests", "--keep")
    suites = read_tests(path)
    cluster = built([loaded.object for loaded in manifests.objects], request)
    trial = Trial.of(suites, cluster, request.families)
    questions = trial.questions()
    with ProgressLine(errors()) as told:
        report = tried(lambda: run_lab(trial.cluster, questions, told))
    for note in cluster.notes:
        errors().line(f"note: {note}", Style.DIM)
    judgement = trial.judged(report)
    write(output(), judgement, _places(manifests), "text" if request.output == "table" else request.output)
    errors().line(_summary(report))
    return ExitCode.FOUND if judgement.failures or not report.holds else ExitCode.GOOD


def _places(manifests: Manifests) -> Places:
    loaded = {PolicyKey(one.object.namespace, one.object.name): one for one in manifests.loaded(NetworkPolicy)}
    return lambda key, path: loaded[key].location(path) if key in loaded else None


def _summary(report: Report) -> str:
    """How much was tried, and whether packets and policies agree."""
    wrong = len(report.mismatches)
    agreed = f"{wrong} went otherwise than policies say" if wrong else "all went as policies say"
    return f"{counted(len(report.rows), 'connection')} tried: {agreed}"
