"""`haechi can`."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cli import manifests
from tests.cli.conftest import Haechi


def test_allowed_with_the_rule_and_its_place(haechi: Haechi) -> None:
    outcome = haechi("can", "shop/client", "shop/web", "http", "-", stdin=manifests.CLUSTER)
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "allowed",
        "shop/client (10.0.0.2) -> shop/web (10.0.0.1) on TCP 8080: allowed",
        "  egress of shop/client: allowed, no policy applies",
        "  ingress of shop/web: allowed",
        "    isolated by shop/web at <stdin>:7:3",
        "    allowed by shop/web spec.ingress[0] at <stdin>:10:5",
        "      through spec.ingress[0].from[0] at <stdin>:11:7",
        "      through spec.ingress[0].ports[0] at <stdin>:13:7",
        "assumed: named-port (-v explains)",
    ]


def test_denied_with_the_nearest_rule_and_what_it_lacks(haechi: Haechi) -> None:
    outcome = haechi("can", "shop/client", "shop/web", "22", "-", "--what-if", stdin=manifests.CLUSTER)
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0] == "denied"
    assert "    nearest is shop/web spec.ingress[0] at <stdin>:10:5: port 22/TCP is not among its ports" in lines
    assert lines[6:13] == [
        "  would be allowed: add a rule to spec.ingress of policy shop/web",
        "      - from:",
        "        - podSelector:",
        "            matchLabels:",
        "              app: client",
        "        ports:",
        "        - protocol: TCP",
    ]
    assert "    also opens: nothing else" in lines
    assert "    and for pods to come: pods app=client in namespace shop -> shop/web[Pod]: TCP 22" in lines
    assert any(
        line.startswith("    in a cluster: kubectl patch networkpolicy web -n shop --type=json") for line in lines
    )
    assert "  would be allowed, but opens more: delete policy shop/web" in lines


def test_json_says_the_same(haechi: Haechi) -> None:
    outcome = haechi("can", "8.8.8.8", "shop/web", "8080/TCP", "-", "-o", "json", stdin=manifests.CLUSTER)
    found = json.loads(outcome.out)
    assert (outcome.code, found["kind"], found["allowed"]) == (1, "ReachabilityAnswer", False)
    (packet,) = found["packets"]
    assert packet["ingress"]["nearest"]["mismatches"] == ["8.8.8.8 is not a pod, and the rule matches pods"]
    assert packet["source"] is None


def test_json_has_the_rules_their_items_and_the_changes_that_would_turn_the_verdict(haechi: Haechi) -> None:
    outcome = haechi("can", "shop/client", "shop/web", "http", "-", "--what-if", "-o", "json", stdin=manifests.CLUSTER)
    (packet,) = json.loads(outcome.out)["packets"]
    web = {"namespace": "shop", "name": "web"}
    policy = {"kind": "NetworkPolicy", **web}

    def field(path: str, line: int, column: int) -> dict[str, object]:
        return {"policy": policy, "path": path, "location": {"file": "<stdin>", "line": line, "column": column}}

    assert (packet["source"], packet["destination"]) == ({"namespace": "shop", "name": "client"}, web)
    assert packet["ingress"] == {
        "allowed": True,
        "isolating": [field("spec.podSelector", 7, 3)],
        "allowing": [
            {
                "rule": field("spec.ingress[0]", 10, 5),
                "peers": [field("spec.ingress[0].from[0]", 11, 7)],
                "ports": [field("spec.ingress[0].ports[0]", 13, 7)],
                "mismatches": [],
                "nearestPeer": None,
            }
        ],
        "nearest": None,
        "tiers": [],
        "trace": "",
    }
    assert {
        "object": policy,
        "path": "spec.ingress[0]",
        "value": None,
        "message": "delete spec.ingress[0] of policy shop/web",
        "widening": False,
    } in [change for together in packet["whatIf"] for change in together]


def test_json_has_label_changes_as_fields(haechi: Haechi) -> None:
    policy = manifests.GOOD.replace("podSelector: {}", "podSelector: {matchLabels: {app: admin}}")
    text = "---\n".join((policy, manifests.POD, manifests.OTHER_POD))
    outcome = haechi("can", "shop/client", "shop/web", "http", "-", "--what-if", "-o", "json", stdin=text)
    (packet,) = json.loads(outcome.out)["packets"]
    assert [
        {
            "object": {"kind": "Pod", "namespace": "shop", "name": "client"},
            "path": "metadata.labels[app]",
            "value": "admin",
            "message": "label pod shop/client app=admin",
            "widening": True,
        }
    ] in packet["whatIf"]


def test_only_pods_of_the_question_count_as_synthesized(haechi: Haechi) -> None:
    pods = "---\n".join(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n" for name in "abc")
    document = json.loads(haechi("can", "default/a", "default/b", "-", "-o", "json", stdin=pods).out)
    assert [one["object"]["name"] for one in document["synthesized"]] == ["a", "b"]
    assert "synthetic-address" in [one["name"] for one in document["assumptions"]]


def test_a_workload_is_named_by_its_kind(haechi: Haechi) -> None:
    assert haechi("can", "shop/pod/client", "shop/pod/web", "-", stdin=manifests.CLUSTER).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("shop/nobody", "shop/web", "80", "-"),
            "SRC: 'shop/nobody' does not match any pod, workload, Service or address",
        ),
        (("shop/client", "shop/web", "99999", "-"), "PORT: '99999' is not a port"),
        (("shop/client", "shop/web", "ftp", "-"), "PORT: 'ftp' is not the name of a port of pod shop/web"),
    ],
)
def test_what_means_nothing_is_refused(haechi: Haechi, arguments: tuple[str, ...], words: str) -> None:
    outcome = haechi("can", *arguments, stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err


SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: front, namespace: shop}
spec:
  selector: {app: web}
  ports:
  - {name: www, port: 80, targetPort: http}
"""


