"""`haechi validate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from haechi.model import Code
from haechi.report.validation import RULES
from tests.cli import manifests
from tests.cli.conftest import Haechi


def test_good_manifests_are_good(haechi: Haechi) -> None:
    outcome = haechi("validate", "-", stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "3 objects, 0 errors, 0 warnings\n")


def test_every_error_is_told_with_its_place_in_the_words_of_the_server(haechi: Haechi, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("---\n".join((manifests.GOOD, manifests.BAD, manifests.MISSPELT)))
    outcome = haechi("validate", file)
    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        f"{file}:{line}"
        for line in (
            (
                "25:9: error: NetworkPolicy/shop/bad: spec.ingress[0].from[0].ipBlock.cidr: "
                'Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
            ),
            (
                "27:7: error: NetworkPolicy/shop/bad: spec.ingress[0].ports[0].port: Invalid value: 99999: "
                "must be between 1 and 65535, inclusive"
            ),
            (
                "35:3: error: NetworkPolicy/default/misspelt: strict decoding error: "
                'unknown field "spec.ingres" (did you mean "ingress"?)'
            ),
        )
    ]
    assert outcome.err == "3 objects, 3 errors, 0 warnings\n"


def test_warnings_alone_are_good(haechi: Haechi) -> None:
    outcome = haechi("validate", "-", stdin=manifests.DOUBTFUL)
    assert outcome.code == 0
    assert outcome.out.startswith("<stdin>:10:9: warning: NetworkPolicy/default/doubtful: ")
    assert outcome.err == "1 object, 0 errors, 1 warning\n"


def test_what_is_not_ours_is_skipped_with_a_word(haechi: Haechi) -> None:
    outcome = haechi("validate", "-", stdin="---\n".join((manifests.GOOD, manifests.SECRET)))
    assert outcome.code == 0
    assert outcome.err == (
        "skipped: 1 document of 1 kind that Haechi does not use (-v lists them)\n"
        "1 object, 0 errors, 0 warnings, 1 skipped\n"
    )


def test_very_many_skipped_documents_are_counted(haechi: Haechi) -> None:
    outcome = haechi("validate", "-", stdin="---\n".join((manifests.GOOD, *[manifests.SECRET] * 30)))
    assert outcome.err.startswith("skipped: 30 documents of 1 kind that Haechi does not use")
    assert len(outcome.err.splitlines()) == 2
    verbose = haechi("validate", "-", "-v", stdin="---\n".join((manifests.GOOD, *[manifests.SECRET] * 30)))
    assert len(verbose.err.splitlines()) == 31
    assert haechi("validate", "-", "-q", stdin=manifests.GOOD).err == ""


def test_the_version_and_the_gates_decide(haechi: Haechi) -> None:
    assert haechi("validate", "-", stdin=manifests.SCTP).code == 0
    outcome = haechi("validate", "-", "--feature-gates=SCTPSupport=false", stdin=manifests.SCTP)
    assert outcome.code == 1
    assert 'Unsupported value: "SCTP"' in outcome.out
    host_bits = manifests.DOUBTFUL.replace("2001:DB8::/32", "10.0.0.1/8")
    assert haechi("validate", "-", "--kubernetes-version", "1.33", stdin=host_bits).code == 0
    assert haechi("validate", "-", "--kubernetes-version", "1.36", stdin=host_bits).code == 1


def test_json_holds_every_finding_as_facts(haechi: Haechi) -> None:
    text = "---\n".join((manifests.BAD, manifests.DOUBTFUL, manifests.SECRET))
    outcome = haechi("validate", "-", "-o", "json", stdin=text)
    assert (outcome.code, outcome.err) == (1, "")
    document = json.loads(outcome.out)
    assert (document["kind"], document["partial"]) == ("ValidationReport", False)
    assert document["summary"] == {"objects": 2, "errors": 2, "warnings": 1, "skipped": 1}
    assert document["findings"][1] == {
        "location": {"file": "<stdin>", "line": 13, "column": 7},
        "severity": "error",
        "code": "invalid",
        "object": {"kind": "NetworkPolicy", "namespace": "shop", "name": "bad"},
        "path": "spec.ingress[0].ports[0].port",
        "message": "spec.ingress[0].ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive",
        "hint": "",
    }
    assert [each["severity"] for each in document["findings"]] == ["error", "error", "warning"]
    assert [(each["object"], each["code"]) for each in document["skipped"]] == [(None, "unknown-kind")]


def test_kinds_without_a_namespace_have_none(haechi: Haechi) -> None:
    text = "{apiVersion: v1, kind: Namespace, metadata: {name: UPPER}}"
    (finding,) = json.loads(haechi("validate", "-", "-o", "json", stdin=text).out)["findings"]
    assert finding["object"] == {"kind": "Namespace", "namespace": "", "name": "UPPER"}


def test_sarif_has_a_rule_for_every_result(haechi: Haechi, tmp_path: Path) -> None:
    file = tmp_path / "with space.yaml"
    file.write_text("---\n".join((manifests.BAD, manifests.DOUBTFUL, manifests.SECRET)))
    outcome = haechi("validate", file, "-o", "sarif")
    assert outcome.code == 1
    log = json.loads(outcome.out)
    assert (log["$schema"], log["version"]) == ("https://json.schemastore.org/sarif-2.1.0.json", "2.1.0")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "note"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (place,) = result["locations"]
        physical = place["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == f"file://{tmp_path}/with%20space.yaml"
        assert physical["region"]["startLine"] > 0
        assert physical["region"]["startColumn"] > 0
    assert run["results"][1]["locations"][0]["logicalLocations"] == [
        {"fullyQualifiedName": "NetworkPolicy/shop/bad.spec.ingress[0].ports[0].port"}
    ]


def test_sarif_of_a_whole_file_has_no_region(haechi: Haechi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    log = json.loads(haechi("validate", "missing.yaml", "-o", "sarif").out)
    (result,) = log["runs"][0]["results"]
    assert result["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "missing.yaml"}}}]


def test_every_code_has_a_sarif_rule() -> None:
    assert set(RULES) == set(Code)


def test_text_that_could_not_be_checked_makes_the_report_partial(haechi: Haechi) -> None:
    document = json.loads(haechi("validate", "-", "-o", "json", stdin=f"{manifests.BAD}---\na: [\n").out)
    assert document["partial"]
    assert [one["code"] for one in document["findings"]] == ["invalid", "invalid", "syntax"]
    assert document["unreadable"] == document["findings"][2:]


def test_an_update_is_judged_by_what_it_replaces(haechi: Haechi, tmp_path: Path) -> None:
    """Errors of the stored object itself are not asked about; a new object is a create."""
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text("---\n".join((manifests.GOOD, manifests.POD, manifests.BAD)))
    moved = manifests.POD.replace("nodeName: node-a", "nodeName: node-b")
    new.write_text("---\n".join((manifests.GOOD, moved, manifests.OTHER_POD)))
    outcome = haechi("validate", old, "--update", new)
    assert outcome.code == 1
    (line,) = outcome.out.splitlines()
    assert line.startswith(f"{new}:21:1: error: Pod/shop/web: spec: Forbidden: pod updates may not change fields other")
    assert haechi("validate", new, "--update", new).code == 0


def test_an_unreadable_stored_file_is_an_error(haechi: Haechi, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(manifests.GOOD)
    outcome = haechi("validate", tmp_path / "absent.yaml", "--update", new)
    assert outcome.code == 2
    assert "absent.yaml" in outcome.out


def test_a_misspelt_port_is_an_unknown_field(haechi: Haechi) -> None:
    """An error of validate; other commands report it as a warning beside what follows from it."""
    text = manifests.POD.replace("containerPort", "containerport")
    outcome = haechi("validate", "-", stdin=text)
    assert 'unknown field "spec.containers[0].ports[0].containerport" (did you mean "containerPort"?)' in outcome.out
    answer = haechi("list", "-", stdin=text)
    assert 'warning: Pod/shop/web: unknown field "spec.containers[0].ports[0].containerport"' in answer.err


TIERS = """\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: c}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  egress:
  - action: Deny
    to:
    - nodes: {}
