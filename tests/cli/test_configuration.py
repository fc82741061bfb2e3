"""haechi.toml: the nearest one counts, the command line wins, and nothing in it is overlooked."""

from __future__ import annotations

import json
import os
from contextlib import chdir
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.cli.configuration import Configuration, ConfigurationTable, LintConfiguration
from haechi.cli.failure import CommandError
from tests.cli import manifests
from tests.cli.conftest import Haechi, Outcome

DEAD = dedent("""\
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: dead}
    spec: {podSelector: {}, policyTypes: [Ingress], egress: [{}]}
    """)
CODE = "rules-without-policy-type"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy with a finding, `policies/dead.yaml`; it is the working directory."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "dead.yaml").write_text(DEAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(project: Path, text: str, name: str = "haechi.toml") -> None:
    (project / name).write_text(text, encoding="utf-8")


def error(outcome: Outcome) -> str:
    assert (outcome.code, outcome.out) == (2, "")
    return outcome.err.removeprefix("haechi: error: ").splitlines()[0]


def test_paths_are_read_where_none_is_given(haechi: Haechi, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(project, "paths = ['policies']")
    assert haechi("lint", "-o", "concise").out.startswith("policies/dead.yaml:4:")
    monkeypatch.chdir(project / "policies")
    assert haechi("lint", "-o", "concise").out.startswith("dead.yaml:4:")
    (project / "other.yaml").write_text(manifests.GOOD)
    assert haechi("lint", project / "other.yaml").code == 0


def test_a_working_directory_that_was_deleted_has_none(haechi: Haechi, project: Path) -> None:
    (project / "gone").mkdir()
    with chdir(project / "gone"):
        (project / "gone").rmdir()
        assert haechi("lint", project / "policies" / "dead.yaml", "-o", "concise").code == 1
        assert haechi("list", project / "policies" / "dead.yaml").code == 0
        os.chdir(project)


@pytest.mark.parametrize("command", [["list"], ["explain"], ["validate"], ["lint"]])
def test_every_command_reads_them(haechi: Haechi, project: Path, command: list[str]) -> None:
    assert error(haechi(*command)) == "PATH: there is no input"
    configure(project, "paths = ['policies']")
    assert haechi(*command).code != 2


def test_the_nearest_file_counts(haechi: Haechi, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(project, f"[lint]\nignore = ['{CODE}']")
    assert haechi("lint", "policies").code == 0
    monkeypatch.chdir(project / "policies")
    assert haechi("lint", ".").code == 0
    configure(project / "policies", "")
    assert haechi("lint", ".").code == 1


def test_a_table_of_pyproject_toml_counts_after_haechi_toml(haechi: Haechi, project: Path) -> None:
    configure(project, "[tool.ruff]\nselect = 1", "pyproject.toml")
    assert haechi("lint", "policies").code == 1
    configure(project, f"[tool.haechi.lint]\nignore = ['{CODE}']", "pyproject.toml")
    assert haechi("lint", "policies").code == 0
    configure(project, "")
    assert haechi("lint", "policies").code == 1


def test_a_pyproject_toml_of_others_need_not_be_toml(haechi: Haechi, project: Path) -> None:
    configure(project, "[[[", "pyproject.toml")
    assert haechi("lint", "policies").code == 1
    configure(project, "# haechi\n[[[", "pyproject.toml")
    assert error(haechi("lint", "policies")).startswith("pyproject.toml:2:")


@pytest.mark.parametrize(
    ("table", "options", "code"),
    [
        ("ignore = ['rules-*']", [], 0),
        ("ignore = ['rules-*']", ["--ignore", "dash-trap"], 1),
        ("ignore = ['rules-*']", ["--select", CODE], 1),
        ("select = ['dash-trap']", [], 0),
        ("select = ['dash-trap']", ["--select", CODE], 1),
        ("select = ['dash-trap', 'rules-*']", [], 1),
        ("select = ['all']\nignore = ['rules-*', 'one-sided-allow']\nfail-on = 'error'", [], 0),
        ("fail-on = 'never'", [], 0),
        ("fail-on = 'never'", ["--fail-on", "error"], 1),
    ],
)
def test_the_command_line_wins(haechi: Haechi, project: Path, table: str, options: list[str], code: int) -> None:
    configure(project, f"[lint]\n{table}")
    assert haechi("lint", "policies", *options).code == code


def test_codes_are_ignored_in_some_files(haechi: Haechi, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "vendor" / "a").mkdir(parents=True)
    (project / "vendor" / "a" / "dead.yaml").write_text(DEAD.replace("name: dead", "name: other, namespace: vendor"))
    configure(project, f"[lint.per-path-ignores]\n'vendor/**' = ['{CODE}']")
    for folder, vendor, policies in ((project, "vendor", "policies"), (project / "vendor", ".", "../policies")):
        monkeypatch.chdir(folder)
        assert haechi("lint", vendor).code == 0
        outcome = haechi("lint", vendor, policies, "-o", "json")
        assert [one["object"]["name"] for one in json.loads(outcome.out)["findings"]] == ["dead"]


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("apps/web/np.yaml", True),
        ("apps", True),
        ("apps/", True),
        ("./apps/", True),
        ("apps/*", True),
        ("**/np.yaml", True),
        ("np.yaml", True),
        ("*.yaml", True),
        ("web", False),
        ("apps/np.yaml", False),
        ("/apps", False),
        ("APPS", False),
    ],
)
def test_patterns_are_about_paths_from_the_folder_of_the_file(pattern: str, matched: bool) -> None:
    lint = LintConfiguration(per_path_ignores={pattern: ("a", "b")})
    configuration = Configuration(ConfigurationTable(lint=lint), Path.cwd())
    for file in ("apps/web/np.yaml", os.path.abspath("apps/web/np.yaml")):  # noqa: PTH100
        assert configuration.ignored(file) == (["a", "b"] if matched else [])