def test_a_service_is_resolved_to_its_pods_and_their_ports(haechi: Haechi) -> None:
    text = "---\n".join((manifests.CLUSTER, SERVICE))
    outcome = haechi("can", "client", "svc/front", "80", "-", stdin=text)
    assert outcome.code == 0
    assert outcome.out.splitlines()[:3] == [
        "allowed",
        "svc/shop/front:80 → pod shop/web TCP 8080",
        "shop/client (10.0.0.2) -> shop/web (10.0.0.1) on TCP 8080: allowed",
    ]
    document = json.loads(haechi("can", "client", "front", "www", "-", "-o", "json", stdin=text).out)
    assert document["service"] == {
        "service": {"namespace": "shop", "name": "front"},
        "port": "www",
        "backends": [{"pod": {"namespace": "shop", "name": "web"}, "protocol": "TCP", "port": 8080}],
        "notes": [],
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("svc/front", "81"), "Service shop/front has no port 81; its ports: TCP 80 (www)"),
        (("svc/fornt", "80"), "did you mean svc/front"),
        (("deploy/web", "80"), "did you mean shop/pod/web?"),
    ],
)
def test_a_service_that_cannot_be_asked_is_refused(haechi: Haechi, arguments: tuple[str, ...], words: str) -> None:
    outcome = haechi("can", "client", *arguments, "-", stdin="---\n".join((manifests.CLUSTER, SERVICE)))
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err


def test_json_of_icmp_has_its_name_and_no_port(haechi: Haechi) -> None:
    document = json.loads(haechi("can", "client", "shop/web", "ICMP", "-", "-o", "json", stdin=manifests.CLUSTER).out)
    (packet,) = document["packets"]
    assert (packet["protocol"], packet["port"]) == ("ICMP", None)