"""


def test_a_policy_of_a_tier_is_judged_by_its_definition(haechi: Haechi) -> None:
    assert haechi("validate", "-", stdin=TIERS).code == 0
    outcome = haechi("validate", "-", stdin=TIERS.replace("priority: 1", "priority: 2000"))
    assert outcome.code == 1
    assert outcome.out == (
        "<stdin>:6:3: error: ClusterNetworkPolicy/c: spec.priority: Invalid value: 2000: spec.priority in body should "
        "be less than or equal to 1000\n"
    )


def test_the_standard_channel_has_other_definitions(haechi: Haechi) -> None:
    outcome = haechi("validate", "-", "--channel", "standard", stdin=TIERS)
    assert outcome.code == 1
    assert (
        '<stdin>:11:7: error: ClusterNetworkPolicy/c: strict decoding error: unknown field "spec.egress[0].to[0].nodes"'
        in (outcome.out)
    )


def test_an_update_of_a_policy_of_a_tier_may_keep_what_is_wrong(haechi: Haechi, tmp_path: Path) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(TIERS.replace("priority: 1", "priority: 2000"))
    new.write_text(old.read_text().replace("Deny", "Pass"))
    assert haechi("validate", old, "--update", new).code == 0
    assert haechi("validate", new).code == 1


def test_a_policy_of_a_tier_with_errors_still_denies(haechi: Haechi) -> None:
    """Its unreadable rules fail closed; without the policy everything would be allowed."""
    pods = "".join(f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: x}}\n" for name in "ab")
    assert haechi("can", "x/a", "x/b", "80", "-", stdin=pods).code == 0
    outcome = haechi("can", "x/a", "x/b", "80", "-", stdin=TIERS.replace("nodes", "hosts") + pods)
    assert (outcome.code, outcome.out.split("\n")[0]) == (2, "denied")
    assert "the unreadable parts of 1 policy are treated as deny" in outcome.err


def test_what_later_definitions_refuse_is_a_warning(haechi: Haechi) -> None:
    outcome = haechi("validate", "-", "-o", "json", stdin=TIERS.replace("nodes: {}", "networks: [10.0.0.1/8]"))
    (found,) = json.loads(outcome.out)["findings"]
    assert (outcome.code, found["severity"], found["code"]) == (0, "warning", "refused-later")
    assert (found["path"], found["location"]["line"]) == ("spec.egress[0].to[0].networks[0]", 11)
