"""Loaded manifests against a version: errors and warnings with places."""

from __future__ import annotations

from haechi.model import Code, Gates, KubernetesVersion, Severity, check
from tests.model.reading import POLICY, read, where

SPEC = """
  ingress:
  - from:
    - ipBlock:
        cidr: 10.0.0.5/8
    ports:
    - port: PORT
"""
TEXT = POLICY.replace("{podSelector: {}}", SPEC)


def test_every_error_has_the_place_of_its_field() -> None:
    """All errors of an object at once, with its name."""
    manifests = read(TEXT.replace("PORT", "0").replace("NAME", "X_"))
    found = check(manifests)
    assert [(p.severity, p.code, p.path, where(p)) for p in found] == [
        (Severity.ERROR, Code.INVALID, "metadata.name", (3, 12)),
        (Severity.ERROR, Code.INVALID, "spec.ingress[0].ports[0].port", (10, 7)),
        (Severity.ERROR, Code.INVALID, "spec.ingress[0].from[0].ipBlock.cidr", (8, 9)),
    ]
    assert {p.subject for p in found} == {"NetworkPolicy/default/X_"}
    assert found[1].message == "spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"


def test_a_doubt_is_a_warning_where_the_server_is_lenient() -> None:
    """By version or by gate; an object with errors has no warnings."""
    manifests = read(TEXT.replace("PORT", "80").replace("NAME", "x"))
    lenient = check(manifests, KubernetesVersion(35))
    assert [(p.severity, p.code, p.path) for p in lenient] == [
        (Severity.WARNING, Code.DOUBTFUL, "spec.ingress[0].from[0].ipBlock.cidr")
    ]
    assert [p.severity for p in check(manifests, gates=Gates(strict_cidrs=False))] == [Severity.WARNING]
    assert [p.severity for p in check(manifests)] == [Severity.ERROR]
    broken = read(TEXT.replace("PORT", "0").replace("NAME", "x"))
    assert [p.severity for p in check(broken, KubernetesVersion(35))] == [Severity.ERROR]


def test_what_could_not_be_decoded_hides_no_other_error() -> None:
    """And what was not decoded is not blamed for its zero value."""
    manifests = read(TEXT.replace("PORT", "true").replace("NAME", "X_"))
    assert [p.code for p in manifests.problems] == [Code.TYPE]
    paths = {problem.path for problem in check(manifests)}
    assert "metadata.name" in paths
    assert not any(path.startswith("spec.ingress[0].ports[0].port") for path in paths)


def test_endless_errors_of_one_object_are_counted() -> None:
    """A thousand are told."""
    ports = ", ".join(["{port: 0}"] * 1500)
    manifests = read(POLICY.replace("{podSelector: {}}", f"{{ingress: [{{ports: [{ports}]}}]}}").replace("NAME", "x"))
    found = check(manifests)
    assert len(found) == 1001
    assert found[0].message == "and 500 more like these"