def test_json_has_the_addition_its_patches_and_all_that_it_opens(haechi: Haechi, tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(manifests.CLUSTER, encoding="utf-8")
    outcome = haechi("can", "client", "shop/web", "22", str(file), "--what-if", "-o", "json")
    (packet,) = json.loads(outcome.out)["packets"]
    (proposal,) = packet["proposals"]
    (addition,) = proposal["additions"]
    rule = {
        "from": [{"podSelector": {"matchLabels": {"app": "client"}}}],
        "ports": [{"protocol": "TCP", "port": 22}],
    }
    assert (addition["isNew"], addition["path"], addition["value"]) == (False, "spec.ingress", rule)
    assert addition["jsonPatch"] == [{"op": "add", "path": "/spec/ingress/-", "value": rule}]
    assert proposal["patch"].startswith(f"--- {file}\n+++ {file}\n@@ ")
    assert [(one["source"], one["destination"]) for one in proposal["opened"]] == [
        ("shop/client[Pod]", "shop/web[Pod]")
    ]
    assert proposal["further"] == []
    assert [one["source"] for one in proposal["exposed"]] == ["pods app=client in namespace shop"]


ADMIN = """\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: guard}
spec:
  tier: Admin
  priority: 10
  subject:
    namespaces: {}
  ingress:
  - name: to-owners
    action: Pass
    from:
    - namespaces: {}
    protocols:
    - tcp: {destinationPort: {number: 8080}}
  - name: "rest\\e[2J"
    action: Deny
    from:
    - namespaces: {}
"""
TIERED = "---\n".join((ADMIN, manifests.CLUSTER))


def test_what_tiers_do_is_told_stage_by_stage(haechi: Haechi) -> None:
    lines = haechi("can", "shop/client", "shop/web", "http", "-", stdin=TIERED).out.splitlines()
    assert lines[:11] == [
        "allowed",
        "shop/client (10.0.0.2) -> shop/web (10.0.0.1) on TCP 8080: allowed",
        "  egress of shop/client: allowed, no policy applies",
        "  ingress of shop/web: allowed",
        '    Admin guard rule "to-owners": Pass → NetworkPolicy shop/web spec.ingress[0]: allows → allowed',
        "    passed on by ClusterNetworkPolicy/guard spec.ingress[0] at <stdin>:10:5",
        "      through spec.ingress[0].from[0] at <stdin>:13:7",
        "      through spec.ingress[0].protocols[0] at <stdin>:15:7",
        "    isolated by shop/web at <stdin>:27:3",
        "    allowed by shop/web spec.ingress[0] at <stdin>:30:5",
        "      through spec.ingress[0].from[0] at <stdin>:31:7",
    ]


def test_a_rule_of_a_tier_that_denies_is_named_with_what_would_make_an_exception(haechi: Haechi) -> None:
    outcome = haechi("can", "shop/client", "shop/web", "22", "-", "--what-if", stdin=TIERED)
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[3:7] == [
        "  ingress of shop/web: denied",
        '    Admin guard rule "rest\\x1b[2J": Deny → denied',
        "    denied by ClusterNetworkPolicy/guard spec.ingress[1] at <stdin>:16:5",
        "      through spec.ingress[1].from[0] at <stdin>:19:7",
    ]
    whole = "  would be allowed, by a policy of the whole cluster: "
    assert [line.removeprefix(whole) for line in lines if line.startswith(whole)] == [
        "create policy ClusterNetworkPolicy/allow-ingress-web",
        "insert a rule before spec.ingress[1] of policy ClusterNetworkPolicy/guard",
    ]
    assert lines.count("    also opens: nothing else") == 2
    command = "    in a cluster: kubectl patch clusternetworkpolicy guard --type=json"
    assert any(line.startswith(command) for line in lines)


def test_a_rule_that_cannot_be_read_is_told_with_the_reason(haechi: Haechi) -> None:
    text = TIERED.replace("    - namespaces: {}\n    protocols", "    - {}\n    protocols")
    lines = haechi("can", "shop/client", "shop/web", "80", "-", stdin=text).out.splitlines()
    assert '    Admin guard rule "to-owners": Deny (unreadable) → denied' in lines
    reason = "spec.ingress[0].from[0]: a peer has none or several of the known fields"
    assert f"      cannot be read and so denies everything: {reason}" in lines


def test_an_accept_by_name_is_told_to_match_nothing(haechi: Haechi) -> None:
    rules = "  egress:\n  - {action: Accept, to: [{domainNames: [example.com]}]}\n"
    rules += "  - {action: Deny, to: [{networks: [0.0.0.0/0]}]}\n"
    lines = haechi("can", "shop/web", "8.8.8.8", "443", "-", stdin=TIERED.replace("---\n", rules + "---\n", 1)).out
    told = "an Accept by name matches no address here: ClusterNetworkPolicy/guard spec.egress[0] at <stdin>:21:5"
    assert f"    {told}\n" in lines


def test_json_of_tiers(haechi: Haechi) -> None:
    outcome = haechi("can", "shop/client", "shop/web", "22", "-", "--what-if", "-o", "json", stdin=TIERED)
    (packet,) = json.loads(outcome.out)["packets"]
    guard = {"kind": "ClusterNetworkPolicy", "namespace": "", "name": "guard"}

    def field(path: str, line: int, column: int) -> dict[str, object]:
        return {"policy": guard, "path": path, "location": {"file": "<stdin>", "line": line, "column": column}}

    assert packet["egress"]["tiers"] == []
    assert packet["ingress"]["tiers"] == [
        {
            "tier": "Admin",
            "rule": field("spec.ingress[1]", 16, 5),
            "name": "rest\x1b[2J",
            "action": "Deny",
            "peers": [field("spec.ingress[1].from[0]", 19, 7)],
            "ports": [],
            "defects": [],
            "byName": [],
        }
    ]
    assert packet["ingress"]["trace"] == 'Admin guard rule "rest\x1b[2J": Deny → denied'
    assert packet["ingress"]["isolating"][0]["policy"]["name"] == "web"
    new, inserted = packet["proposals"]
    assert (new["clusterWide"], inserted["clusterWide"]) == (True, True)
    (addition,) = inserted["additions"]
    assert (addition["policy"], addition["path"], addition["isNew"]) == (guard, "spec.ingress", False)
    assert [one["path"] for one in addition["jsonPatch"]] == ["/spec/ingress/1"]
    assert new["additions"][0]["value"]["spec"]["priority"] == 9


_BOTH_SIDES = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: report, namespace: shop, labels: {app: report}}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, image: x}]}
"""
_DENY_ALL = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
_DB = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}]"""
_REPORT = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: report, namespace: shop}
spec:
  podSelector: {matchLabels: {app: report}}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {}}], ports: [{port: 80}]}]