def test_a_baseline_is_beside_the_file(haechi: Haechi, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(project, "[lint]\nbaseline = 'known.json'")
    monkeypatch.chdir(project / "policies")
    assert error(haechi("lint", ".")) == "--baseline: ../known.json: no such file"
    assert haechi("lint", ".", "--write-baseline").code == 0
    assert (project / "known.json").exists()
    assert haechi("lint", ".").code == 0


POOL = """\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {nodeName: a, containers: []}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, labels: {app: db}}
spec: {nodeName: b, containers: []}
status: {podIP: 10.0.0.2}
"""
NEVER = {"ipblock-never-matches-pods"}
BLOCKS = {"ipblock-matches-pods", "ipblock-never-matches-pods"}
BLOCK = """\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}
"""


ASSERTION = """\
apiVersion: haechi/v1alpha1
kind: ConnectivityTest
metadata: {name: t}
spec: {assertions: [{from: {pod: default/web}, to: {pod: default/db}, expect: allow}]}
"""


def test_whether_blocks_mean_pods_is_the_same_for_all_questions(haechi: Haechi, project: Path) -> None:
    (project / "old.yaml").write_text(POOL)
    (project / "new.yaml").write_text(POOL + BLOCK)
    (project / "t.yaml").write_text(ASSERTION)

    def names(*options: str) -> tuple[bool, bool, set[str]]:
        """Whether list has web and db connected, whether diff has that gone, and what both assume."""
        listed = json.loads(haechi("list", "new.yaml", *options, "-o", "json").out)
        changed = json.loads(haechi("diff", "old.yaml", "new.yaml", *options, "-o", "json").out)
        ends = ("default/web[Pod]", "default/db[Pod]")
        assumed, same = ({one["name"] for one in each["assumptions"]} & BLOCKS for each in (listed, changed))
        assert assumed == same
        connected = any((one["source"], one["destination"]) == ends for one in listed["connections"])
        gone = any((one["source"], one["destination"]) == ends for one in changed["changes"])
        asked = haechi("can", "web", "db", "80", "new.yaml", *options, "-o", "json")
        judged = haechi("test", "t.yaml", "new.yaml", *options, "-o", "json")
        for each in (asked, judged):
            assert {one["name"] for one in json.loads(each.out)["assumptions"]} & BLOCKS == assumed
        assert asked.code == judged.code == (not connected)
        for question in ("explain", "lint"):
            outcome = haechi(question, "new.yaml", *options, "-o", "json")
            assert {one["name"] for one in json.loads(outcome.out)["assumptions"]} & BLOCKS == assumed & NEVER
        return connected, gone, assumed

    assert names() == (True, False, {"ipblock-matches-pods"})
    assert names("--no-ipblock-matches-pods") == (False, True, {"ipblock-never-matches-pods"})
    configure(project, "ipblock-matches-pods = false")
    assert names() == (False, True, {"ipblock-never-matches-pods"})
    assert names("--ipblock-matches-pods") == (True, False, {"ipblock-matches-pods"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pahts = []", "haechi.toml:1:1: pahts: there is no such key"),
        ("\n[lint]\n# selct\nselect = []\n  selct = ['all']", "haechi.toml:5:3: lint.selct: there is no such key"),
        ("lint = {select = [], selct = []}", "haechi.toml:1:22: lint.selct: there is no such key"),
        ("lint.selct = 1", "haechi.toml:1:6: lint.selct: there is no such key"),
        ('[lint]\n"a b" = 1', "haechi.toml:2:1: lint.a b: there is no such key"),
        ("[lint.more]\nx = 1", "haechi.toml:1:7: lint.more: there is no such key"),
        ("paths = 'x'", "haechi.toml:1:1: paths: Expected `array`, got `str`"),
        ("# 웹\npaths = [1]", "haechi.toml:2:1: paths: Expected `str`, got `int`"),
        ("lint = 1", "haechi.toml:1:1: lint: Expected `table`, got `int`"),
        ("[lint]\nfail-on = 'x'", "haechi.toml:2:1: lint.fail-on: Invalid enum value 'x'"),
        ("[lint]\nignore = ['x']", "haechi.toml:2:1: lint.ignore: 'x' is not the code of a check"),
        (
            "[lint.per-path-ignores]\n'a' = []\n'b' = ['all', 'x']",
            "haechi.toml:3:1: lint.per-path-ignores.b: 'x' is not the code of a check",
        ),
        ("paths = [", "haechi.toml:1:10: not TOML: Invalid value"),
        ("a = 1\na = 2\n", "haechi.toml:2:6: not TOML: Cannot overwrite a value"),
        ("a = 1\n\nb = '\x00'", "haechi.toml:3:6: not TOML: Found invalid character '\\x00'"),
    ],
)
def test_what_is_wrong_is_an_error_with_its_place(haechi: Haechi, project: Path, text: str, message: str) -> None:
    configure(project, text)
    assert error(haechi("lint", "policies")).startswith(message)


def test_a_misspelt_key_gets_a_hint(haechi: Haechi, project: Path) -> None:
    configure(project, "[lint]\nselct = []")
    assert haechi("lint", "policies").err.endswith("  did you mean select?\n")
    configure(project, "xyz = []")
    assert haechi("lint", "policies").err.endswith("  there is: paths, ipblock-matches-pods, lint\n")


def test_what_is_no_text_or_no_file_is_an_error(haechi: Haechi, project: Path) -> None:
    (project / "haechi.toml").write_bytes(b"paths = ['\xff']")
    assert error(haechi("lint", "policies")) == "haechi.toml:1:11: not UTF-8"
    (project / "haechi.toml").unlink()
    (project / "haechi.toml").symlink_to("nowhere")
    assert error(haechi("lint", "policies")) == "haechi.toml: is not a regular file"
    (project / "haechi.toml").unlink()
    os.mkfifo(project / "haechi.toml")
    assert error(haechi("lint", "policies")) == "haechi.toml: is not a regular file"


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_configuration_or_an_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "haechi.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with chdir(folder):
        try:
            message = f"haechi.toml {Configuration.find()}"
        except CommandError as problem:
            message = problem.message
    assert message.startswith("haechi.toml")
    (folder / "haechi.toml").unlink()
