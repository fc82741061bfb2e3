"""`haechi verify`: a saved ruleset and a live kernel against manifests."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import permutations
from pathlib import Path

import pytest

from haechi.cli.rulesets import ruleset
from haechi.dataplane import TABLE
from haechi.files import load
from haechi.netlink import Nftables
from haechi.netns import isolated
from haechi.nft import Transaction
from tests.cli.conftest import Haechi
from tests.dataplane.interpreter import Flow, Interpreter
from tests.netlink.tool import nft

CLUSTER = """
apiVersion: v1
kind: Pod
metadata: {name: db, labels: {app: db}}
spec: {nodeName: worker-1}
status: {phase: Running, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {nodeName: worker-2}
status: {phase: Running, podIPs: [{ip: 10.0.0.2}, {ip: "fd00::2"}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "cluster.yaml"
    path.write_text(CLUSTER, encoding="utf-8")
    return path


@pytest.fixture
def saved(haechi: Haechi, manifest: Path, tmp_path: Path) -> Path:
    path = tmp_path / "worker-1.nft"
    path.write_text(haechi("compile", manifest, "--node", "worker-1").out, encoding="utf-8")
    return path


def test_a_saved_ruleset_is_proved(haechi: Haechi, manifest: Path, saved: Path) -> None:
    outcome = haechi("verify", manifest, "--node", "worker-1", "--ruleset", saved)
    assert outcome.code == 0
    assert "Proved on worker-1 for every possible packet" in outcome.out


def test_a_wrong_ruleset_is_told_with_the_packet_the_rule_and_the_place(
    haechi: Haechi, manifest: Path, saved: Path
) -> None:
    """Another port is open than the policy says."""
    saved.write_text(saved.read_text(encoding="utf-8").replace("5432 :", "5433 :"), encoding="utf-8")
    outcome = haechi("verify", manifest, "--node", "worker-1", "--ruleset", saved)
    assert outcome.code == 1
    assert "default/web → default/db TCP 5432: kernel drops, policies allow" in outcome.out
    assert "kernel: chain in_" in outcome.out
    assert f"{manifest}:20:5: default/db spec.ingress[0]" in outcome.out
    document = json.loads(haechi("verify", manifest, "--node", "worker-1", "--ruleset", saved, "-o", "json").out)
    assert (document["kind"], document["proof"]["holds"], document["proof"]["gaps"]) == ("ProofReport", False, [])
    assert document["notes"] == ["node worker-1: 1 pod of 2"]
    one = next(each for each in document["proof"]["counterexamples"] if each["port"] == 5432)
    web, db = ({"namespace": "default", "name": name} for name in ("web", "db"))
    policy = {"kind": "NetworkPolicy", **db}
    assert (one["source"]["pods"], one["destination"]["pods"]) == ([web], [db])
    assert (one["protocol"], one["context"], one["kernel"]) == ("TCP", "new", "drops")
    rule = {
        "policy": policy,
        "path": "spec.ingress[0]",
        "location": {"file": str(manifest), "line": 20, "column": 5},
    }
    decision = {"pod": db, "direction": "Ingress", "policies": [policy], "rules": [rule]}
    assert one["decisions"] == [decision | {"tierRule": None, "action": ""}]


def test_what_is_not_understood_is_told_and_is_no_proof(haechi: Haechi, manifest: Path, saved: Path) -> None:
    text = saved.read_text(encoding="utf-8").replace(
        "ct state invalid", "numgen inc mod 2 0 accept\n\t\tct state invalid"
    )
    saved.write_text(text, encoding="utf-8")
    outcome = haechi("verify", manifest, "--node", "worker-1", "--ruleset", saved)
    assert outcome.code == 1
    assert "not understood" in outcome.out
    document = json.loads(haechi("verify", manifest, "--node", "worker-1", "--ruleset", saved, "-o", "json").out)
    assert [gap["rule"]["chain"] for gap in document["proof"]["gaps"]] == ["judge"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("table inet haechi {", "--ruleset"),
        ("table inet other {\n}\n", "--ruleset"),
        ("\0\xff", "--ruleset"),
    ],
)
def test_a_file_that_is_no_ruleset_is_said(haechi: Haechi, manifest: Path, saved: Path, text: str, said: str) -> None:
    saved.write_text(text, encoding="latin-1")
    outcome = haechi("verify", manifest, "--node", "worker-1", "--ruleset", saved)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert f"{saved}:" in outcome.err


def test_names_that_mean_nothing_are_said(haechi: Haechi, manifest: Path) -> None:
    assert "did you mean worker-1" in haechi("verify", manifest, "--node", "worker1").err
    for name in ("no-such", "../1", "4194305"):
        outcome = haechi("verify", manifest, "--node", "worker-1", "--netns", name)
        assert outcome.code == 2
        assert "no network namespace" in outcome.err


@pytest.mark.kernel
def test_the_live_kernel_is_proved_here_and_in_a_namespace(haechi: Haechi, manifest: Path) -> None:
    def work() -> list[tuple[int, bool]]:
        table = ruleset([loaded.object for loaded in load([manifest]).objects], "worker-1")
        found = [haechi("verify", manifest, "--node", "worker-1")]
        with Nftables() as nftables:
            transaction = Transaction(table.table)
            transaction.add_ruleset(table)
            nftables.commit(transaction)
            found.append(haechi("verify", manifest, "--node", "worker-1"))
            found.append(haechi("verify", manifest, "--node", "worker-1", "--netns", os.getpid()))
            spoiled = Transaction(table.table)
            spoiled.flush_elements(table.maps["servers6"])
            nftables.commit(spoiled)
            found.append(haechi("verify", manifest, "--node", "worker-1"))
        return [(each.code, "Proved on worker-1" in each.out) for each in found]

    assert isolated(work) == [(2, False), (0, True), (0, True), (1, False)]


TIERS = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: admin}
spec:
  tier: Admin
  priority: 1
  subject: {pods: {podSelector: {matchLabels: {app: db}}}}
  ingress:
  - action: Accept
    from: [{pods: {podSelector: {matchLabels: {app: web}}}}]
    protocols: [{tcp: {destinationPort: {number: 22}}}]
  - action: Pass
    from: [{pods: {podSelector: {matchLabels: {app: web}}}}]
    protocols: [{tcp: {destinationPort: {number: 5432}}}]
  - action: Deny
    from: [{namespaces: {}}]
  egress:
  - action: Deny
    to: [{networks: [10.0.0.0/8, 2001:db8::/32]}]
---
"""


@pytest.fixture
def tiers(tmp_path: Path) -> Path:
    path = tmp_path / "tiers.yaml"
    path.write_text(TIERS + CLUSTER, encoding="utf-8")
    return path


def test_a_wrong_ruleset_is_told_with_the_rule_of_the_tier(haechi: Haechi, tiers: Path, tmp_path: Path) -> None:
    compiled = haechi("compile", tiers, "--node", "worker-1").out
    saved = tmp_path / "tiers.nft"
    saved.write_text(compiled, encoding="utf-8")
    assert "Proved on worker-1" in haechi("verify", tiers, "--node", "worker-1", "--ruleset", saved).out
    for right, wrong, packet, reason, place in (
        ("\tgoto tiers_in_deny", "\taccept", "1: kernel accepts, policies deny", "denied", "16:5:|spec.ingress[2]"),
        ("src 22 accept", "src 23 accept", "22: kernel drops, policies allow", "accepted", "10:5:|spec.ingress[0]"),
    ):
        assert right in compiled
        saved.write_text(compiled.replace(right, wrong), encoding="utf-8")
        outcome = haechi("verify", tiers, "--node", "worker-1", "--ruleset", saved)
        assert outcome.code == 1
        lines = [line.strip() for line in outcome.out.splitlines()]
        number = lines.index(f"default/web → default/db TCP {packet}")
        position, _, path = place.partition("|")
        assert lines[number + 2] == f"policies: ingress of default/db is {reason} by ClusterNetworkPolicy/admin {path}"
        assert f"see {tiers}:{position} ClusterNetworkPolicy/admin {path}" in lines
    document = json.loads(haechi("verify", tiers, "--node", "worker-1", "--ruleset", saved, "-o", "json").out)
    one = next(each for each in document["proof"]["counterexamples"] if each["port"] == 22)
    (decision,) = one["decisions"]
    assert (decision["action"], decision["rules"]) == ("Accept", [])
    assert decision["tierRule"] == {
        "policy": {"kind": "ClusterNetworkPolicy", "namespace": "", "name": "admin"},
        "path": "spec.ingress[0]",
        "location": {"file": str(tiers), "line": 10, "column": 5},
    }
    saved.write_text(haechi("compile", "-", "--node", "worker-1", stdin=CLUSTER).out, encoding="utf-8")
    assert "NOT proved" in haechi("verify", tiers, "--node", "worker-1", "--ruleset", saved).out


@pytest.mark.kernel
def test_a_rule_of_a_tier_that_someone_changes_with_nft_is_found(haechi: Haechi, tiers: Path) -> None:
    """Each rule about tiers is deleted in turn, and once something is accepted before them."""

    def work() -> tuple[int, list[str]]:
        text = haechi("compile", tiers, "--node", "worker-1").out
        nft("-f", "-", feed=text)
        right, count, missed = passing(), 0, []
        assert haechi("verify", tiers, "--node", "worker-1").code == 0
        for number in range(len([*tier_rules()]) + 1):
            nft("-f", "-", feed=f"delete table inet haechi\n{text}")
            (chain, handle), words = [*tier_rules(), (("judge_servers", ""), "")][number]
            if handle:
                nft("delete", "rule", "inet", "haechi", chain, "handle", handle)
            else:
                nft("insert", "rule", "inet", "haechi", chain, "ct", "original", "ip", "saddr", "10.0.0.2", "accept")
            if passing() != right:
                count += 1
                missed += [f"{chain}: {words}"] if haechi("verify", tiers, "--node", "worker-1").code != 1 else []
        return count, missed

    count, missed = isolated(work)
    assert count > 6
    assert missed == []


def passing() -> list[Flow]:
    """Connections that the rules of this kernel let pass, as a reader that is not the proof understands them."""
    with Nftables() as nftables:
        table = nftables.ruleset(TABLE.name)
    assert table is not None
    ends = [("10.0.0.1", "10.0.0.2", "10.1.0.9", "192.0.2.1"), ("fd00::1", "fd00::2", "2001:db8::9")]
    pairs = [map(ip_address, pair) for family in ends for pair in permutations(family, 2)]
    flows = [Flow(one, other, 6, port) for one, other in pairs for port in (22, 5432, 8080)]
    return [flow for flow in flows if Interpreter(table).passes(flow)]


def tier_rules() -> Iterator[tuple[tuple[str, str], str]]:
    """Chain and handle of each rule of the kernel that decides about tiers, with its words."""
    chain = ""
    for line in nft("-a", "list", "table", "inet", "haechi").splitlines():
        words, _, handle = line.strip().partition(" # handle ")
        if words.startswith("chain "):
            chain = words.split()[1]
        elif handle and re.search(r"tier|peers|ports_", f"{chain} {words}") and not words.startswith(("set", "map")):
            yield (chain, handle), words
