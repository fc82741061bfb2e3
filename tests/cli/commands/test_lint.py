"""`haechi lint`."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from haechi.analysis.lint import CATALOGUE
from haechi.cli import fixing
from tests.cli import manifests
from tests.cli.conftest import Haechi, Outcome

DEAD = dedent("""\
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: dead, namespace: shop}
    spec:
      podSelector: {}
      policyTypes: [Ingress]
      egress:
      - {}
    """)
TWICE = dedent("""\
    # who may come
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: twice, namespace: shop}
    spec:
      podSelector: {}
      ingress:
      - from:
        - podSelector: {}
        # again
        - podSelector: {}  # the same
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}
    """)
LINE = (
    "error: NetworkPolicy/shop/dead: policyTypes does not list Egress, so these rules have no effect "
    "(add Egress to policyTypes, or delete egress) [rules-without-policy-type]\n"
)
SUM = f"; {sum(check.on_request for check in CATALOGUE)} checks on request: --select all\n"
WITHOUT = "no pods in the input: checks that need them find nothing\n"


def test_a_finding_is_one_line_with_place_reason_and_code(haechi: Haechi, tmp_path: Path) -> None:
    file = tmp_path / "dead.yaml"
    file.write_text(DEAD)
    outcome = haechi("lint", file, "-o", "concise")
    assert (outcome.code, outcome.out) == (1, f"{file}:7:3: {LINE}")
    assert outcome.err == f"1 error in 1 NetworkPolicy{SUM}{WITHOUT}"


def test_a_finding_has_an_excerpt_of_its_source(haechi: Haechi) -> None:
    assert haechi("lint", "-", stdin=DEAD).out == dedent("""\
        error[rules-without-policy-type]: NetworkPolicy/shop/dead: policyTypes does not list Egress, so these rules have no effect
         --> <stdin>:7:3
          |
        5 |   podSelector: {}
        6 |   policyTypes: [Ingress]
        7 |   egress:
          |   ^^^^^^
        8 |   - {}
          |
          = help: add Egress to policyTypes, or delete egress

        """)  # noqa: E501


def test_a_certain_fix_is_named(haechi: Haechi) -> None:
    assert "   = fix: delete the item (--fix)\n" in haechi("lint", "-", stdin=TWICE).out


HOSTILE = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: "a%,:b"
spec: {podSelector: {matchLabels: {"한": "x"}}, policyTypes: [Ingress], egress: [{}]}
"""


@pytest.mark.parametrize("form", ["text", "concise", "github"])
def test_no_input_can_write_controls_or_lines_of_its_own(haechi: Haechi, tmp_path: Path, form: str) -> None:
    file = tmp_path / "a\n::set-env name=x::y\x1b[31m.yaml"
    file.write_text(HOSTILE, encoding="utf-8")
    out = haechi("lint", file, "-o", form).out
    assert "rules-without-policy-type" in out
    assert out.replace("\n", "").isprintable()
    assert not any(line.startswith("::set-env") for line in out.splitlines())


@pytest.mark.parametrize(
    ("fail_on", "codes"), [("error", (1, 0, 0)), ("warning", (1, 1, 0)), ("note", (1, 1, 1)), ("never", (0, 0, 0))]
)
def test_the_least_severity_that_fails_is_chosen(haechi: Haechi, fail_on: str, codes: tuple[int, ...]) -> None:
    error, warning, note = (
        haechi("lint", "-", "--select", code, "--fail-on", fail_on, stdin=text)
        for code, text in [
            ("rules-without-policy-type", DEAD),
            ("redundant-peer", TWICE),
            ("policy-types-implicit", TWICE),
        ]
    )
    assert (error.code, warning.code, note.code) == codes
    assert error.out
    assert warning.out
    assert note.out


def test_a_note_alone_is_no_failure_unless_asked_for(haechi: Haechi) -> None:
    assert haechi("lint", "-", "--select", "policy-types-implicit", stdin=TWICE).code == 0


@pytest.mark.parametrize("fail_on", ["error", "never"])
def test_bad_input_is_a_failure_whatever_fails(haechi: Haechi, fail_on: str) -> None:
    assert haechi("lint", "-", "--fail-on", fail_on, stdin=f"{TWICE}---\n{manifests.MISSPELT}").code == 2


def test_github_gets_a_workflow_command_for_each_finding_and_for_what_cannot_be_read(haechi: Haechi) -> None:
    outcome = haechi("lint", "-", "-o", "github", stdin=f"{DEAD}---\n{manifests.MISSPELT}---\n{TWICE}")
    broken, *_, last = outcome.out.splitlines()
    assert outcome.code == 2
    assert broken.startswith("::error title=haechi (unknown-field),file=<stdin>,line=")
    assert last.startswith("::warning title=haechi (redundant-peer),file=<stdin>,line=")
    assert f"::{LINE.removeprefix('error: ').removesuffix(' [rules-without-policy-type]' + chr(10))}" in outcome.out


