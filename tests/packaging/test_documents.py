"""Every line of the documents that runs haechi works as written, for those who installed it and have the examples."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packaging.builds import ROOT, Environment
from tests.test_docs import scripts

NOT_HERE = {
    "source <(haechi completion zsh)": "a line for zsh, which tests/cli/test_completion.py runs",
    "haechi completion fish | source": "a line for fish, which tests/cli/test_completion.py runs",
}


def test_what_is_not_run_is_in_the_documents() -> None:
    assert set(NOT_HERE) <= set(scripts())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader is: beside the examples."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(script, marks=pytest.mark.kernel if "haechi lab run" in script else ())
        for script in scripts()
        if script not in NOT_HERE
    ],
)
def test_a_line_of_the_documents_works_after_an_installation(
    environment: Environment, folder: Path, script: str
) -> None:
    path = f"{environment.root}/bin:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-uo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    assert "error:" not in done.stderr
    assert "command not found" not in done.stderr
