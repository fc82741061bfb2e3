"""A lab run as JSON and JUnit XML."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from haechi.model import ClusterPolicyKey, Direction, Location, PacketVerdict, PolicyKey, Side, TierRuleRef
from haechi.report import LabRun, LabSample, ProbeResult, SampledClass, basis, lab_json, lab_junit, mismatch_text
from tests.cli.reports import reports, rows, shop, side
from tests.report.documents import checked, checked_junit


def test_the_document_holds_everything_that_was_tried() -> None:
    run = shop(broken=[("TCP", 5432)])
    document = checked(lab_json(run, lambda policy, path: None, basis(notes=run.notes)))
    assert (document["summary"], document["seconds"]) == ({"connections": 72, "mismatches": 2}, 0.25)
    assert [one["asExpected"] for one in document["results"]] == [one.is_as_expected for one in run.results]
    assert document["results"][0] == {
        "source": "host/office",
        "destination": "shop/db",
        "family": 4,
        "protocol": "TCP",
        "port": 80,
        "expected": {
            "allowed": False,
            "egress": {"isolated": False, "allowed": True, "policies": [], "tierRule": None},
            "ingress": {
                "isolated": True,
                "allowed": False,
                "policies": [{"kind": "NetworkPolicy", "namespace": "shop", "name": "db"}],
                "tierRule": None,
            },
        },
        "arrived": False,
        "replied": False,
        "asExpected": True,
    }
    endpoints = {one.pop("name"): tuple(one.values()) for one in document["endpoints"]}
    assert endpoints["shop/db"] == (["10.0.0.1", "fd00::1"], "node-1", "", False)
    assert endpoints["host/office"] == (["192.0.2.7"], "", "outside host", False)
    assert document["nodes"] == ["node-1", "node-2"]
    assert document["notes"] == list(run.notes)
    assert document["sampled"] is None


def test_the_document_names_what_the_results_are_a_sample_of() -> None:
    sample = LabSample(5000, 3, (SampledClass(("shop/web-0", "shop/web-1"), ("shop/web-1",)),))
    run = replace(shop(), sample=sample, host_network=("shop/db",))
    document = checked(lab_json(run, lambda policy, path: None, basis()))
    classes = [{"members": ["shop/web-0", "shop/web-1"], "representatives": ["shop/web-1"]}]
    assert document["sampled"] == {"connections": 5000, "seed": 3, "classes": classes}
    assert [one["name"] for one in document["endpoints"] if one["hostNetwork"]] == ["shop/db"]


@given(reports())
def test_any_run_has_the_form_of_its_kind(run: LabRun) -> None:
    document = checked(lab_json(run, lambda policy, path: None, basis()))
    assert len(document["results"]) == len(run.results)


@given(reports())
def test_every_row_is_a_case_and_every_mismatch_a_failure(report: LabRun) -> None:
    root = checked_junit(lab_junit(report, basis()))
    assert root.tag == "testsuites"
    assert len(root.findall("testsuite/testcase")) == len(report.results) == int(root.get("tests", ""))
    assert len(root.findall("testsuite/testcase/failure")) == len(report.mismatches) == int(root.get("failures", ""))
    for suite in root.findall("testsuite"):
        assert len(suite.findall("testcase")) == int(suite.get("tests", ""))


def test_a_case_says_what_was_asked_and_a_failure_what_went_wrong() -> None:
    root = checked_junit(lab_junit(shop(broken=[("UDP", 80)]), basis()))
    case = root.find("testsuite/testcase/failure/..")
    assert case is not None
    assert (case.get("classname"), case.get("name")) == ("shop/web-0 → shop/db", "UDP 80 over IPv4 is denied")
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == failure.text == "policies: denied (ingress: shop/db); packets: allowed"


def test_characters_that_xml_has_not_are_escaped() -> None:
    report = LabRun(tuple(rows('a/<&"\x00\x1b', "a/y")), {})
    root = checked_junit(lab_junit(report, basis()))
    assert root.find("testsuite") is not None


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (PacketVerdict(Side(True), Side(True)), "allowed"),
        (PacketVerdict(side(False, "a/p"), Side(True)), "denied (egress: a/p)"),
        (PacketVerdict(side(False, "a/p"), side(False, "b/q", "b/r")), "denied (egress: a/p; ingress: b/q and b/r)"),
        (
            PacketVerdict(Side(True), side(False, *["a/p", "a/q", "a/r", "a/s"])),
            "denied (ingress: a/p, a/q, a/r and 1 more)",
        ),
        (PacketVerdict(Side(True), Side(False)), "denied (ingress: an address that several pods claim)"),
    ],
)
def test_a_denial_names_its_side_and_policies(verdict: PacketVerdict, text: str) -> None:
    one = ProbeResult("a/x", "a/y", 4, "TCP", 80, verdict, arrived=True, replied=True)
    assert mismatch_text(one) == f"policies: {text}; packets: allowed"


@pytest.mark.parametrize(
    ("arrived", "replied", "text"),
    [
        (True, True, "allowed"),
        (True, False, "arrived, but the answer did not come back"),
        (False, False, "nothing arrived"),
    ],
)
def test_what_packets_showed(arrived: bool, replied: bool, text: str) -> None:
    one = ProbeResult("a/x", "a/y", 4, "TCP", 80, PacketVerdict(Side(True), Side(True)), arrived, replied)
    assert mismatch_text(one) == f"policies: allowed; packets: {text}"


def test_the_rule_of_a_tier_that_decides_is_named() -> None:
    ref = TierRuleRef(ClusterPolicyKey("ClusterNetworkPolicy", "admin"), Direction.INGRESS, 1)
    denied = Side(False, isolated=True, policies=(PolicyKey("a", "in"),), tier_rule=ref)
    one, *_ = rows("a/x", "a/y")
    one = replace(one, expected=PacketVerdict(Side(True), denied), arrived=True, replied=True)
    assert mismatch_text(one) == (
        "policies: denied (ingress: ClusterNetworkPolicy/admin spec.ingress[1]); packets: allowed"
    )
    run = LabRun((one,), {"a/x": (), "a/y": ()})
    (result,) = checked(lab_json(run, lambda policy, path: Location("f", 3, 5), basis()))["results"]
    assert result["expected"]["egress"]["tierRule"] is None
    assert result["expected"]["ingress"]["tierRule"] == {
        "policy": {"kind": "ClusterNetworkPolicy", "namespace": "", "name": "admin"},
        "path": "spec.ingress[1]",
        "location": {"file": "f", "line": 3, "column": 5},
    }
