"""`haechi test`, and the same assertions on packets."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from haechi.report.assertions import AssertionReport, AssertionSummary
from haechi.report.document import ObjectReference, PortRange
from tests.cli.conftest import Haechi
from tests.cli.manifests import SECRET
from tests.report.documents import checked

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "examples" / "test-network-policy"
HEAD = "apiVersion: haechi/v1alpha1\nkind: ConnectivityTest\nmetadata: {name: database}\nspec:\n  assertions:\n"
FRONTENDS = "{namespace: default, podSelector: {matchLabels: {role: frontend}}}"
PROJECT = "{namespaceSelector: {matchLabels: {project: myproject}}}"
HOLDS = f"""\
  - name: frontends reach the database
    from: {FRONTENDS}
    to: {{pod: default/db}}
    ports: [6379]
    expect: allow
  - name: nobody reaches anything else
    from: {{anyone: {{}}}}
    to: {{pod: default/db}}
    ports: [22, 6378, {{port: 6380, endPort: 65535}}, {{protocol: UDP}}, 6379/SCTP]
    expect: deny
  - name: these and nobody else
    to: {{pod: default/db}}
    ports: [6379]
    only: [{FRONTENDS}, {PROJECT}, {{ip: 172.17.0.0/24}}, {{ip: 172.17.2.0/23}}, {{ip: 172.17.4.0/22}}, \
{{ip: 172.17.8.0/21}}, {{ip: 172.17.16.0/20}}, {{ip: 172.17.32.0/19}}, {{ip: 172.17.64.0/18}}, {{ip: 172.17.128.0/17}}]
  - name: the database talks to one network
    from: {{pod: default/db}}
    ports: [5978]
    only: [{{ip: 10.0.0.0/24}}]
"""
FAILS = f"""\
  - name: a block with a hole
    from: {{ip: 172.17.0.0/16}}
    to: {{pod: default/db}}
    ports: [6379]
    expect: allow
  - to: {{pod: default/db}}
    ports: [6379]
    only: [{FRONTENDS}]
