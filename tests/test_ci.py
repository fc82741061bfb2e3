"""What other tools read of this repository, and what docs/ci.md tells people to write for them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from haechi.cli import main
from tests.files.repository import git
from tests.test_docs import ROOT, blocks

BIN = Path(sys.executable).parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
SHELL = {name: step for name, step in STEPS.items() if "run" in step}
SNIPPETS = {text.splitlines()[0].removeprefix("# "): text for page, text in blocks("yaml") if page == "docs/ci.md"}


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("action.yml", "github-actions"),
        (".github/workflows/networkpolicies.yaml", "github-workflows"),
        (".gitlab-ci.yml", "gitlab-ci"),
    ],
)
def test_a_file_has_the_form_that_its_reader_publishes(name: str, schema: str, tmp_path: Path) -> None:
    file = tmp_path / Path(name).name
    file.write_text(SNIPPETS.get(name) or (ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", f"vendor.{schema}", str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# -- pre-commit --------------------------------------------------------------------------------------------------------


def test_the_hooks_of_the_documents_are_commands_that_work() -> None:
    hooks = {one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    (repository,) = yaml.safe_load(SNIPPETS[".pre-commit-config.yaml"])["repos"]
    assert {one["id"] for one in repository["hooks"]} == set(hooks)
    for hook in hooks.values():
        program, *arguments = shlex.split(hook["entry"])
        assert (program, hook["language"], hook["pass_filenames"]) == ("haechi", "python", False)
        assert main([*arguments, str(ROOT / "examples" / "from-or")]) == 0
        assert re.search(hook["files"], "policies/web.yml")


# -- GitLab ------------------------------------------------------------------------------------------------------------


def test_the_job_for_gitlab_works(tmp_path: Path) -> None:
    (job,) = yaml.safe_load(SNIPPETS[".gitlab-ci.yml"]).values()
    (tmp_path / "policies").symlink_to(ROOT / "examples" / "from-or")
    for line in job["script"]:
        subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=tmp_path, env=environment({}), check=True)
    (report,) = job["artifacts"]["reports"].values()
    assert isinstance(json.loads((tmp_path / report).read_text(encoding="utf-8")), list)


# -- the image ---------------------------------------------------------------------------------------------------------


def test_the_image_is_the_command_alone_and_not_of_root() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    _, build, image = text.split("\nFROM ")
    assert "--editable" not in text
    assert "nft" not in text
    assert "--require-hashes" in build
    assert "RUN" not in image
    (user,) = re.findall(r"^USER (\d+):\d+$", image, re.MULTILINE)
    assert int(user) > 0


def test_the_image_is_built_from_all_that_a_wheel_is_built_from() -> None:
    from tests.packaging.builds import BUILT_FROM

    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == {
        *(set(BUILT_FROM) - {"examples"}),
        ".git",
        "requirements.lock",
    }


# -- the action --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHELL)
def test_the_shell_of_the_action_is_sound_and_has_no_text_of_others_in_it(name: str, tmp_path: Path) -> None:
    assert SHELL[name]["shell"] == "bash"
    assert "${{" not in SHELL[name]["run"]
    file = tmp_path / "step.sh"
    file.write_text("#!/usr/bin/env bash\nset -eo pipefail\n" + SHELL[name]["run"], encoding="utf-8")
    done = subprocess.run([BIN / "shellcheck", file], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_input_of_the_action_is_described() -> None:
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE)) == set(ACTION["inputs"])


def environment(more: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": f"{BIN}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "GIT_CONFIG_GLOBAL": os.devnull, **more}


class Runner:
    """Steps of the action in a clone of a repository with a pull request, with a `gh` that writes what it is asked."""

    def __init__(self, folder: Path, before: str, after: str) -> None:
        """The manifests of the base and of the pull request are examples, or are missing."""
        self.folder = folder
        origin, self.workspace = folder / "origin", folder / "workspace"
        origin.mkdir()
        git(origin, "init", "-q", "-b", "main")
        self._commit(origin, before)
        git(origin, "checkout", "-q", "-b", "change")
        self._commit(origin, after)
        git(origin, "checkout", "-q", "main")
        git(origin, "merge", "-q", "--no-ff", "-m", "merge", "change")
        git(folder, "clone", "-q", "--depth", "1", origin.as_uri(), str(self.workspace))
        (folder / "haechi" / "venv").mkdir(parents=True)
        (folder / "haechi" / "venv" / "bin").symlink_to(BIN)
        (folder / "bin").mkdir()
        self.gh("")

    @staticmethod
    def _commit(origin: Path, example: str) -> None:
        for file in origin.glob("policies/*"):
            file.unlink()
        if example:
            (origin / "policies").mkdir(exist_ok=True)
            for file in (ROOT / "examples" / example).glob("*.yaml"):
                (origin / "policies" / file.name).write_bytes(file.read_bytes())
        git(origin, "add", "-A")
        git(origin, "commit", "-q", "--allow-empty", "-m", "x")

    def gh(self, earlier: str, writes: bool = True) -> None:
        """A `gh` that lists one earlier comment, or none, and may write or not."""
        program = self.folder / "bin" / "gh"
        program.write_text(
            "#!/bin/sh\n"
            f'case "$*" in *--paginate*) echo "{earlier}"; exit;; esac\n'
            f'echo "$*" >> "{self.folder}/asked"\n'
            f"exit {int(not writes)}\n"
        )
        program.chmod(0o755)

    def run(self, name: str, **values: str) -> subprocess.CompletedProcess[str]:
        """Run a step; `values` are those of its environment that GitHub would compute."""
        step = SHELL[name]
        given = {
            "HAECHI": str(self.folder / "haechi"),
            "PATHS": "policies/cluster.yaml\npolicies/network-policy.yaml policies",
            "BUILD": "false",
            "SARIF": "true",
            "FAIL_ON": ACTION["inputs"]["fail-on"]["default"],
            "NUMBER": "7",
            "GH_TOKEN": "t",
            "CODE": self.outputs.get("code", ""),
        }
        assert set(step["env"]) <= set(given)
        standard = {
            "GITHUB_SHA": git(self.folder / "origin", "rev-parse", "main"),
            "GITHUB_REPOSITORY": "owner/repository",
            "GITHUB_OUTPUT": str(self.folder / "outputs"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        variables = environment({name: given[name] for name in step["env"]} | standard | values)
        variables["PATH"] = f"{self.folder}/bin:{variables['PATH']}"
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(command, cwd=self.workspace, env=variables, check=False, capture_output=True, text=True)

    @property
    def outputs(self) -> dict[str, str]:
        file = self.folder / "outputs"
        return dict(line.split("=", 1) for line in file.read_text().splitlines()) if file.exists() else {}

    def asked(self) -> str:
        file = self.folder / "asked"
        return file.read_text() if file.exists() else ""


def test_a_change_becomes_a_comment_and_a_summary(tmp_path: Path) -> None:
    runner = Runner(tmp_path, "from-or", "from-and")
    assert runner.run("Compare").returncode == 0
    comment = (tmp_path / "haechi" / "diff.md").read_text(encoding="utf-8")
    assert comment.startswith("<!-- haechi diff -->\n")
    assert "removed | default/client" in comment
    assert (tmp_path / "summary").read_text(encoding="utf-8") == comment
    done = runner.run("Comment")
    assert (done.returncode, done.stdout) == (0, "")
    assert "--method POST repos/owner/repository/issues/7/comments" in runner.asked()
    assert (tmp_path / "haechi" / "comment.md").read_text(encoding="utf-8") == comment


def test_an_earlier_comment_is_changed_even_if_nothing_differs_any_more(tmp_path: Path) -> None:
    runner = Runner(tmp_path, "from-or", "from-or")
    runner.gh("4711")
    assert runner.run("Compare").returncode == 0
    assert runner.run("Comment").returncode == 0
    assert "--method PATCH repos/owner/repository/issues/comments/4711" in runner.asked()


def test_without_a_difference_there_is_no_comment(tmp_path: Path) -> None:
    runner = Runner(tmp_path, "from-or", "from-or")
    assert runner.run("Compare").returncode == 0
    assert runner.run("Comment").returncode == 0
    assert runner.asked() == ""


def test_a_token_that_may_not_write_is_a_warning(tmp_path: Path) -> None:
    runner = Runner(tmp_path, "from-or", "from-and")
    runner.gh("", writes=False)
    assert runner.run("Compare").returncode == 0
    done = runner.run("Comment")
    assert done.returncode == 0
    assert done.stdout.startswith("::warning ")


def test_a_long_comment_is_cut_between_characters(tmp_path: Path) -> None:
    runner = Runner(tmp_path, "from-or", "from-and")
    (tmp_path / "haechi" / "diff.md").write_text("x" + "한" * 40000, encoding="utf-8")
    assert runner.run("Comment", CODE="1").returncode == 0
    comment = (tmp_path / "haechi" / "comment.md").read_text(encoding="utf-8")
    assert len(comment.encode()) < 65536
    assert comment.endswith("한\n\nCut: the job summary has all of it.\n")


def test_a_file_that_the_pull_request_adds_is_compared_with_none(tmp_path: Path) -> None:
    runner = Runner(tmp_path, "", "from-and")
    assert runner.run("Compare").returncode == 0
    assert runner.outputs["code"] == "1"


def test_unusable_input_fails_the_comparison(tmp_path: Path) -> None:
    runner = Runner(tmp_path, "from-or", "from-and")
    (runner.workspace / "policies" / "bad.yaml").write_text("a: [", encoding="utf-8")
    assert runner.run("Compare").returncode == 1
    assert runner.outputs["code"] == "2"


def test_without_findings_the_job_is_good(tmp_path: Path) -> None:
    runner = Runner(tmp_path, "from-or", "from-or")
    done = runner.run("Lint")
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads((tmp_path / "haechi" / "lint.sarif").read_text(encoding="utf-8"))["runs"][0]["results"] == []


def test_findings_fail_the_job_and_are_written_for_code_scanning(tmp_path: Path) -> None:
    runner = Runner(tmp_path, "from-or", "from-or")
    (runner.workspace / "policies" / "more.yaml").write_text(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n"
        "spec: {podSelector: {}, policyTypes: [Ingress], egress: [{}]}\n"
    )
    done = runner.run("Lint")
    assert (done.returncode, runner.outputs) == (1, {"written": "true"})
    assert done.stdout.startswith("error[rules-without-policy-type]")
    (result,) = json.loads((tmp_path / "haechi" / "lint.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert result["ruleId"] == "rules-without-policy-type"
    assert "file=policies/more.yaml,line=4," in runner.run("Lint", SARIF="false").stdout
    assert runner.run("Lint", FAIL_ON="never").returncode == 0
