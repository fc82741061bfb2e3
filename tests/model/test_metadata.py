"""Metadata: every rule that the golden file has not."""

from __future__ import annotations

import msgspec
import pytest

from haechi.model import KubernetesVersion, LabelSelector, ObjectMeta
from haechi.model.metadata import metadata_errors, selector_errors

NEW, OLD = KubernetesVersion(37), KubernetesVersion(30)
GOOD = {"name": "x", "namespace": "default"}


def said(version: KubernetesVersion = NEW, **metadata: object) -> list[str]:
    meta = msgspec.convert({**GOOD, **metadata}, ObjectMeta)
    return [str(error) for error in metadata_errors(meta, version, namespaced=True)]


def test_good_metadata_has_no_errors() -> None:
    """At the edges of what is allowed."""
    name = ".".join(["a" * 63] * 3 + ["a" * 61])
    labels = {"a" * 63: "A" * 63, f"{'a' * 250}.bc/A_.-9": "", "x": "A.b_c-9"}
    assert said(name=name, namespace="0" * 63, labels=labels, annotations={"EXAMPLE.com/A": "☃" * 1000}) == []


def test_annotation_keys_may_be_upper_case() -> None:
    """They are checked in lower case, and told as written."""
    (error,) = said(annotations={"-Bad": "x"})
    assert error.startswith('metadata.annotations: Invalid value: "-Bad": name part must consist of')


@pytest.mark.parametrize(("version", "words"), [(NEW, "may not be more than"), (OLD, "must have at most")])
def test_annotations_have_a_total_size(version: KubernetesVersion, words: str) -> None:
    """In bytes, keys and values together."""
    size = 256 * 1024
    assert said(version, annotations={"k": "x" * (size - 1)}) == []
    assert said(version, annotations={"k": "x" * size}) == [f"metadata.annotations: Too long: {words} 262144 bytes"]
    assert len(said(version, annotations={"k": "é" * (size // 2)})) == 1


def test_older_versions_speak_of_characters_and_qualified_names() -> None:
    """Until 1.34."""
    assert said(OLD, labels={"a" * 64: "v"}) == [
        f'metadata.labels: Invalid value: "{"a" * 64}": name part must be no more than 63 characters'
    ]
    (error,) = said(OLD, labels={"a/b/c": "v"})
    assert 'Invalid value: "a/b/c": a qualified name must consist of' in error


def test_lengths_are_bytes_whatever_the_words_say() -> None:
    """Thirty-two letters of two bytes are too long."""
    assert any("63 bytes" in error for error in said(labels={"k": "é" * 32}))
    assert not any("63 bytes" in error for error in said(labels={"k": "é" * 31}))


def test_a_prefix_and_a_name_can_both_be_wrong() -> None:
    """All messages of a key, prefix first."""
    found = said(labels={f"{'A' * 254}/": "v"})
    assert [error.split('": ')[1][:28] for error in found] == [
        "prefix part must be no more ",
        "prefix part a lowercase RFC ",
        "name part must be non-empty",
        "name part must consist of al",
    ]


def test_owners_must_be_complete_and_only_one_may_control() -> None:
    """Each missing field, and two controllers."""
    assert [error.split(":")[0] for error in said(ownerReferences=[{}])] == [
        f"metadata.ownerReferences[0].{name}" for name in ("apiVersion", "kind", "name", "uid")
    ]
    owner = {"apiVersion": "apps/v1", "kind": "A", "name": "a", "uid": "u", "controller": True}
    assert said(ownerReferences=[owner, {**owner, "controller": False}]) == []
    (error,) = said(ownerReferences=[owner, {**owner, "name": "b"}])
    assert "Only one reference can have Controller set to true" in error


def test_other_fields_are_checked_too() -> None:
    """Finalizers are qualified names, and standard ones if they have no prefix."""
    assert said(finalizers=["kubernetes", "a.b/c"]) == []
    assert [error.split(":")[0] for error in said(finalizers=["!"])] == [
        "metadata.finalizers",
        "metadata.finalizers[0]",
    ]
    (error,) = said(finalizers=["orphan", "foregroundDeletion"])
    assert "finalizer orphan and foregroundDeletion cannot be both set" in error


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            {"key": "a", "operator": "In"},
            ["values: Required value: must be specified when `operator` is 'In' or 'NotIn'"],
        ),
        (
            {"key": "a", "operator": "NotIn", "values": []},
            ["values: Required value: must be specified when `operator` is 'In' or 'NotIn'"],
        ),
        (
            {"key": "a", "operator": "Exists", "values": ["x"]},
            ["values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"],
        ),
        (
            {"key": "a", "operator": "Gt", "values": ["1"]},
            ['operator: Invalid value: "Gt": not a valid selector operator'],
        ),
        (
            {"key": "a", "operator": "in", "values": ["1"]},
            ['operator: Invalid value: "in": not a valid selector operator'],
        ),
    ],
)
def test_an_operator_decides_about_its_values(expression: object, expected: list[str]) -> None:
    """Case matters; the comparing operators of node affinity are none."""
    selector = msgspec.convert({"matchExpressions": [expression]}, LabelSelector)
    found = [str(error) for error in selector_errors(selector, ("s",), NEW)]
    assert found == [f"s.matchExpressions[0].{text}" for text in expected]


def test_one_expression_tells_shape_then_key_then_each_value() -> None:
    """In the order of the server."""
    expression = {"key": "-", "operator": "?", "values": ["ok", "-", "x" * 64]}
    selector = msgspec.convert({"matchExpressions": [expression]}, LabelSelector)
    fields = [error.field for error in selector_errors(selector, ("s",), NEW)]
    assert fields == [f"s.matchExpressions[0].{name}" for name in ("operator", "key", "values[1]", "values[2]")]