"""


@pytest.mark.parametrize(
    "files",
    [
        {"pods.yaml": _BOTH_SIDES, "deny.yaml": _DENY_ALL, "db.yaml": _DB},  # a new policy and a peer
        {"pods.yaml": _BOTH_SIDES, "deny.yaml": _DENY_ALL},  # two new policies
        {"pods.yaml": _BOTH_SIDES, "db.yaml": f"{_DB}\n---{_REPORT}"},  # a rule and a peer
        {"all.yaml": f"{_BOTH_SIDES}---{_DENY_ALL}---{_DB}"},  # a last line without its end
    ],
)
def test_each_patch_makes_the_connection_possible(
    haechi: Haechi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]
) -> None:
    if shutil.which("patch") is None:
        pytest.skip("patch is not installed")
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    question = ("can", "report", "db", "5432", *files)
    found = json.loads(haechi(*question, "--what-if", "-o", "json").out)
    proposals = found["packets"][0]["proposals"]
    assert proposals
    for proposal in proposals:
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        subprocess.run(["patch", "-s", "-p0"], input=proposal["patch"], text=True, check=True)
        assert haechi(*question).code == 0


def test_each_of_two_additions_has_its_own_yaml(haechi: Haechi) -> None:
    outcome = haechi("can", "report", "db", "5432", "-", "--what-if", stdin=f"{_BOTH_SIDES}---{_DENY_ALL}---{_DB}")
    lines = outcome.out.splitlines()
    first = lines.index("    1 of 2: create policy shop/allow-egress-report")
    second = lines.index("    2 of 2: add a peer to spec.ingress[0].from of policy shop/db")
    end = next(number for number in range(second, len(lines)) if lines[number].startswith("    also opens"))
    assert yaml.safe_load("\n".join(lines[first + 1 : second]))["kind"] == "NetworkPolicy"
    assert yaml.safe_load("\n".join(lines[second + 1 : end])) == [{"podSelector": {"matchLabels": {"app": "report"}}}]
    commands = [line.split()[3:5] for line in lines if line.startswith("    in a cluster: ")]
    assert commands[:2] == [["kubectl", "create"], ["kubectl", "patch"]]
