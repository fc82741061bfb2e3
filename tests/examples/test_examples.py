"""Every example is free of problems and shows, by both readings of the specification, the verdicts beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import NamedTuple

import pytest

from haechi.engine import Engine, verdict
from haechi.model import ExternalHost, NetworkPolicy, check
from haechi.model.validation import validate, warnings
from haechi.model.verdict import Packet
from haechi.reference import allowed
from tests.examples.example import ROOT, Example, folders

NUMBERS = {"TCP": 6, "UDP": 17, "SCTP": 132}
ISSUED = {
    *("test-network-policy", "from-and", "from-or", "sctp"),
    *("default-deny-ingress", "default-allow-ingress", "default-deny-egress", "default-allow-egress"),
    "default-deny-all",
}
BEATEN = {
    ("default-allow-ingress", "default/web-deny-ingress"),
    ("default-allow-egress", "default/client-deny-egress"),
}
every_example = pytest.mark.parametrize("name", folders())


class Probe(NamedTuple):
    """A question in words and as a packet."""

    source: str
    destination: str
    port: int
    protocol: str
    packet: Packet


@cache
def example(name: str) -> Example:
    return Example(ROOT / name)


def probes(one: Example) -> Iterator[Probe]:
    """Every pair in which there is a pod, in every family that both ends have, on every port of every protocol."""
    for (client, sources), (server, targets) in product(one.addresses.items(), repeat=2):
        if not any(end in {pod.key for pod in one.cluster.pods} for end in (client, server)):
            continue
        for source, target in product(sources, targets):
            if source.version == target.version:
                for port, (protocol, number) in product(one.ports, NUMBERS.items()):
                    yield Probe(client, server, port, protocol, Packet(source, target, number, port))


def wrong(one: Example, answer: Callable[[Packet], bool]) -> list[str]:
    """The probes that are answered otherwise than the example says."""
    return [
        f"{probe.source} -> {probe.destination} {probe.port}/{probe.protocol} ({probe.packet.destination})"
        for probe in probes(one)
        if answer(probe.packet) != one.verdicts.allowed(probe.source, probe.destination, probe.port, probe.protocol)
    ]


@every_example
def test_an_example_has_no_problems(name: str) -> None:
    problems = [*example(name).manifests.problems, *check(example(name).manifests)]
    assert [str(problem) for problem in problems] == []
    for policy in example(name).manifests.all(NetworkPolicy):
        assert [*validate(policy), *warnings(policy)] == []


@every_example
def test_the_reference_shows_its_verdicts(name: str) -> None:
    one = example(name)
    assert wrong(one, lambda packet: allowed(one.cluster, packet).allowed) == []


@every_example
def test_the_engine_shows_its_verdicts(name: str) -> None:
    one = example(name)
    engine = Engine.of(one.objects)
    assert wrong(one, lambda packet: verdict(engine, packet).allowed) == []


@every_example
def test_every_line_decides_something(name: str) -> None:
    """A pattern with a slip of the pen would match nothing, or only what later lines decide."""
    one = example(name)
    deciding = {one.verdicts.deciding(*probe[:4]) for probe in probes(one)}
    assert [line.number for line in one.verdicts.lines if line not in deciding] == []


@every_example
def test_every_policy_matters(name: str) -> None:
    """Without one of its policies, an example would show other verdicts; but for those that are there to be beaten."""
    one = example(name)
    for policy in one.lab.policies:
        if (name, policy.key) in BEATEN:
            continue
        engine = Engine.of(one.objects)
        engine.delete(type(policy), policy.namespace, policy.name)
        assert any(
            verdict(engine, probe.packet).allowed != one.verdicts.allowed(*probe[:4]) for probe in probes(one)
        ), policy.key


@every_example
def test_an_example_is_small(name: str) -> None:
    """Three to eight pods: a run in the lab takes a second or two."""
    assert 3 <= len(example(name).cluster.pods) <= 8


@every_example
def test_a_comment_says_what_each_file_shows(name: str) -> None:
    """All but the document's own policy, which is left exactly as it is."""
    for path in [*(ROOT / name).glob("*.yaml"), ROOT / name / "verdicts.txt"]:
        if path != ROOT / "test-network-policy" / "network-policy.yaml":
            assert path.read_text(encoding="utf-8").startswith("# "), path


@every_example
def test_outside_hosts_stand_in_a_file_of_their_own(name: str) -> None:
    """So that everything else can be applied to a cluster."""
    for loaded in example(name).manifests.objects:
        in_hosts_file = loaded.location().file.endswith("/hosts.yaml")
        assert isinstance(loaded.object, ExternalHost) == in_hosts_file


def test_the_examples_are_all_there_and_in_the_table() -> None:
    found = folders()
    assert ISSUED.issubset(found)
    assert len([name for name in found if name.startswith("recipes/")]) >= 11
    assert len([name for name in found if name.startswith("tiers/")]) >= 5
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[([^\]]+)\]\(\1\) \|", table, re.MULTILINE) == [
        *sorted(ISSUED, key=lambda name: table.index(f"| [{name}]")),
        *[name for name in found if name.startswith(("recipes/", "tiers/"))],
    ]
