"""`--build`: kustomizations and charts as input of commands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Haechi

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec: {podSelector: {}}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: prod}\n"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pods as plain manifests beside a kustomization that puts a policy into their namespace; kubectl is there."""
    (tmp_path / "prod").mkdir()
    (tmp_path / "pods.yaml").write_text(POD)
    (tmp_path / "prod/policy.yaml").write_text(POLICY)
    (tmp_path / "prod/kustomization.yaml").write_text("namespace: prod\nresources: [policy.yaml]\n")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    return tmp_path


def test_a_kustomization_is_refused_with_what_to_do(haechi: Haechi, app: Path) -> None:
    outcome = haechi("explain", app / "prod")
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{app}/prod: error: is a kustomization: its files are not what it deploys (use --build, or" in outcome.err


def test_what_is_not_built_is_not_validated(haechi: Haechi, app: Path) -> None:
    assert haechi("validate", app).code == 2


def test_within_a_folder_it_makes_the_answer_partial(haechi: Haechi, app: Path) -> None:
    outcome = haechi("list", app)
    assert outcome.code == 2
    assert "the answer excludes unreadable input" in outcome.err


def test_built_it_is_answered_about(haechi: Haechi, app: Path) -> None:
    outcome = haechi("can", "9.9.9.9", "prod/web", "80", app, "--build")
    assert outcome.code == 1
    assert f"isolated by prod/web at {app}/prod (kustomization):" in outcome.out


def test_what_is_built_cannot_be_fixed(haechi: Haechi, app: Path) -> None:
    outcome = haechi("lint", app, "--build", "--fix")
    assert outcome.code == 2
    assert "what --build builds cannot be fixed" in outcome.err