"""


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    return tmp_path / "tests.yaml"


def test_assertions_that_hold_exercise_every_rule(haechi: Haechi, tests: Path) -> None:
    tests.write_text(HEAD + HOLDS)
    outcome = haechi("test", tests, DOCUMENT)
    assert outcome.out.endswith("\n4 assertions, all hold, 2 of 2 rules exercised\n"), outcome.out
    assert outcome.code == 0


def test_a_failing_assertion_shows_the_exact_addresses_and_the_rule(haechi: Haechi, tests: Path) -> None:
    tests.write_text(HEAD + FAILS)
    outcome = haechi("test", tests, DOCUMENT)
    assert outcome.code == 1
    outcome = replace(outcome, out=" ".join(outcome.out.split()))
    assert f"FAIL database: a block with a hole ({tests}:6:5)" in outcome.out
    # 172.17.1.5 is a host of the example, so it is shown by its name
    rest = "172.17.1.0-172.17.1.4, 172.17.1.6-172.17.1.255 and host/in-except"
    assert f"{rest} → default/db on TCP 6379: denied, must be allowed" in outcome.out
    assert "FAIL database: assertion 2" in outcome.out
    assert "ingress allowed by default/test-network-policy spec.ingress[0] (" in outcome.out
    assert re.search(r"not exercised: .* spec.egress\[0\] \(.*network-policy.yaml:29:5\)", outcome.out)


def test_json_is_the_documented_schema(haechi: Haechi, tests: Path) -> None:
    tests.write_text(HEAD + FAILS)
    outcome = haechi("test", tests, DOCUMENT, "-o", "json")
    document = msgspec.json.decode(outcome.out, type=AssertionReport)
    assert (outcome.code, document.summary) == (1, AssertionSummary(2, 2, 2, 1, 0))
    (rule,) = document.unexercised
    assert (rule.policy, rule.path) == (
        ObjectReference("NetworkPolicy", "default", "test-network-policy"),
        "spec.egress[0]",
    )
    first = document.assertions[0].violations[1]
    assert (first.source, first.source_addresses) == ("", ["172.17.1.0-172.17.1.4", "172.17.1.6-172.17.1.255"])
    assert (first.destination, first.ports) == ("default/db", [PortRange("TCP", 6379, 6379)])
    page = (ROOT / "docs" / "assertions.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert checked(shown)["kind"] == "AssertionReport"


def test_documents_skipped_among_tests_and_manifests_are_both_in_the_document(haechi: Haechi, tests: Path) -> None:
    tests.write_text(f"{HEAD}{HOLDS}---\n{SECRET}")
    document = json.loads(haechi("test", tests, DOCUMENT, tests, "-o", "json").out)
    assert [one["location"]["file"] for one in document["skipped"]] == [str(tests)] * 3


def test_junit_counts_what_fails(haechi: Haechi, tests: Path) -> None:
    tests.write_text(HEAD + HOLDS + FAILS.replace("a block with a hole", "'<hole & \"block\">'"))
    outcome = haechi("test", tests, DOCUMENT, "-o", "junit")
    root = ElementTree.fromstring(outcome.out)
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "6", "2")
    cases = root.findall("testsuite[@name='database']/testcase")
    assert [case.find("failure") is None for case in cases] == [True] * 4 + [False] * 2
    assert cases[4].get("name") == '<hole & "block">'


@pytest.mark.parametrize(
    ("assertion", "words"),
    [
        ("{from: {namespace: nowhere}, to: {pod: default/db}, expect: deny}", "from: selects no pod"),
        ("{from: {pod: default/dp}, to: {pod: default/db}, expect: deny}", "from: 'default/dp' does not match any pod"),
        (
            "{from: {host: none}, to: {pod: default/db}, expect: deny}",
            "from: there is no ExternalHost none; there is: ",
        ),
        ("{from: {anyone: {}}, to: {pod: default/db}, ports: [web], expect: deny}", "default/db has no port named web"),
        ("{from: {pod: default/db}, to: {pod: default/db}, expect: allow}", "there is no packet that a policy could"),
        ("{from: {ip: 8.8.8.8}, to: {ip: 8.8.4.4}, expect: allow}", "there is no packet that a policy could"),
    ],
)
def test_what_asserts_nothing_fails_unless_that_is_allowed(
    haechi: Haechi, tests: Path, assertion: str, words: str
) -> None:
    tests.write_text(f"{HEAD}  - {assertion}\n")
    outcome = haechi("test", tests, DOCUMENT)
    assert (outcome.code, f"asserts nothing: {words}" in outcome.out) == (1, True), outcome.out
    tests.write_text(f"{HEAD}  - {assertion[:-1]}, allowEmpty: true}}\n")
    assert haechi("test", tests, DOCUMENT).code == 0


def test_what_cannot_be_used_is_located_and_nothing_is_judged(haechi: Haechi, tests: Path) -> None:
    tests.write_text(HEAD + "  - {from: {pods: a/b}, to: {ip: x}, expect: allow}\n")
    outcome = haechi("test", tests, DOCUMENT)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{tests}:6:13: error: strict decoding error" in outcome.err
    assert f"{tests}:6:30: error: 'x': not an IP address" in outcome.err
    assert "2 errors in the assertions, see above; nothing was judged" in outcome.err


@pytest.mark.parametrize("assertions", [HOLDS, FAILS])
def test_manifests_with_errors_are_judged_without_them_and_the_exit_code_says_so(
    haechi: Haechi, tests: Path, tmp_path: Path, assertions: str
) -> None:
    tests.write_text(HEAD + assertions)
    (tmp_path / "broken.yaml").write_text("a: [\n---\n- b\n")
    sound = haechi("test", tests, DOCUMENT)
    outcome = haechi("test", tests, DOCUMENT, tmp_path / "broken.yaml")
    assert (outcome.code, outcome.out) == (2, sound.out)
    assert f"{tmp_path}/broken.yaml:2:1: error: " in outcome.err
    assert f"{tmp_path}/broken.yaml:3:1: error: " in outcome.err
    assert outcome.err.splitlines()[-1].startswith(
        "haechi: error: 2 errors in the input, see above: the answer excludes "
    )


@pytest.mark.parametrize("where", ["the assertions", "the input"])
def test_strict_refuses_a_skipped_document_of_either(haechi: Haechi, tests: Path, tmp_path: Path, where: str) -> None:
    other = tmp_path / "secret.yaml"
    other.write_text(SECRET)
    tests.write_text(HEAD + HOLDS + (f"---\n{SECRET}" if where == "the assertions" else ""))
    paths = [DOCUMENT, other] if where == "the input" else [DOCUMENT]
    assert haechi("test", tests, *paths).code == 0
    outcome = haechi("test", tests, *paths, "--strict")
    assert (outcome.code, outcome.out) == (2, "")
    assert ":1: error: Secret of v1 is not " in outcome.err
    assert "(skipped without --strict)" in outcome.err
    assert f"an error in {where}, see above; nothing was " in outcome.err


def test_a_file_without_tests_and_standard_input_for_both_are_refused(haechi: Haechi) -> None:
    assert "there is no ConnectivityTest in it" in haechi("test", DOCUMENT / "cluster.yaml", DOCUMENT).err
    outcome = haechi("test", "-", "-")
    assert outcome.code == 2
    assert "cannot be both" in outcome.err


def test_assertions_may_come_from_standard_input(haechi: Haechi) -> None:
    assert haechi("test", "-", DOCUMENT, stdin=HEAD + HOLDS).code == 0


@pytest.mark.kernel
def test_packets_judge_the_same_assertions(haechi: Haechi, tests: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tests.write_text(HEAD + HOLDS)
    monkeypatch.setattr("haechi.cli.lab.session._SHORT", 0)
    outcome = haechi("lab", "run", "--tests", tests, DOCUMENT)
    assert outcome.code == 0, outcome.out
    first = outcome.err.splitlines()[0]
    assert first.startswith("a lab of ")
    assert first.endswith(" (no sample, however long: an assertion is about each of them)")
    assert "4 assertions, all hold, 2 of 2 rules exercised" in outcome.out
    assert "all matched the policies" in outcome.err


@pytest.mark.kernel
def test_packets_show_a_failing_assertion_to_programs(haechi: Haechi, tests: Path) -> None:
    tests.write_text(
        HEAD + FAILS + "  - {from: {ip: 192.0.2.9}, to: {pod: default/db}, ports: [6379], expect: allow}\n"
    )
    outcome = haechi("lab", "run", "--tests", tests, "-o", "json", "--ip-family", "4", DOCUMENT)
    document = msgspec.json.decode(outcome.out, type=AssertionReport)
    assert (outcome.code, document.summary.failed) == (1, 3)
    assert [one.object.name for one in document.synthesized if "192.0.2.9" in one.addresses] == ["outside/192.0.2.9"]
    assert [one.source for one in document.assertions[0].violations] == ["host/in-except"]
    assert [one.source for one in document.assertions[2].violations] == ["outside/192.0.2.9"]


def test_assertions_say_who_tries_what_in_a_lab(haechi: Haechi, tests: Path) -> None:
    for option, value in (("--from", "a/b"), ("--to", "a/b"), ("--port", "80"), ("--budget", "5m")):
        outcome = haechi("lab", "run", "--tests", tests, option, value, DOCUMENT)
        assert (outcome.code, outcome.out) == (2, "")
        assert f"{option}: not with --tests: all that the assertions are about is tried" in outcome.err


def test_pairs_with_the_same_reasons_are_one_row_and_fit_a_hundred_columns(haechi: Haechi, tmp_path: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {0}, namespace: x, labels: {{app: {0}}}}}\n"
    deny = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: x}\n"
    text = "---\n".join((*(pod.format(name) for name in ("a", "b", "c")), deny + "spec: {podSelector: {}}\n"))
    tests = tmp_path / "tests.yaml"
    tests.write_text(HEAD + "  - {from: {anyone: {}}, to: {pod: x/a}, ports: [80], expect: allow}\n")
    lines = haechi("test", tests, "-", stdin=text).out.splitlines()
    assert [line.strip() for line in lines if "→" in line or "denied" in line][
        -1
    ] == "ingress denied: x/deny (<stdin>:13:1)"
    assert sum("→" in line for line in lines) == 1
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 100


def test_the_rule_of_a_tier_that_decides_is_named_and_not_counted(haechi: Haechi, tmp_path: Path) -> None:
    (tmp_path / "cluster.yaml").write_text(
        """\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: guard}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  ingress:
  - {action: Accept, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 80}}}]}
  - {action: Deny, from: [{namespaces: {}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: x}
spec: {podSelector: {}, ingress: [{}]}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x}
"""
    )
    (tmp_path / "test.yaml").write_text(
        """\
apiVersion: haechi/v1alpha1
kind: ConnectivityTest
metadata: {name: t}
spec:
  assertions:
  - {from: {pod: x/a}, to: {pod: x/b}, ports: [80], expect: deny}
  - {from: {pod: x/a}, to: {pod: x/b}, ports: [81], expect: allow}
"""
    )
    outcome = haechi("test", tmp_path / "test.yaml", tmp_path / "cluster.yaml", "-q")
    lines = [line.strip() for line in outcome.out.splitlines()]
    place = f"({tmp_path}/cluster.yaml"
    assert f"ingress allowed by ClusterNetworkPolicy/guard spec.ingress[0] {place}:9:5)" in " ".join(lines)
    assert f"ingress denied by ClusterNetworkPolicy/guard spec.ingress[1] {place}:10:5)" in " ".join(lines)
    assert lines[-1] == "2 assertions, 2 failed, 1 of 1 rule exercised, 2 rules of tiers not counted"
