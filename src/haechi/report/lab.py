"""What a lab run found, as JUnit XML."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from haechi.report.junit import JUnitCase, JUnitFailure, JUnitSuite, junit_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haechi.model import PolicyKey
    from haechi.report.lab_run import LabRun, ProbeResult
    from haechi.verify import Proof

_MOST_POLICIES = 3
"""Policies that are named for each end."""


# -- JUnit -------------------------------------------------------------------------------------------------------------


def lab_junit(run: LabRun) -> str:
    """The run as XML text: a suite for each pair with a case for each connection, and one for the proofs."""
    suites = [
        JUnitSuite(pair, tuple(map(_case, results)))
        for pair, results in groupby(run.results, key=lambda one: f"{one.source} → {one.destination}")
    ]
    if run.proofs:
        suites.append(JUnitSuite("proof", tuple(map(_proof_case, run.proofs))))
    return junit_text("haechi lab run", suites, run.seconds)


def _case(one: ProbeResult) -> JUnitCase:
    verdict = "allowed" if one.expected.allowed else "denied"
    failure = None if one.is_as_expected else JUnitFailure("mismatch", (mismatch_text(one),))
    return JUnitCase(f"{one.protocol} {one.port} over IPv{one.family} is {verdict}", failure)


def _proof_case(proof: Proof) -> JUnitCase:
    failure = None if proof.holds else JUnitFailure("difference", tuple(str(proof).splitlines()))
    return JUnitCase(f"the kernel of {proof.node} means the policies", failure)


def mismatch_text(one: ProbeResult) -> str:
    """What policies say of a connection, and what packets showed."""
    return f"policies: {_expected(one)}; packets: {_observed(one)}"


def _expected(one: ProbeResult) -> str:
    if one.expected.allowed:
        return "allowed"
    sides = [("egress", one.expected.egress), ("ingress", one.expected.ingress)]
    words = [
        f"{word}: {_policies(side.policies) if side.policies else 'an address that several pods claim'}"
        for word, side in sides
        if not side.allowed
    ]
    return f"denied ({'; '.join(words)})"


def _policies(keys: Sequence[PolicyKey]) -> str:
    more = [f"{len(keys) - _MOST_POLICIES} more"] if len(keys) > _MOST_POLICIES else []
    *names, last = *map(str, keys[:_MOST_POLICIES]), *more
    return f"{', '.join(names)} and {last}" if names else last


def _observed(one: ProbeResult) -> str:
    if one.arrived and one.replied:
        return "allowed"
    return "arrived, but the answer did not come back" if one.arrived else "nothing arrived"
