"""Validation of metadata and of label selectors, which all kinds share.

The words for ownerReferences and finalizers are those of apimachinery's `ValidateObjectMeta`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from haechi.model.base import ObjectMeta, OwnerReference
from haechi.model.fielderror import FieldError, forbidden, invalid, invalid_for, invalid_json, required, too_long
from haechi.model.names import dns_label, label_key, label_value, subdomain
from haechi.model.networkpolicy import LabelSelector, LabelSelectorRequirement
from haechi.model.problem import Path, path_text
from haechi.model.quoting import json_list, json_text, json_value, quoted
from haechi.model.version import KubernetesVersion

MAX_ANNOTATIONS = 256 * 1024  # bytes, of all keys and values together

_MAX_PREFIX = 58  # bytes of generateName that a generated name keeps
_STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
_WITH_VALUES = ("In", "NotIn")
_WITHOUT_VALUES = ("Exists", "DoesNotExist")


def metadata_errors(
    meta: ObjectMeta,
    version: KubernetesVersion,
    *,
    namespaced: bool,
    name_rule: Callable[[str], list[str]] = subdomain,
    keeps_generation: bool = False,
    is_custom: bool = False,
) -> Iterator[FieldError]:
    """All errors of an object's metadata, in the API server's order.

    Args:
        meta: the metadata; identical ownerReferences are merged first.
        version: whose words.
        namespaced: whether a namespace is required.
        name_rule: what is wrong with a name.
        keeps_generation: whether a create keeps `generation`; of most kinds it is set anew.
        is_custom: whether it is a custom resource, whose finalizers may be called as they like.
    """
    path = ("metadata",)
    if meta.generate_name:
        prefix = meta.generate_name
        tolerated = f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix
        yield from invalid_for((*path, "generateName"), prefix, name_rule(tolerated))
    name = meta.name or generated_name(meta.generate_name)
    if not name:
        yield required((*path, "name"), "name or generateName is required")
    else:
        yield from invalid_for((*path, "name"), name, name_rule(name))
    if namespaced:
        yield from invalid_for((*path, "namespace"), meta.namespace, dns_label(meta.namespace))
    if keeps_generation and meta.generation < 0:
        yield invalid((*path, "generation"), meta.generation, "must be greater than or equal to 0")
    yield from label_errors(meta.labels, (*path, "labels"), version)
    yield from annotation_errors(meta.annotations, (*path, "annotations"), version)
    yield from _owner_errors(tuple(dict.fromkeys(meta.owner_references)), (*path, "ownerReferences"))
    yield from _finalizer_errors(meta.finalizers, (*path, "finalizers"), version, is_custom=is_custom)


def metadata_warnings(meta: ObjectMeta) -> Iterator[tuple[Path, str]]:
    """The path and text of what the server warns of in any object's metadata."""
    seen: set[OwnerReference] = set()
    repeated: list[str] = []
    for owner in meta.owner_references:
        if owner in seen:
            repeated.append(owner.uid)
        seen.add(owner)
    if repeated:
        yield (
            ("metadata", "ownerReferences"),
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and "
            "may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: "
            + ", ".join(repeated),
        )


def generated_name(prefix: str) -> str:
    """A name as the server makes one of generateName, whose five random characters are `xxxxx`; "" for none."""
    cut = prefix.encode("utf-8", "surrogatepass")[:_MAX_PREFIX].decode("utf-8", "surrogateescape")
    return f"{cut}xxxxx" if prefix else ""


def label_errors(labels: Mapping[str, str], path: Path, version: KubernetesVersion) -> Iterator[FieldError]:
    """All errors of a map of labels; their path is the map's."""
    for key, value in labels.items():
        yield from invalid_for(path, key, label_key(key, version))
        yield from invalid_for(path, value, label_value(value, version))


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
    yield from invalid_for((*path, "key"), requirement.key, label_key(requirement.key, version))
    for index, value in enumerate(requirement.values):
        yield from invalid_for((*path, "values", index), value, label_value(value, version))


def annotation_errors(annotations: Mapping[str, str], path: Path, version: KubernetesVersion) -> Iterator[FieldError]:
    """All errors of a map of annotations."""
    size = 0
    for key, value in annotations.items():
        yield from invalid_for(path, key, label_key(key.lower(), version))
        size += len(key.encode("utf-8", "surrogatepass")) + len(value.encode("utf-8", "surrogatepass"))
    if size > MAX_ANNOTATIONS:
        yield too_long(path, f"{version.too_long_words} {MAX_ANNOTATIONS} bytes")


def _owner_errors(owners: tuple[OwnerReference, ...], path: Path) -> Iterator[FieldError]:
    controllers: list[str] = []
    for index, owner in enumerate(owners):
        if not owner.api_version:
            yield required((*path, index, "apiVersion"), "must not be empty")
        elif owner.api_version.count("/") > 1 or owner.api_version.endswith("/"):
            words = "must be <group>/<version> or <version>"
            yield invalid((*path, index, "apiVersion"), owner.api_version, words)
        for name, value in (("kind", owner.kind), ("name", owner.name), ("uid", owner.uid)):
            if not value:
                yield required((*path, index, name), "must not be empty")
        if (owner.api_version.removeprefix("/"), owner.kind) == ("v1", "Event"):
            words = "/v1, Kind=Event is disallowed from being an owner"
            yield invalid_json((*path, index), json_value(_owner_json(owner)), words)
        if owner.controller:
            controllers.append(f"{owner.kind}/{owner.name}")
    words = 'Only one reference can have Controller set to true. Found "true" in references for '
    for other in controllers[1:]:
        value = json_value([_owner_json(owner) for owner in owners])
        yield invalid_json(path, value, f"{words}{controllers[0]} and {other}")


def _owner_json(owner: OwnerReference) -> dict[str, object]:
    flags = {"controller": owner.controller, "blockOwnerDeletion": owner.block_owner_deletion}
    return {
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "name": owner.name,
        "uid": owner.uid,
        **{name: value for name, value in flags.items() if value is not None},
    }


def finalizer_warnings(finalizers: Iterable[str], version: KubernetesVersion) -> Iterator[tuple[Path, str]]:
    """The path and text of what the server warns of in the finalizers of a custom resource that are new."""
    path = ("metadata", "finalizers")
    for finalizer in sorted({*finalizers}):
        start = f"{path_text(path)}: {quoted(finalizer)}: "
        yield from ((path, start + message) for message in label_key(finalizer, version))
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            form = " including a path (/)" if "." in finalizer else ""
            words = f"prefer a domain-qualified finalizer name{form} to avoid accidental conflicts"
            yield path, f"{start}{words} with other finalizer writers"


def _finalizer_errors(
    finalizers: tuple[str, ...], path: Path, version: KubernetesVersion, *, is_custom: bool
) -> Iterator[FieldError]:
    for finalizer in finalizers:
        yield from invalid_for(path, finalizer, label_key(finalizer, version))
    if {"orphan", "foregroundDeletion"} <= {*finalizers}:
        yield invalid_json(path, json_list(finalizers), "finalizer orphan and foregroundDeletion cannot be both set")
    for index, finalizer in enumerate(finalizers):
        if not is_custom and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            words = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid((*path, index), finalizer, words)
