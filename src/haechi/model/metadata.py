"""Validation of metadata and of label selectors, which all kinds share.

The words for ownerReferences and finalizers are those of apimachinery's `ValidateObjectMeta`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from haechi.model.base import ObjectMeta, OwnerReference
from haechi.model.fielderror import FieldError, forbidden, invalid, invalid_json, required, too_long
from haechi.model.names import dns_label, label_key, label_value, subdomain
from haechi.model.networkpolicy import LabelSelector, LabelSelectorRequirement
from haechi.model.problem import Path
from haechi.model.quoting import json_text
from haechi.model.version import KubernetesVersion

MAX_ANNOTATIONS = 256 * 1024  # bytes, of all keys and values together

_WITH_VALUES = ("In", "NotIn")
_WITHOUT_VALUES = ("Exists", "DoesNotExist")


def metadata_errors(
    meta: ObjectMeta,
    version: KubernetesVersion,
    *,
    namespaced: bool,
    name_rule: Callable[[str], list[str]] = subdomain,
) -> Iterator[FieldError]:
    """All errors of an object's metadata, in the API server's order."""
    path = ("metadata",)
    if meta.generate_name:
        prefix = meta.generate_name
        tolerated = f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix
        yield from _invalid((*path, "generateName"), prefix, name_rule(tolerated))
    if not meta.name and not meta.generate_name:
        yield required((*path, "name"), "name or generateName is required")
    elif meta.name:
        yield from _invalid((*path, "name"), meta.name, name_rule(meta.name))
    if namespaced:
        yield from _invalid((*path, "namespace"), meta.namespace, dns_label(meta.namespace))
    if meta.generation < 0:
        yield invalid((*path, "generation"), meta.generation, "must be greater than or equal to 0")
    yield from label_errors(meta.labels, (*path, "labels"), version)
    yield from _annotation_errors(meta.annotations, (*path, "annotations"), version)
    yield from _owner_errors(meta.owner_references, (*path, "ownerReferences"))
    for finalizer in meta.finalizers:
        yield from _invalid((*path, "finalizers"), finalizer, label_key(finalizer, version))


def label_errors(labels: Mapping[str, str], path: Path, version: KubernetesVersion) -> Iterator[FieldError]:
    """All errors of a map of labels; their path is the map's."""
    for key, value in labels.items():
        yield from _invalid(path, key, label_key(key, version))
        yield from _invalid(path, value, label_value(value, version))


def selector_errors(selector: LabelSelector, path: Path, version: KubernetesVersion) -> Iterator[FieldError]:
    """All errors of a label selector."""
    yield from label_errors(selector.match_labels, (*path, "matchLabels"), version)
    for index, requirement in enumerate(selector.match_expressions):
        yield from _requirement_errors(requirement, (*path, "matchExpressions", index), version)


def _requirement_errors(
    requirement: LabelSelectorRequirement, path: Path, version: KubernetesVersion
) -> Iterator[FieldError]:
    if requirement.operator in _WITH_VALUES:
        if not requirement.values:
            yield required((*path, "values"), "must be specified when `operator` is 'In' or 'NotIn'")
    elif requirement.operator in _WITHOUT_VALUES:
        if requirement.values:
            yield forbidden((*path, "values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    else:
        yield invalid_json((*path, "operator"), json_text(requirement.operator), "not a valid selector operator")
    yield from _invalid((*path, "key"), requirement.key, label_key(requirement.key, version))
    for index, value in enumerate(requirement.values):
        yield from _invalid((*path, "values", index), value, label_value(value, version))


def _invalid(path: Path, value: str, messages: list[str]) -> Iterator[FieldError]:
    return (invalid(path, value, message) for message in messages)


def _annotation_errors(annotations: Mapping[str, str], path: Path, version: KubernetesVersion) -> Iterator[FieldError]:
    size = 0
    for key, value in annotations.items():
        yield from _invalid(path, key, label_key(key.lower(), version))
        size += len(key.encode("utf-8", "surrogatepass")) + len(value.encode("utf-8", "surrogatepass"))
    if size > MAX_ANNOTATIONS:
        yield too_long(path, f"{version.too_long_words} {MAX_ANNOTATIONS} bytes")


def _owner_errors(owners: tuple[OwnerReference, ...], path: Path) -> Iterator[FieldError]:
    controllers: list[str] = []
    for owner in owners:
        if not owner.api_version.rpartition("/")[2]:
            yield invalid((*path, "apiVersion"), owner.api_version, "version must not be empty")
        for name, value in (("kind", owner.kind), ("name", owner.name), ("uid", owner.uid)):
            if not value:
                yield invalid((*path, name), value, "must not be empty")
        if owner.controller:
            controllers.append(f"{owner.kind}/{owner.name}")
    if len(controllers) > 1:
        words = 'Only one reference can have Controller set to true. Found "true" in references for '
        yield invalid_json(path, "[]", words + " and ".join(controllers[:2]))