def test_gitlab_gets_an_entry_for_each_finding_and_for_what_cannot_be_read(haechi: Haechi, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{DEAD}---\n{manifests.MISSPELT}---\n{TWICE}")
    entries = json.loads(haechi("lint", tmp_path / "a.yaml", "-o", "gitlab").out)
    assert {(one["check_name"], one["severity"]) for one in entries} == {
        ("unknown-field", "major"),
        ("rules-without-policy-type", "major"),
        ("redundant-peer", "minor"),
    }
    assert len({one["fingerprint"] for one in entries}) == len(entries)
    assert {one["location"]["path"] for one in entries} == {str(tmp_path / "a.yaml")}


def test_without_findings_there_is_no_output(haechi: Haechi) -> None:
    outcome = haechi("lint", "-", stdin=manifests.GOOD)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"nothing found in 1 NetworkPolicy{SUM}{WITHOUT}")
    outcome = haechi("lint", "-", stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"nothing found in 1 NetworkPolicy{SUM}")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--select", "rules-*"], 1),
        (["--select", "duplicate-field,rules-without-policy-type"], 1),
        (["--select", "all", "--ignore", "rules-*"], 0),
        (["--select", "duplicate-field"], 0),
        (["--ignore", "rules-without-policy-type"], 0),
    ],
)
def test_codes_are_selected_and_ignored(haechi: Haechi, options: list[str], code: int) -> None:
    assert haechi("lint", "-", *options, "--ignore", "policy-types-implicit,open-*", stdin=DEAD).code == code


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_a_code_that_no_check_has_is_refused(haechi: Haechi, option: str) -> None:
    outcome = haechi("lint", "-", option, "rules-without-policy-typ", stdin=DEAD)
    assert outcome.code == 2
    assert outcome.err.startswith(
        f"haechi: error: {option}: 'rules-without-policy-typ' is not the code of a check\n"
        "  did you mean rules-without-policy-type"
    )


def test_an_object_can_say_that_it_means_it(haechi: Haechi) -> None:
    text = DEAD.replace("namespace: shop", "namespace: shop, annotations: {haechi/lint-ignore: 'x, rules-*'}")
    assert haechi("lint", "-", stdin=text).code == 0


def test_json_has_the_same_findings(haechi: Haechi) -> None:
    outcome = haechi("lint", "-", "-o", "json", stdin=DEAD)
    assert outcome.code == 1
    (finding,) = json.loads(outcome.out)["findings"]
    assert finding["location"] == {"file": "<stdin>", "line": 7, "column": 3}
    assert finding["code"] == "rules-without-policy-type"
    assert finding["object"] == {"kind": "NetworkPolicy", "namespace": "shop", "name": "dead"}
    assert finding["fix"] == ""


def test_json_after_corrections_is_about_what_is_left(haechi: Haechi, tmp_path: Path) -> None:
    (tmp_path / "twice.yaml").write_text(TWICE)
    (tmp_path / "dead.yaml").write_text(f"{DEAD}---\n{manifests.SECRET}")
    document = json.loads(haechi("lint", tmp_path, "--fix", "-o", "json").out)
    assert [one["code"] for one in document["findings"]] == ["rules-without-policy-type"]
    assert [one["code"] for one in document["skipped"]] == ["unknown-kind"]


def test_sarif_has_every_check_as_a_rule(haechi: Haechi) -> None:
    outcome = haechi("lint", "-", "-o", "sarif", stdin=DEAD)
    (run,) = json.loads(outcome.out)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [check.code for check in CATALOGUE]
    (result,) = run["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "rules-without-policy-type"
    assert result["level"] == "error"
    assert result["partialFingerprints"] == {
        "haechi/v1": json.loads(haechi("lint", "-", "-o", "json", stdin=DEAD).out)["findings"][0]["fingerprint"]
    }
    rule = rules[result["ruleIndex"]]
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert "policyTypes" in rule["fullDescription"]["text"]
    assert rule["help"]["markdown"].count("```yaml") == 2
    assert rule["helpUri"].startswith("https://")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 7, "startColumn": 3}


