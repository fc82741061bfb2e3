"""Additions as patches."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.why.changes import PolicyAddition
from haechi.analysis.why.patches import json_patch, kubectl_command, unified_patch, yaml_text
from haechi.files import load
from haechi.model import ClusterPolicyKey, PolicyKey

TEXT = dedent("""\
    # two policies
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: one, namespace: x}
    spec:
      podSelector: {}
      ingress:
      - from:
        - podSelector: {}  # ours
        # nobody else
        ports: [{port: 80}]
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: two, namespace: x}
    spec:
      podSelector: {}""")
ONE, TWO = PolicyKey("x", "one"), PolicyKey("x", "two")
PEER = PolicyAddition(ONE, ("spec", "ingress", 0, "from", 1), {"ipBlock": {"cidr": "8.8.8.8/32"}})
PORT = PolicyAddition(ONE, ("spec", "ingress", 0, "ports", 1), {"protocol": "UDP", "port": 53})
RULES = PolicyAddition(TWO, ("spec", "ingress"), [{"from": [{"podSelector": {}}]}])
NEW = PolicyAddition(PolicyKey("x", "new"), (), {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"})


def patch(tmp_path: Path, *additions: PolicyAddition, text: str = TEXT) -> tuple[Path, str]:
    file = tmp_path / "a.yaml"
    file.write_text(text, encoding="utf-8")
    return file, unified_patch(Cluster.of(load([str(file)])), additions, lambda name: name == str(file))


def test_the_patch_tool_makes_the_additions_and_changes_nothing_else(tmp_path: Path) -> None:
    tool = shutil.which("patch")
    if tool is None:
        pytest.skip("patch is not installed")
    file, text = patch(tmp_path, PEER, PORT, RULES, NEW)
    subprocess.run([tool, "-s", str(file)], input=text, text=True, check=True)
    assert file.read_text(encoding="utf-8") == dedent("""\
        # two policies
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: one, namespace: x}
        spec:
          podSelector: {}
          ingress:
          - from:
            - podSelector: {}  # ours
            - ipBlock:
                cidr: 8.8.8.8/32
            # nobody else
            ports: [{port: 80}, {protocol: UDP, port: 53}]
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: two, namespace: x}
        spec:
          podSelector: {}
          ingress:
          - from:
            - podSelector: {}
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        """)


BRACKETS = dedent("""\
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: one, namespace: x}
    spec: {
      podSelector: {},
      ingress: [{
        from: [
          {podSelector: {}},  # ours
          {podSelector: {matchLabels: {a: b}}}  # b's
        ],
        ports: [{port: 80}]}]}
    """)


@pytest.mark.parametrize("tool", [("patch", "-s", "-p0"), ("git", "apply", "-p0")])
@pytest.mark.parametrize("text", [TEXT, BRACKETS])
def test_every_tool_makes_the_additions_and_every_comment_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: tuple[str, ...], text: str
) -> None:
    if shutil.which(tool[0]) is None:
        pytest.skip(f"{tool[0]} is not installed")
    monkeypatch.chdir(tmp_path)
    file = Path("a.yaml")
    file.write_text(text, encoding="utf-8")
    peer = PolicyAddition(ONE, ("spec", "ingress", 0, "from", 1 + (text is BRACKETS)), PEER.value)
    change = unified_patch(Cluster.of(load([str(file)])), [peer, PORT], lambda _: True)
    subprocess.run(tool, input=change, text=True, check=True)
    expected = list(yaml.safe_load_all(text))
    expected[0]["spec"]["ingress"][0]["from"].append(PEER.value)
    expected[0]["spec"]["ingress"][0]["ports"].append(PORT.value)
    new = file.read_text(encoding="utf-8")
    assert list(yaml.safe_load_all(new)) == expected
    assert commented(new) == commented(text)


def commented(text: str) -> list[str]:
    """The lines with a comment, but for commas."""
    return [line.replace(",", "") for line in text.splitlines() if "#" in line]


def test_texts_that_are_no_files_have_no_patch(tmp_path: Path) -> None:
    file, _ = patch(tmp_path)
    assert unified_patch(Cluster.of(load([str(file)])), [PEER], lambda _: False) == ""
    assert unified_patch(Cluster.of(load([str(file)])), [NEW], lambda _: False) == ""


def test_a_new_policy_is_appended_to_a_file_of_its_namespace(tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in ("a.yaml", "b.yaml", "c.json")]
    for name, namespace in zip(names, "wxy", strict=True):
        text = TEXT.replace("namespace: x", f"namespace: {namespace}")
        documents = list(yaml.safe_load_all(text))
        Path(name).write_text(json.dumps(documents[0]) if name.endswith("json") else text, encoding="utf-8")
    cluster = Cluster.of(load(names))
    for namespace, expected in (("w", names[0]), ("x", names[1]), ("y", names[0]), ("z", names[0])):
        new = PolicyAddition(PolicyKey(namespace, "new"), (), NEW.value)
        assert unified_patch(cluster, [new], lambda _: True).startswith(f"--- {expected}\n")
    assert unified_patch(Cluster.of(load(names[2:])), [NEW], lambda _: True) == ""


def test_a_patch_is_whole_or_none(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(TEXT.partition("---")[0], encoding="utf-8")
    second.write_text(TEXT.partition("---\n")[2] + f"  # {'x' * 2_000}", encoding="utf-8")
    cluster = Cluster.of(load([str(first), str(second)]))
    assert unified_patch(cluster, [PEER], lambda _: True) != ""
    assert unified_patch(cluster, [PEER, RULES], lambda _: True) == ""
    assert unified_patch(cluster, [PEER, NEW], lambda name: name == str(second)) == ""


def test_texts_that_cannot_be_edited_have_no_patch(tmp_path: Path) -> None:
    anchored = TEXT.replace("- podSelector: {}  # ours", "- &a podSelector: {}")
    assert patch(tmp_path, PEER, text=anchored.replace("podSelector: {}", "podSelector: &a {}", 1))[1] == ""


def test_a_json_patch_and_its_command() -> None:
    assert json_patch(PEER) == [
        {"op": "add", "path": "/spec/ingress/0/from/-", "value": {"ipBlock": {"cidr": "8.8.8.8/32"}}}
    ]
    assert json_patch(RULES) == [{"op": "add", "path": "/spec/ingress", "value": [{"from": [{"podSelector": {}}]}]}]
    assert json_patch(NEW) == []
    *command, value = shlex.split(kubectl_command(PEER))
    assert command == ["kubectl", "patch", "networkpolicy", "one", "-n", "x", "--type=json", "-p"]
    assert json.loads(value) == json_patch(PEER)


def test_a_rule_of_a_tier_is_inserted_before_another(tmp_path: Path) -> None:
    """Also by the patch of the file, which the patch tool applies."""
    text = TEXT.replace("networking.k8s.io/v1", "policy.networking.k8s.io/v1alpha2").replace(", namespace: x", "")
    text = text.replace("NetworkPolicy", "ClusterNetworkPolicy")
    rule = PolicyAddition(ClusterPolicyKey("ClusterNetworkPolicy", "one"), ("spec", "ingress", 0), {"action": "Pass"})
    assert str(rule) == "insert a rule before spec.ingress[0] of policy ClusterNetworkPolicy/one"
    assert json_patch(rule) == [{"op": "add", "path": "/spec/ingress/0", "value": {"action": "Pass"}}]
    *command, value = shlex.split(kubectl_command(rule))
    assert command == ["kubectl", "patch", "clusternetworkpolicy", "one", "--type=json", "-p"]
    assert json.loads(value) == json_patch(rule)
    _, diff = patch(tmp_path, rule, text=text)
    assert [line for line in diff.splitlines()[2:] if line[0] in "+-"] == ["+  - action: Pass"]


def test_hostile_names_stay_one_word_of_the_command() -> None:
    hostile = PolicyAddition(PolicyKey("x", "a; rm -rf $(b)'"), PEER.path, PEER.value)
    assert shlex.split(kubectl_command(hostile))[3] == "a; rm -rf $(b)'"


def test_what_is_added_in_words_and_yaml() -> None:
    assert [str(one) for one in (PEER, PORT, RULES, NEW)] == [
        "add a peer to spec.ingress[0].from of policy x/one",
        "add a port to spec.ingress[0].ports of policy x/one",
        "add a rule to spec.ingress of policy x/two",
        "create policy x/new",
    ]
    assert yaml_text(PORT) == "- protocol: UDP\n  port: 53\n"
    assert yaml_text(RULES) == "- from:\n  - podSelector: {}\n"


def test_a_file_of_one_long_line_has_no_patch(tmp_path: Path) -> None:
    long = TEXT.replace("# two policies", f"# {'x' * 2_000}")
    assert patch(tmp_path, PEER, text=long)[1] != ""  # the line is not near
    document = json.dumps(next(iter(yaml.safe_load_all(TEXT))))
    document = document.replace('"spec"', f'"status": {{"x": "{"x" * 2_000}"}}, "spec"')
    file = tmp_path / "a.json"
    file.write_text(document, encoding="utf-8")
    assert unified_patch(Cluster.of(load([str(file)])), [PEER], lambda _: True) == ""
