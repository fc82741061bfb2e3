"""Manifests for the tests of reading: texts, and the short way to load them."""

from __future__ import annotations

import io
import json

from haechi.files import load
from haechi.model import Code, Manifests, Problem

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: NAME}\nspec: {podSelector: {}}\n"
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "status": {"podIP": "10.0.0.1"}}


def policy(name: str, **spec: object) -> dict[str, object]:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}


def read(text: str | bytes) -> Manifests:
    return load(["-"], io.BytesIO(text.encode() if isinstance(text, str) else text))


def read_json(data: object, indent: int | None = None) -> Manifests:
    return read(json.dumps(data, indent=indent))


def names(manifests: Manifests) -> list[str]:
    return [loaded.object.name for loaded in manifests.objects]


def where(problem: Problem) -> tuple[int, int]:
    return problem.location.line, problem.location.column


def codes(manifests: Manifests) -> list[Code]:
    return [problem.code for problem in manifests.problems]
