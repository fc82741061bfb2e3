"""Every example on real packets: the kernel shows the verdicts that the example promises."""

from __future__ import annotations

import pytest

from haechi.lab.plan import ProbePlan
from haechi.lab.ports import ports_to_probe
from haechi.lab.run import run_lab
from tests.examples.example import ROOT, Example, folders

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("folder", folders())
def test_packets_show_the_example(folder: str) -> None:
    example = Example(ROOT / folder)
    report = run_lab(example.lab, ProbePlan(ports_to_probe(example.lab.policies, example.lab.pods)))
    assert report.results
    assert report.mismatches == ()
    assert report.holds, report.proofs
    wrong = [
        row
        for row in report.results
        if row.arrived != example.verdicts.allowed(row.source, row.destination, row.port, row.protocol)
    ]
    assert wrong == []