def test_certain_corrections_are_written_and_comments_stay(haechi: Haechi, tmp_path: Path) -> None:
    file, other = tmp_path / "twice.yaml", tmp_path / "dead.yaml"
    file.write_text(TWICE)
    other.write_text(DEAD)
    outcome = haechi("lint", tmp_path, "--fix", "-o", "concise")
    assert file.read_text() == TWICE.replace("    - podSelector: {}  # the same\n", "")
    assert other.read_text() == DEAD
    assert (outcome.code, outcome.out) == (1, f"{other}:7:3: {LINE}")
    assert f"{file}:11:7: fixed: NetworkPolicy/shop/twice: " in outcome.err
    assert haechi("lint", tmp_path, "--fix", "-o", "concise").out == outcome.out


def test_fixes_are_shown_as_a_diff_and_not_written(
    haechi: Haechi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twice.yaml").write_text(TWICE)
    (tmp_path / "dead.yaml").write_text(DEAD)
    outcome = haechi("lint", ".", "--diff")
    assert outcome.code == 1
    assert outcome.out == (
        "--- a/twice.yaml\n+++ b/twice.yaml\n@@ -8,5 +8,4 @@\n   - from:\n     - podSelector: {}\n     # again\n"
        "-    - podSelector: {}  # the same\n"
        "     - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}\n"
    )
    assert outcome.err == "--fix would fix 1 finding in 1 file\n"
    assert (tmp_path / "twice.yaml").read_text() == TWICE
    haechi("lint", ".", "--fix")
    assert haechi("lint", ".", "--diff") == Outcome(0, "", "nothing to fix\n")


def test_the_diff_of_standard_input_and_of_bad_input_is_shown(haechi: Haechi) -> None:
    outcome = haechi("lint", "-", "--diff", stdin=f"{TWICE}---\n{manifests.MISSPELT}")
    assert outcome.code == 2
    assert "\n-    - podSelector: {}  # the same\n" in outcome.out


@pytest.mark.parametrize("option", ["--fix", "--build"])
def test_a_diff_of_what_is_not_there_is_refused(haechi: Haechi, tmp_path: Path, option: str) -> None:
    (tmp_path / "twice.yaml").write_text(TWICE)
    outcome = haechi("lint", tmp_path, "--diff", option)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("haechi: error: --diff: ")
    assert (tmp_path / "twice.yaml").read_text() == TWICE


def test_a_file_that_cannot_be_written_keeps_its_finding(
    haechi: Haechi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(TWICE.replace("shop", name.removesuffix(".yaml")))
    real = fixing.replace_file

    def refuses(path: Path, old: bytes, new: bytes) -> None:
        if path.name == "two.yaml":
            raise PermissionError(1, "Operation not permitted")
        real(path, old, new)

    monkeypatch.setattr(fixing, "replace_file", refuses)
    outcome = haechi("lint", tmp_path, "--fix", "-o", "concise")
    assert outcome.code == 1
    assert outcome.out.startswith(f"{tmp_path}/two.yaml:11:7: warning: ")
    assert f"{tmp_path}/one.yaml:11:7: fixed: " in outcome.err
    assert "two.yaml:11:7: not fixed: NetworkPolicy/two/twice: operation not permitted [" in outcome.err


def test_without_the_option_files_are_left_alone(haechi: Haechi, tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text(TWICE)
    outcome = haechi("lint", file)
    assert outcome.code == 1
    assert "1 fixable with --fix" in outcome.err
    assert file.read_text() == TWICE


def test_standard_input_cannot_be_corrected(haechi: Haechi) -> None:
    outcome = haechi("lint", "-", "--fix", stdin=TWICE)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "haechi: error: --fix: standard input cannot be fixed: name the files\n"


def test_what_cannot_be_written_stays_a_finding(haechi: Haechi, tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(
        TWICE.replace("    - podSelector: {}\n", "    - &all\n      podSelector: {}\n", 1).replace(
            "- podSelector: {}  # the same", "- *all"
        )
    )
    before = file.read_text()
    outcome = haechi("lint", file, "--fix")
    assert outcome.code == 1
    assert ": not fixed: NetworkPolicy/shop/twice: it is written in an unusual way [" in outcome.err
    assert file.read_text() == before


def test_bad_input_is_told_and_the_rest_is_looked_at(haechi: Haechi) -> None:
    outcome = haechi("lint", "-", "-o", "concise", stdin=f"{DEAD}---\n{manifests.MISSPELT}")
    assert outcome.code == 2
    assert LINE in outcome.out
    assert "unknown field" in outcome.err


def test_checks_that_are_ignored_are_counted(haechi: Haechi, tmp_path: Path) -> None:
    """So that a configuration that silences everything shows."""
    (tmp_path / "p.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\n")
    assert "ignored or not selected" not in haechi("lint", tmp_path).err
    count = sum(not check.on_request for check in CATALOGUE)
    assert f"{count} checks ignored or not selected" in haechi("lint", tmp_path, "--ignore", "*").err
