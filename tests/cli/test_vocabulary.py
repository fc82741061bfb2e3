"""Every command has the same words for the same things."""

from __future__ import annotations

from pathlib import Path
from typing import get_args, get_origin

import pytest

from haechi.cli.app import app
from tests.cli import manifests
from tests.cli.conftest import Haechi
from tests.cli.test_docs import COMMANDS, WITH_INPUT

MEANINGS = {
    "-o": "--output",
    "-q": "--quiet",
    "-v": "--verbose",
    "-n": "--namespace",
    "-A": "--all-namespaces",
}
"""Short options, and the only long ones that they may stand for."""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {replicas: 2, selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: front, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
"""
TEXT = "---\n".join(
    (
        manifests.CLUSTER,
        DEPLOYMENT,
        SERVICE,
    )
)
NAMES = {
    "client": "shop/client",
    "shop/client": "shop/client",
    "po/client": "shop/client",
    "pod/client": "shop/client",
    "shop/pod/client": "shop/client",
    "pods/shop/client": "shop/client",
    "shop/client[Pod]": "shop/client",
    "api": "shop/api",
    "deploy/api": "shop/api",
    "shop/deploy/api": "shop/api",
    "deployments.apps/api": "shop/api",
    "shop/api[Deployment]": "shop/api",
    "front": "shop/web",
    "svc/front": "shop/web",
    "shop/service/front": "shop/web",
}
"""Names, and whom they mean."""
QUESTIONS = {
    "can": ("can", "NAME", "8.8.8.8", "80", "-", "-q"),
    "can, as destination": ("can", "8.8.8.8", "NAME", "80", "-", "-q"),
    "list": ("list", "-", "--focus", "NAME", "-q"),
    "explain": ("explain", "NAME", "-", "-q"),
}


def arguments(command: str) -> dict[str, object]:
    """The types of the options of a command, by each of their names."""
    found = app
    for word in command.split():
        found = found[word]
    return {name: one.hint for one in found.assemble_argument_collection() for name in one.names}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_short_option_stands_for_one_long_one_everywhere(command: str) -> None:
    found = app
    for word in command.split():
        found = found[word]
    for one in found.assemble_argument_collection():
        for short in (name for name in one.names if len(name) == 2 and name.startswith("-")):
            assert MEANINGS[short] in one.names


@pytest.mark.parametrize("command", COMMANDS)
def test_output_is_text_unless_it_is_told_otherwise_and_can_be_json(command: str) -> None:
    hint = arguments(command)["--output"]
    choices = get_args(hint)
    assert get_origin(hint) is not None
    assert choices[0] == "text"
    assert "json" in choices


@pytest.mark.parametrize("command", COMMANDS)
def test_one_thing_has_one_option(command: str) -> None:
    """No command has another word for what the others call so."""
    others = {"--format", "--ns", "--language", "--silent", "--verbosity", "--fail", "--select-checks"}
    assert others.isdisjoint(arguments(command))


@pytest.mark.parametrize("command", WITH_INPUT)
def test_strict_refuses_what_would_be_skipped(haechi: Haechi, command: str) -> None:
    before = {"can": ("client", "web"), "test": ("TESTS",), "compile": ("--node", "node-a"), "verify": ("--node", "n")}
    if command in ("test", "diff"):  # they read two inputs: their own tests
        return
    text = "---\n".join((TEXT, manifests.SECRET))
    outcome = haechi(*command.split(), *before.get(command, ()), "-", "--strict", stdin=text)
    assert outcome.code == (1 if command == "validate" else 2)
    assert "skipped without --strict" in outcome.err + outcome.out


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_name_means_the_same_in_every_command(haechi: Haechi, question: str, name: str) -> None:
    if (question == "can" and "front" in name) or (question == "explain" and (name.count("/") == 0 or "[" in name)):
        return  # a Service is no source, and a word without a kind is a path to explain
    if question == "explain" and name == "shop/client":
        return
    outcome = haechi(*(name if word == "NAME" else word for word in QUESTIONS[question]), stdin=TEXT)
    assert outcome.code in (0, 1), outcome.err
    assert NAMES[name] in outcome.out


@pytest.mark.parametrize("question", ["can", "can, as destination", "list"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("clinet", "did you mean client?"),
        ("shop/clinet", "did you mean shop/client"),
        ("deploy/apy", "did you mean deploy/api"),
        ("sts/api", "did you mean shop/deploy/api?"),
    ],
)
def test_an_unknown_name_is_refused_with_close_ones(haechi: Haechi, question: str, name: str, words: str) -> None:
    outcome = haechi(*(name if word == "NAME" else word for word in QUESTIONS[question]), stdin=TEXT)
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_ambiguous_name_is_refused_with_all_that_it_may_mean(haechi: Haechi, question: str) -> None:
    twin = (
        "apiVersion: apps/v1\nkind: {}\nmetadata: {{name: api, namespace: {}}}\nspec: {{template: {{}}, replicas: 1}}\n"
    )
    text = "---\n".join((TEXT, twin.format("Deployment", "other")))
    outcome = haechi(*("deploy/api" if word == "NAME" else word for word in QUESTIONS[question]), stdin=text)
    assert (outcome.code, outcome.out) == (2, "")
    assert "'deploy/api' is ambiguous: it is other/deploy/api, shop/deploy/api" in outcome.err


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_namespace_says_where_names_are_looked_for(haechi: Haechi, question: str) -> None:
    twin = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api, namespace: other}\nspec: {replicas: 1}\n"
    text = "---\n".join((TEXT, twin))
    question_of = ("deploy/api" if word == "NAME" else word for word in QUESTIONS[question])
    outcome = haechi(*question_of, "-n", "shop", stdin=text)
    assert outcome.code in (0, 1), outcome.err
    assert "shop/api" in outcome.out
    assert haechi("list", "-", "-n", "other", "-q", stdin=text).out.count("other/api") > 2


POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {matchLabels: {app: web}}}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: c, image: c}], nodeName: n1}
status: {phase: Running, podIPs: [{ip: 10.0.0.9}]}
"""
ASSERTION = """\
apiVersion: haechi/v1alpha1
kind: ConnectivityTest
metadata: {name: t}
spec:
  assertions:
  - {from: {pod: shop/web}, to: {ip: 8.8.8.8}, ports: [{port: 80}], expect: deny}
"""
NAMELESS = {
    "list": ("list", "FILE", "--by", "pod"),
    "can": ("can", "web", "8.8.8.8", "80", "FILE"),
    "explain": ("explain", "FILE"),
    "lint": ("lint", "FILE", "--select", "all", "-o", "json"),
    "diff": ("diff", "/dev/null", "FILE"),
    "test": ("test", "TESTS", "FILE"),
    "validate": ("validate", "WRONG"),
    "validate --update": ("validate", "FILE", "--update", "WRONG"),
    "compile": ("compile", "FILE", "--node", "n1"),
    "lab run": ("lab", "run", "FILE", "--from", "nope"),
}
"""Questions about objects without a namespace; each answer names one."""


@pytest.mark.parametrize("question", NAMELESS)
def test_a_namespace_is_that_of_objects_without_one(haechi: Haechi, question: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(f"{POLICY}---\n{POD}")
    (tmp_path / "wrong.yaml").write_text(POLICY.replace("app: web", "app: -"))
    (tmp_path / "t.yaml").write_text(ASSERTION)
    names = {"FILE": tmp_path / "p.yaml", "WRONG": tmp_path / "wrong.yaml", "TESTS": tmp_path / "t.yaml"}
    outcome = haechi(*(names.get(word, word) for word in NAMELESS[question]), "-n", "shop")
    text = outcome.out + outcome.err
    assert "shop/" in text or '"namespace": "shop"' in text, text
    assert "default/" not in text, text
    assert '"default"' not in text, text
