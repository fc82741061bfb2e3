"""What a lab run found, as JSON and JUnit XML."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Literal

from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    ObjectReference,
    PolicyField,
    document_text,
    placed_rule,
    policy_reference,
)
from haechi.report.junit import JUnitCase, JUnitFailure, JUnitSuite, junit_text
from haechi.report.proof import ProofJson, proof_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haechi.model import PolicyKey, Side
    from haechi.report.document import Places
    from haechi.report.lab_run import LabRun, LabSample, ProbeResult
    from haechi.verify import Proof

_MOST_POLICIES = 3
"""Policies that are named for each end."""


class ExpectedSide(JsonValue, frozen=True):
    """One end of a connection: whether NetworkPolicies isolate it in this direction, which, and whether all allow.

    `tierRule` is the rule of a tier that accepts or denies the connection, null if there is none.
    """

    isolated: bool
    allowed: bool
    policies: list[ObjectReference]
    tier_rule: PolicyField | None


class ExpectedVerdict(JsonValue, frozen=True):
    """The verdict of policies: both ends must allow."""

    allowed: bool
    egress: ExpectedSide
    ingress: ExpectedSide


class ProbeResultJson(JsonValue, frozen=True):
    """A connection that was tried. `family` is 4 or 6; `arrived`: at the server; `replied`: the answer came back.

    `asExpected`: whether both equal `expected.allowed`.
    """

    source: str
    destination: str
    family: int
    protocol: str
    port: int
    expected: ExpectedVerdict
    arrived: bool
    replied: bool
    as_expected: bool


class LabEndpointJson(JsonValue, frozen=True):
    """A pod, with its `node`, an outside host, with a `description`, or a node itself, with both.

    `hostNetwork`: it is in the node's namespace, so policies do not apply to it.
    """

    name: str
    addresses: list[str]
    node: str
    description: str
    host_network: bool


class LabSummary(JsonValue, frozen=True):
    """How many connections were tried, and how many did not match the policies."""

    connections: int
    mismatches: int


class SampledClassJson(JsonValue, frozen=True):
    """Endpoints that policies cannot tell apart, and those of them that took part."""

    members: list[str]
    representatives: list[str]


class LabSampleJson(JsonValue, frozen=True):
    """What was tried instead of all `connections`: every class reached every other, on each port by each IP family.

    Equal input, options and `seed` give the same sample.
    """

    connections: int
    seed: int
    classes: list[SampledClassJson]


class LabReport(Document, frozen=True):
    """All connections that were tried between endpoints, which they name, and the proof of each node's table.

    `sampled` is null if those are all that there are.
    """

    kind: Literal["LabReport"]
    nodes: list[str]
    endpoints: list[LabEndpointJson]
    results: list[ProbeResultJson]
    proofs: list[ProofJson]
    summary: LabSummary
    seconds: float
    sampled: LabSampleJson | None


def lab_json(run: LabRun, places: Places, basis: Basis) -> str:
    """The run as JSON text."""
    homes = run.homes
    return document_text(
        LabReport(
            API_VERSION,
            "LabReport",
            *basis,
            list(run.nodes),
            [
                LabEndpointJson(
                    name, list(addresses), homes.get(name, ""), run.descriptions.get(name, ""), name in run.host_network
                )
                for name, addresses in run.endpoints.items()
            ],
            [_result(one, places) for one in run.results],
            [proof_json(proof, places) for proof in run.proofs],
            LabSummary(len(run.results), len(run.mismatches)),
            round(run.seconds, 3),
            _sampled(run.sample),
        )
    )


def _sampled(sample: LabSample | None) -> LabSampleJson | None:
    if sample is None:
        return None
    classes = [SampledClassJson(list(one.members), list(one.representatives)) for one in sample.classes]
    return LabSampleJson(sample.connections, sample.seed, classes)


def _result(one: ProbeResult, places: Places) -> ProbeResultJson:
    egress, ingress = (_side(side, places) for side in (one.expected.egress, one.expected.ingress))
    expected = ExpectedVerdict(one.expected.allowed, egress, ingress)
    return ProbeResultJson(
        one.source,
        one.destination,
        one.family,
        one.protocol,
        one.port,
        expected,
        one.arrived,
        one.replied,
        one.is_as_expected,
    )


def _side(side: Side, places: Places) -> ExpectedSide:
    tier_rule = None if side.tier_rule is None else placed_rule(side.tier_rule, places)
    return ExpectedSide(side.isolated, side.allowed, [*map(policy_reference, side.policies)], tier_rule)


# -- JUnit -------------------------------------------------------------------------------------------------------------


def lab_junit(run: LabRun, basis: Basis) -> str:
    """The run as XML text: a suite for each pair with a case for each connection, and one for the proofs."""
    suites = [
        JUnitSuite(pair, tuple(map(_case, results)))
        for pair, results in groupby(run.results, key=lambda one: f"{one.source} → {one.destination}")
    ]
    if run.proofs:
        suites.append(JUnitSuite("proof", tuple(map(_proof_case, run.proofs))))
    name = "haechi lab run"
    if run.sample is not None:
        name += f" (a sample of {len(run.results)} of {run.sample.connections} connections)"
    return junit_text(name, suites, basis, run.seconds)


def _case(one: ProbeResult) -> JUnitCase:
    verdict = "allowed" if one.expected.allowed else "denied"
    failure = None if one.is_as_expected else JUnitFailure("mismatch", (mismatch_text(one),))
    return JUnitCase(f"{one.protocol} {one.port} over IPv{one.family} is {verdict}", failure)


def _proof_case(proof: Proof) -> JUnitCase:
    failure = None if proof.holds else JUnitFailure("difference", tuple(str(proof).splitlines()))
    return JUnitCase(f"the kernel of {proof.node} means the policies", failure)


def mismatch_text(one: ProbeResult) -> str:
    """What policies expect of a connection, and what packets showed."""
    return f"policies: {_expected(one)}; packets: {_observed(one)}"


def _expected(one: ProbeResult) -> str:
    if one.expected.allowed:
        return "allowed"
    sides = [("egress", one.expected.egress), ("ingress", one.expected.ingress)]
    return f"denied ({'; '.join(f'{word}: {_reason(side)}' for word, side in sides if not side.allowed)})"


def _reason(side: Side) -> str:
    if side.tier_rule is not None:
        return f"{side.tier_rule.policy} {side.tier_rule.path}"
    return _policies(side.policies) if side.policies else "an address that several pods claim"


def _policies(keys: Sequence[PolicyKey]) -> str:
    more = [f"{len(keys) - _MOST_POLICIES} more"] if len(keys) > _MOST_POLICIES else []
    *names, last = *map(str, keys[:_MOST_POLICIES]), *more
    return f"{', '.join(names)} and {last}" if names else last


def _observed(one: ProbeResult) -> str:
    if one.arrived and one.replied:
        return "allowed"
    return "arrived, but the answer did not come back" if one.arrived else "nothing arrived"
