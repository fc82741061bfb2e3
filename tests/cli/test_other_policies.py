"""Policies of other projects may change every answer, so each is reported, in every command and format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Haechi

OTHER = """\
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: deny-all}
spec: {priority: 1, subject: {namespaces: {}}}
"""
PODS = """\
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: x}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""
QUESTIONS = [("can", "x/a", "x/b", "80"), ("list",), ("list", "--exposure"), ("explain",), ("lint",)]
NOTE = "1 object of other policy kinds may change this answer: CiliumClusterwideNetworkPolicy"


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    (tmp_path / "all.yaml").write_text(OTHER + PODS)
    return tmp_path


@pytest.mark.parametrize("question", [*QUESTIONS, ("validate",)])
def test_another_policy_kind_is_a_warning_with_its_place(
    question: tuple[str, ...], haechi: Haechi, manifests: Path
) -> None:
    outcome = haechi(*question, manifests)
    assert (
        f"{manifests}/all.yaml:1:1: warning: CiliumClusterwideNetworkPolicy/deny-all: policies of cilium.io/v2"
        " are not evaluated; this one may change the answer\n" in outcome.out + outcome.err
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_json_document_has_it_and_says_what_it_means(
    question: tuple[str, ...], haechi: Haechi, manifests: Path
) -> None:
    document = json.loads(haechi(*question, manifests, "-o", "json").out)
    (skipped,) = document["skipped"]
    assert (skipped["code"], skipped["object"]["name"]) == ("other-policy", "deny-all")
    assert NOTE in document["notes"]


def test_a_dump_in_json_is_no_different(haechi: Haechi, tmp_path: Path) -> None:
    item = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "c", "namespace": "x"}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "x"}}
    (tmp_path / "dump.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [item, pod]}))
    assert "CiliumNetworkPolicy/x/c: policies of cilium.io/v2 are not evaluated" in haechi("list", tmp_path).err
