"""A row is as expected only if packets did exactly what policies say."""

from __future__ import annotations

import pickle
from itertools import product

import pytest

from haechi.model.verdict import CLOSED, OPEN, PacketVerdict
from haechi.report import LabRun, ProbeResult


def row(allowed: bool, arrived: bool, replied: bool) -> ProbeResult:
    return ProbeResult("x/a", "x/b", 4, "TCP", 80, PacketVerdict(OPEN, OPEN if allowed else CLOSED), arrived, replied)


ROWS = {answers: row(*answers) for answers in product((True, False), repeat=3)}


@pytest.mark.parametrize("answers", ROWS)
def test_allowed_means_arrived_and_answered_and_denied_means_neither(answers: tuple[bool, bool, bool]) -> None:
    assert ROWS[answers].is_as_expected is (len(set(answers)) == 1)


def test_mismatches_are_the_other_rows_in_their_order() -> None:
    report = LabRun(tuple(ROWS.values()), {})
    assert report.mismatches == tuple(one for answers, one in ROWS.items() if len(set(answers)) > 1)


def test_a_report_crosses_to_another_process() -> None:
    report = LabRun(tuple(ROWS.values()), {"x/a": ("10.0.0.1",)}, notes=("one",))
    assert pickle.loads(pickle.dumps(report)) == report
