"""The public types of `import haechi`, pinned: mypy checks this file, nothing runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import assert_type

import haechi
from haechi import (
    Answer,
    Assumption,
    Cause,
    ChangeKind,
    Cluster,
    ClusterComparison,
    Connection,
    Difference,
    Direction,
    Endpoint,
    Engine,
    Finding,
    Fix,
    ItemRef,
    LabelChange,
    Location,
    Manifests,
    Mismatch,
    NetworkPolicy,
    Object,
    Owner,
    Packet,
    PacketAnswer,
    Pod,
    PodKey,
    PolicyKey,
    PortSet,
    Problem,
    RuleAnswer,
    RuleRef,
    Severity,
    SideAnswer,
    UnreadableInput,
)


def load(path: Path, manifests: Manifests, objects: list[Object]) -> None:
    assert_type(Cluster.load("policies", path), Cluster)
    assert_type(Cluster.of(manifests), Cluster)
    assert_type(Cluster.of(objects), Cluster)
    assert_type(haechi.__version__, str)


def look(cluster: Cluster, error: UnreadableInput) -> None:
    assert_type(cluster.engine, Engine)
    assert_type(cluster.pods, Mapping[PodKey, Pod])
    assert_type(cluster.policies, Mapping[PolicyKey, NetworkPolicy])
    assert_type(cluster.owners, Mapping[PodKey, Owner])
    assert_type(cluster.synthesized, frozenset[PodKey])
    assert_type(cluster.assumptions, tuple[Assumption, ...])
    assert_type(cluster.notes, tuple[str, ...])
    assert_type(cluster.problems, tuple[Problem, ...])
    assert_type(cluster.endpoint(PodKey("x", "a")), Endpoint | None)
    assert_type(cluster.location(PolicyKey("x", "p"), "spec"), Location | None)
    assert_type(error.problems, tuple[Problem, ...])


def ask(cluster: Cluster) -> None:
    answer = cluster.can("x/a", "x/b", 6379)
    assert_type(answer, Answer)
    assert_type(cluster.can("x/a", "x/b", "http"), Answer)
    assert_type(cluster.can("x/a", "x/b"), Answer)
    assert_type((answer.source, answer.destination, answer.port), tuple[str, str, str | None])
    assert_type(answer.allowed, bool)
    assert_type(answer.pairs, tuple[tuple[PacketAnswer, ...], ...])
    packet = answer.pairs[0][0]
    assert_type(packet.packet, Packet)
    assert_type(packet.egress, SideAnswer)
    assert_type(packet.ingress.direction, Direction)
    assert_type(packet.ingress.isolating, tuple[tuple[PolicyKey, Location | None], ...])
    assert_type(packet.ingress.nearest, RuleAnswer | None)
    rule = packet.ingress.allowing[0]
    assert_type(rule.rule, RuleRef)
    assert_type((rule.rule.path, rule.rule.location), tuple[str, Location | None])
    assert_type(rule.mismatches, tuple[Mismatch, ...])
    assert_type(rule.mismatches[0].fix, LabelChange | None)
    assert_type(rule.peers, tuple[ItemRef, ...])


def compare(old: Cluster, new: Cluster) -> None:
    connections = old.connections("pod", external=False)
    assert_type(connections, tuple[Connection, ...])
    assert_type((connections[0].source, connections[0].destination), tuple[str, str])
    assert_type(connections[0].ports, PortSet)
    comparison = old.compare(new)
    assert_type(comparison, ClusterComparison)
    assert_type(comparison.ineffective, tuple[tuple[Cause, str], ...])
    differences = old.diff(new)
    assert_type(differences, tuple[Difference, ...])
    assert_type(differences[0].kind, ChangeKind)
    assert_type(differences[0].causes, tuple[Cause, ...])


def lint(cluster: Cluster) -> None:
    findings = cluster.lint(select=["dns-*"], ignore=["dns-blocked"])
    assert_type(findings, tuple[Finding, ...])
    assert_type(findings[0].severity, Severity)
    assert_type(findings[0].location, Location | None)
    assert_type(findings[0].fix, Fix | None)
