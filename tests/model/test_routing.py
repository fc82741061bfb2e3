"""Ingresses and routes are read as far as their backends, and change nothing else."""

from __future__ import annotations

import pytest

from haechi.model import Code, HTTPRoute, Ingress, Severity, Source, TCPRoute, TLSRoute, read_manifests

GATEWAY = "gateway.networking.k8s.io"


def text(api_version: str, kind: str, spec: str = "{}") -> bytes:
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n".encode()


@pytest.mark.parametrize(
    ("api_version", "kind", "struct"),
    [
        ("networking.k8s.io/v1", "Ingress", Ingress),
        (f"{GATEWAY}/v1", "HTTPRoute", HTTPRoute),
        (f"{GATEWAY}/v1beta1", "HTTPRoute", HTTPRoute),
        (f"{GATEWAY}/v1alpha2", "TCPRoute", TCPRoute),
        (f"{GATEWAY}/v1alpha3", "TLSRoute", TLSRoute),
    ],
)
def test_versions_with_the_same_fields_are_read(api_version: str, kind: str, struct: type) -> None:
    (found,) = read_manifests([Source("a.yaml", text(api_version, kind))]).objects
    assert type(found.object) is struct


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("extensions/v1beta1", "Ingress"),
        ("networking.k8s.io/v1beta1", "Ingress"),
        (f"{GATEWAY}/v1alpha1", "HTTPRoute"),
        (f"{GATEWAY}/v1beta1", "TCPRoute"),
        ("example.com/v1", "Ingress"),
    ],
)
def test_other_versions_are_skipped_since_no_verdict_needs_them(api_version: str, kind: str) -> None:
    found = read_manifests([Source("a.yaml", text(api_version, kind))])
    assert not found.objects
    assert [(one.severity, one.code) for one in found.problems if one.code is not Code.EMPTY] == [
        (Severity.SKIPPED, Code.UNKNOWN_KIND)
    ]


@pytest.mark.parametrize("strict", [False, True])
def test_backends_are_read_and_the_rest_is_ignored(strict: bool) -> None:
    spec = (
        "{ingressClassName: nginx, tls: [{hosts: [a]}], rules: [{host: a, http: {paths: "
        "[{path: /, backend: {service: {name: web, port: {name: http}}}}]}}]}"
    )
    manifests = read_manifests([Source("a.yaml", text("networking.k8s.io/v1", "Ingress", spec))], strict=strict)
    (found,) = manifests.objects
    assert not manifests.problems
    assert isinstance(found.object, Ingress)
    (rule,) = found.object.spec.rules
    assert rule.http is not None
    backend = rule.http.paths[0].backend.service
    assert backend is not None
    assert (backend.name, backend.port.name) == ("web", "http")


def test_a_value_of_the_wrong_type_is_an_error() -> None:
    spec = "{rules: [{http: {paths: [{backend: {service: {name: web, port: {number: http}}}}]}}]}"
    found = read_manifests([Source("a.yaml", text("networking.k8s.io/v1", "Ingress", spec))])
    assert [one.severity for one in found.problems] == [Severity.ERROR]
    assert not found.objects
