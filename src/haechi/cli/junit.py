"""A lab report as JUnit XML, so that any CI shows it.

A suite for each pair with a case for each connection, and a suite for the proofs with a case for each node.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from haechi.cli.lab import wording
from haechi.lab import Report, Row
from haechi.model import printable
from haechi.verify import Proof


def report_junit(report: Report) -> str:
    """The report as XML text. `time` is the whole run's: connections are tried all at once."""
    wrong = len(report.mismatches) + sum(not proof.holds for proof in report.proofs)
    totals = f'tests="{len(report.rows) + len(report.proofs)}" failures="{wrong}" errors="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="haechi lab run" {totals} time="{report.seconds:.3f}">',
    ]
    for pair, rows in groupby(report.rows, key=lambda row: f"{row.source} → {row.destination}"):
        lines += _suite(pair, list(rows))
    if report.proofs:
        lines += _proofs(report.proofs)
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(pair: str, rows: list[Row]) -> Iterable[str]:
    wrong = sum(not row.is_as_expected for row in rows)
    yield f'  <testsuite name={_attribute(pair)} tests="{len(rows)}" failures="{wrong}" errors="0">'
    for row in rows:
        verdict = "allowed" if row.expected.allowed else "denied"
        name = f"{row.protocol} {row.port} over IPv{row.family} is {verdict}"
        case = f"    <testcase classname={_attribute(pair)} name={_attribute(name)}"
        if row.is_as_expected:
            yield f"{case}/>"
            continue
        says, shows = wording.verdict(row.expected), wording.packets(row.arrived, row.replied)
        message = f"policies: {says}; packets: {shows}"
        yield f"{case}>"
        yield f'      <failure type="mismatch" message={_attribute(message)}>{escape(printable(message))}</failure>'
        yield "    </testcase>"
    yield "  </testsuite>"


def _proofs(proofs: tuple[Proof, ...]) -> Iterable[str]:
    wrong = sum(not proof.holds for proof in proofs)
    yield f'  <testsuite name="proof" tests="{len(proofs)}" failures="{wrong}" errors="0">'
    for proof in proofs:
        case = f'    <testcase classname="proof" name={_attribute(f"the kernel of {proof.node} means the policies")}'
        if proof.holds:
            yield f"{case}/>"
            continue
        message = str(proof)
        yield f"{case}>"
        yield f'      <failure type="difference" message={_attribute(message)}>{escape(printable(message))}</failure>'
        yield "    </testcase>"
    yield "  </testsuite>"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
