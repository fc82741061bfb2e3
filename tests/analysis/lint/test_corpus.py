"""Manifests as well-known projects install them: beside each is what is right to report, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.lint.linting import found

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path.stem for path in CORPUS.glob("*.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_the_findings_are_those_written_beside_the_manifests(name: str) -> None:
    reported = [str(one).removeprefix("<stdin>:") for one in found((CORPUS / f"{name}.yaml").read_text())]
    assert reported == (CORPUS / f"{name}.txt").read_text().splitlines()


def test_there_is_no_error_in_what_many_people_run() -> None:
    for name in FILES:
        assert ": error: " not in (CORPUS / f"{name}.txt").read_text()
