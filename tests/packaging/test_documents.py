"""Every line of the documents that runs haechi works as written, for those who installed it and have the examples."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_live import POLICY, named, pod, policy
from tests.files.repository import commit, git
from tests.kube.server import ApiServer
from tests.packaging.builds import ROOT, Environment
from tests.test_docs import scripts

NOT_HERE = {
    "source <(haechi completion zsh)": "a line for zsh, which tests/cli/test_completion.py runs",
    "haechi completion fish | source": "a line for fish, which tests/cli/test_completion.py runs",
    "haechi verify --context prod --node worker-1": "reads the kernel of a node",
}


def test_what_is_not_run_is_in_the_documents() -> None:
    assert set(NOT_HERE) <= set(scripts())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a reader is: beside the examples, with a kubeconfig, in a repository with policies that were changed."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "examples", folder / "examples")
    (folder / "policies").mkdir()
    (folder / "policies" / "db.yaml").write_text(POLICY.replace("name: db", "name: db, namespace: shop"))
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    (folder / "policies" / "db.yaml").write_text(
        POLICY.replace("name: db", "name: db, namespace: shop, labels: {a: b}")
    )
    with ApiServer.running() as server:
        pods = [pod("web", "web", "10.0.0.1"), pod("db", "db", "10.0.0.2")]
        server.put(named("Namespace", "shop"), named("Node", "n1"), *pods, policy(POLICY, "shop"))
        config = server.kubeconfig(folder)
        config.write_text(config.read_text().replace('"here"', '"prod"'))
        yield folder


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
        env={"PATH": path, "HOME": str(folder), "KUBECONFIG": f"{folder}/config", "LC_ALL": "C.UTF-8"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    assert "error:" not in done.stderr
    assert "command not found" not in done.stderr
