"""A lab report for programs: version 1 of a schema that docs/cli.md describes."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from haechi.lab import Report, Row
from haechi.model import Side
from haechi.verify import Proof

VERSION: Final = 1


class SideOut(msgspec.Struct, frozen=True):
    """One end of a connection: whether it is isolated in this direction, by which policies, and what they say."""

    isolated: bool
    allowed: bool
    policies: list[str]


class ExpectedOut(msgspec.Struct, frozen=True):
    """What policies say."""

    allowed: bool
    egress: SideOut
    ingress: SideOut


class RowOut(msgspec.Struct, frozen=True):
    """One connection that was tried. `family` is 4 or 6."""

    source: str
    destination: str
    family: int
    protocol: str
    port: int
    expected: ExpectedOut
    arrived: bool
    replied: bool


class EndpointOut(msgspec.Struct, frozen=True):
    """A pod, with its `node`, or an outside host, with `words` for what it is; the other one is null."""

    addresses: list[str]
    node: str | None
    words: str | None


class ProofOut(msgspec.Struct, frozen=True):
    """Whether a node's table, read back from its kernel, means what the policies mean for every packet."""

    node: str
    holds: bool
    pods: int
    boxes: int
    differences: list[str]
    findings: list[str]


class ReportOut(msgspec.Struct, frozen=True):
    """The document."""

    version: Literal[1]
    rows: list[RowOut]
    endpoints: dict[str, EndpointOut]
    nodes: list[str]
    notes: list[str]
    mismatches: int
    proofs: list[ProofOut]
    seconds: float


def report_json(report: Report) -> str:
    """The report as JSON text."""
    homes = {pod: node for node, pods in report.nodes.items() for pod in pods}
    endpoints = {
        name: EndpointOut(list(addresses), homes.get(name), report.words.get(name))
        for name, addresses in report.endpoints.items()
    }
    document = ReportOut(
        VERSION,
        [_row(row) for row in report.rows],
        endpoints,
        list(report.nodes),
        list(report.notes),
        len(report.mismatches),
        [_proof(proof) for proof in report.proofs],
        round(report.seconds, 3),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _row(row: Row) -> RowOut:
    expected = ExpectedOut(row.expected.allowed, _side(row.expected.egress), _side(row.expected.ingress))
    return RowOut(row.source, row.destination, row.family, row.protocol, row.port, expected, row.arrived, row.replied)


def _side(side: Side) -> SideOut:
    return SideOut(side.isolated, side.allowed, [str(key) for key in side.policies])


def _proof(proof: Proof) -> ProofOut:
    return ProofOut(
        proof.node,
        proof.holds,
        proof.pods,
        proof.boxes,
        [difference.explanation() for difference in proof.differences],
        [str(finding) for finding in proof.findings],
    )
