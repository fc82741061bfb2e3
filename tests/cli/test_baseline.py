"""`haechi lint --baseline`: known findings are left out, new ones are not, those that are gone are reported."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from tests.cli import manifests
from tests.cli.conftest import Haechi
from tests.report.documents import checked

POLICY = dedent("""\
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web, namespace: shop}
    spec:
      podSelector: {}
      ingress:
      - from:
        - podSelector: {}
        - podSelector: {matchLabels: {app: a}}
        - podSelector: {matchLabels: {app: b}}
    """)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "web.yaml"
    file.write_text(POLICY)
    return file


@pytest.fixture
def baseline(haechi: Haechi, policy: Path, tmp_path: Path) -> Path:
    file = tmp_path / "known.json"
    outcome = haechi("lint", policy, "--baseline", file, "--write-baseline")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"{file}: 2 known findings\n")
    checked(file.read_text())
    return file


def test_known_findings_are_no_failure(haechi: Haechi, policy: Path, baseline: Path) -> None:
    outcome = haechi("lint", policy, "--baseline", baseline)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith("nothing new in 1 NetworkPolicy; 2 in the baseline; ")
    assert "not found any more" not in outcome.err


def test_they_stay_known_when_lines_and_items_move(haechi: Haechi, policy: Path, baseline: Path) -> None:
    moved = POLICY.replace(
        "    - podSelector: {}\n", "    - ipBlock: {cidr: 192.0.2.0/24}\n    # all\n    - podSelector: {}\n"
    )
    policy.write_text(f"# a comment\n\n{moved}")
    policy = policy.rename(policy.with_name("other.yaml"))
    outcome = haechi("lint", policy, "--baseline", baseline)
    assert (outcome.code, outcome.out) == (0, "")


@pytest.mark.parametrize("form", ["concise", "text", "json", "sarif", "github", "gitlab"])
def test_only_new_findings_are_shown_and_fail(haechi: Haechi, policy: Path, baseline: Path, form: str) -> None:
    policy.write_text(POLICY + "    - podSelector: {matchLabels: {app: new}}\n")
    outcome = haechi("lint", policy, "--baseline", baseline, "-o", form)
    assert outcome.code == 1
    assert outcome.out.count("spec.ingress[0].from[0] allows") == 1
    assert haechi("lint", policy, "-o", form).out.count("spec.ingress[0].from[0] allows") == 3


def test_known_findings_that_are_gone_are_reported(haechi: Haechi, policy: Path, baseline: Path) -> None:
    policy.write_text(POLICY.replace("    - podSelector: {matchLabels: {app: b}}\n", ""))
    outcome = haechi("lint", policy, "--baseline", baseline)
    assert outcome.code == 0
    assert f"{baseline}: 1 finding not found any more (-v lists, --write-baseline removes)\n" in outcome.err
    assert (
        f"{baseline}: not found any more: NetworkPolicy/shop/web: "
        in haechi("lint", policy, "--baseline", baseline, "-v").err
    )
    assert "any more" not in haechi("lint", policy, "--baseline", baseline, "-q").err
    assert "any more" not in haechi("lint", policy, "--baseline", baseline, "--select", "dash-trap").err
    haechi("lint", policy, "--baseline", baseline, "--write-baseline")
    assert len(json.loads(baseline.read_text())["findings"]) == 1


def test_it_is_written_the_same_wherever_the_policy_stands(haechi: Haechi, policy: Path, baseline: Path) -> None:
    before = baseline.read_bytes()
    policy.write_text(f"# a comment\n{POLICY}")
    haechi("lint", policy, "--baseline", baseline, "--write-baseline")
    assert baseline.read_bytes() == before
    document = json.loads(before)
    assert (document["apiVersion"], document["kind"]) == ("haechi/v1", "LintBaseline")
    assert {one["code"] for one in document["findings"]} == {"redundant-peer"}


def test_known_findings_of_checks_that_do_not_run_stay(haechi: Haechi, policy: Path, baseline: Path) -> None:
    haechi("lint", policy, "--baseline", baseline, "--write-baseline", "--select", "policy-types-implicit")
    codes = [one["code"] for one in json.loads(baseline.read_text())["findings"]]
    assert codes == ["policy-types-implicit", "redundant-peer", "redundant-peer"]


def test_a_baseline_that_is_missing_is_an_error(haechi: Haechi, policy: Path, tmp_path: Path) -> None:
    outcome = haechi("lint", policy, "--baseline", tmp_path / "none.json")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"haechi: error: --baseline: {tmp_path}/none.json: no such file\n  --write-baseline writes it\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{\n  x", ":2:3: is no baseline: "),
        ("{}", ": is no baseline: "),
        ('{"apiVersion": "haechi/v9", "kind": "LintBaseline", "findings": []}', ": is no baseline: "),
        (manifests.GOOD, ":1:1: is no baseline: "),
        ("", ":1:1: is no baseline: "),
        (
            '{"apiVersion": "haechi/v1", "kind": "LintBaseline", "findings": [{"fingerprint": "x"}]}',
            ": is no baseline: Expected `str` matching regex '^[0-9a-f]{32}$' - at `$.findings[0].fingerprint`",
        ),
        ("\xff", ": is no baseline: "),
    ],
)
@pytest.mark.parametrize("option", [[], ["--write-baseline"]])
def test_a_file_that_is_none_is_refused_and_kept(
    haechi: Haechi, policy: Path, tmp_path: Path, text: str, message: str, option: list[str]
) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(text.encode("latin-1"))
    outcome = haechi("lint", policy, "--baseline", file, *option)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"--baseline: {file}" in outcome.err
    assert message.strip(":0123456789") in outcome.err
    assert file.read_bytes() == text.encode("latin-1")


def test_it_is_not_written_of_input_with_errors(haechi: Haechi, policy: Path, tmp_path: Path) -> None:
    policy.write_text(f"{POLICY}---\n{manifests.MISSPELT}")
    outcome = haechi("lint", policy, "--baseline", tmp_path / "known.json", "--write-baseline")
    assert outcome.code == 2
    assert not (tmp_path / "known.json").exists()


def test_where_it_cannot_be_written_is_an_error(haechi: Haechi, policy: Path, tmp_path: Path) -> None:
    outcome = haechi("lint", policy, "--baseline", tmp_path / "no" / "known.json", "--write-baseline")
    assert outcome.code == 2
    assert "no such file or directory" in outcome.err


@pytest.mark.parametrize("options", [["--write-baseline"], ["--write-baseline", "--baseline", "x", "--diff"]])
def test_writing_needs_a_name_and_no_diff(haechi: Haechi, policy: Path, options: list[str]) -> None:
    outcome = haechi("lint", policy, *options)
    assert outcome.code == 2
    assert outcome.err.startswith("haechi: error: --write-baseline: ")
    assert not Path("x").exists()


def test_a_new_file_has_the_usual_mode(baseline: Path, policy: Path) -> None:
    assert baseline.stat().st_mode == policy.stat().st_mode
