"""What the API server says to a request that replaces a stored object: a create's errors, and what must not change.

The stored object is taken for good. What an update leaves out (uid, resourceVersion, time stamps) stays. A
NetworkPolicy may keep any text of an ipBlock that the stored one has. Only fields that are read here are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from haechi.model.core import Container, Pod, PodSpec
from haechi.model.creating import create_errors
from haechi.model.fielderror import FieldError, forbidden, invalid, invalid_json
from haechi.model.gates import Gates
from haechi.model.metadata import finalizer_warnings, metadata_warnings
from haechi.model.networkpolicy import LabelSelector, NetworkPolicy
from haechi.model.objects import Object, TierPolicy
from haechi.model.podvalidation import default_pod_spec, pod_warnings
from haechi.model.problem import Path
from haechi.model.quoting import json_value, quoted
from haechi.model.validation import policy_cidrs, warnings
from haechi.model.version import KubernetesVersion
from haechi.model.workloads import CronJob, DaemonSet, Deployment, Job, JobSpec
from haechi.model.workloadvalidation import Matches, default_job, selector_json

_IMAGE = re.compile(r"[a-z0-9][\w./:@-]*", re.ASCII)
_IMMUTABLE = "field is immutable"
_POD_FIELDS = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def conflict(old: Object, new: Object) -> tuple[Path, str] | None:
    """The field and the words of status 409: the update is about another object, or about another state of it."""
    then, now = old.metadata, new.metadata
    group = old.api_version.rpartition("/")[0]
    plural = f"{old.kind.lower()}s".replace("policys", "policies")
    start = f"Operation cannot be fulfilled on {plural}{'.' if group else ''}{group} {quoted(old.name)}: "
    if then.uid and now.uid and then.uid != now.uid:
        words = f"Precondition failed: UID in precondition: {now.uid}, UID in object meta: {then.uid}"
        return ("metadata", "uid"), start + words
    if then.resource_version and now.resource_version and then.resource_version != now.resource_version:
        words = "the object has been modified; please apply your changes to the latest version and try again"
        return ("metadata", "resourceVersion"), start + words
    return None


def kept_cidrs(old: Object | None) -> frozenset[str]:
    """The texts of the ipBlocks of a stored policy, which an update may keep whatever they are."""
    return frozenset(text for _, text in policy_cidrs(old.spec)) if isinstance(old, NetworkPolicy) else frozenset()


def update_errors(
    old: Object, new: Object, version: KubernetesVersion, gates: Gates, matches: Matches
) -> tuple[FieldError, ...]:
    """All errors that an update would be refused with, each once.

    Args:
        old: the stored object.
        new: what it is to be replaced by, of the same kind and name.
        version: whose rules and words.
        gates: the server's feature gates.
        matches: whether a selector selects labels.
    """
    metadata = msgspec.structs.replace(new.metadata, generate_name="", generation=old.metadata.generation)
    new = msgspec.structs.replace(new, metadata=metadata)
    if isinstance(old, CronJob) and isinstance(new, CronJob) and "TZ" in old.spec.schedule:
        kept = msgspec.structs.replace(new.spec, schedule="@daily")  # an old schedule may have a time zone
        found = create_errors(msgspec.structs.replace(new, spec=kept), version, gates, matches)
    else:
        found = create_errors(_with_generated(old, new), version, gates, matches, kept_cidrs(old))
    # What can only stay as it is, is not judged
    found = tuple(error for error in found if error.path != ("spec", "serviceName"))
    return tuple(dict.fromkeys((*found, *_changed(old, new))))


def _with_generated(old: Object, new: Object) -> Object:
    """A Job with the selector and the labels that the server gave the stored one, if it has no selector itself.

    An update may have any selector, as far as it is that of the stored Job.
    """
    if not isinstance(old, Job) or not isinstance(new, Job):
        return new
    stored = default_job(old).spec
    spec = msgspec.structs.replace(new.spec, manual_selector=True)
    if spec.selector is None:
        labels = {**stored.template.metadata.labels, **spec.template.metadata.labels}
        meta = msgspec.structs.replace(spec.template.metadata, labels=labels)
        template = msgspec.structs.replace(spec.template, metadata=meta)
        spec = msgspec.structs.replace(spec, selector=stored.selector, template=template)
    return msgspec.structs.replace(new, spec=spec)


def _changed(old: Object, new: Object) -> Iterator[FieldError]:
    if new.metadata.deletion_timestamp and not old.metadata.deletion_timestamp:
        value = json_value(new.metadata.deletion_timestamp)
        yield invalid_json(("metadata", "deletionTimestamp"), value, _IMMUTABLE)
    path = ("spec", "selector")
    match old, new:
        case (Pod(), Pod()):
            yield from _pod_changes(old.spec, new.spec)
        case (Deployment() | DaemonSet(), Deployment() | DaemonSet()):
            if old.spec.selector != new.spec.selector:
                yield _immutable_selector(new.spec.selector, path)
            if old.spec.service_name != new.spec.service_name:
                yield invalid(("spec", "serviceName"), new.spec.service_name, _IMMUTABLE)
        case (Job(), Job()):
            changed = _with_generated(old, new)
            assert isinstance(changed, Job)
            yield from _job_changes(old, changed)


def _job_changes(old: Job, new: Job) -> Iterator[FieldError]:
    before, after = default_job(old).spec, new.spec
    if before.selector != after.selector:
        yield _immutable_selector(after.selector, ("spec", "selector"))
    path: Path = ("spec", "template", "spec") if before.suspend else ("spec", "template")
    if _template(before, suspended=bool(before.suspend)) != _template(after, suspended=bool(before.suspend)):
        yield invalid_json(path, "", _IMMUTABLE)  # the server prints the whole value
    number = _completions(after)
    if _completions(before) != number:
        yield invalid_json(("spec", "completions"), json_value(number), _IMMUTABLE)


def _template(job: JobSpec, *, suspended: bool) -> object:
    """What must not change of a Job's template, with the server's defaults."""
    meta, spec = job.template.metadata, _defaulted(default_pod_spec(job.template.spec))
    return spec if suspended else (meta.labels, meta.annotations, spec)


def _immutable_selector(selector: LabelSelector | None, path: Path) -> FieldError:
    return invalid_json(path, json_value(selector_json(selector)), _IMMUTABLE)


def _completions(spec: JobSpec) -> int | None:
    return 1 if spec.completions is None and spec.parallelism is None else spec.completions


def _pod_changes(old: PodSpec, new: PodSpec) -> Iterator[FieldError]:
    pairs = (
        ("containers", old.containers, new.containers),
        ("initContainers", old.init_containers, new.init_containers),
    )
    for name, then, now in pairs:
        if len(then) != len(now):
            yield forbidden(("spec", name), "pod updates may not add or remove containers")
            return
    if _fixed(old) != _fixed(new):
        yield forbidden(("spec",), f"pod updates may not change fields other than {_POD_FIELDS}")


def _fixed(spec: PodSpec) -> PodSpec:
    """What must not change, with the server's defaults."""
    spec = _defaulted(default_pod_spec(spec))
    return msgspec.structs.replace(
        spec, containers=_without_images(spec.containers), init_containers=_without_images(spec.init_containers)
    )


def _without_images(containers: tuple[Container, ...]) -> tuple[Container, ...]:
    return tuple(msgspec.structs.replace(container, image="") for container in containers)


def _defaulted(spec: PodSpec) -> PodSpec:
    return msgspec.structs.replace(
        spec,
        restart_policy=spec.restart_policy or "Always",
        containers=tuple(map(_defaulted_container, spec.containers)),
        init_containers=tuple(map(_defaulted_container, spec.init_containers)),
    )


def _defaulted_container(container: Container) -> Container:
    ports = tuple(msgspec.structs.replace(port, protocol=port.protocol or "TCP") for port in container.ports)
    policy = container.image_pull_policy or ("Always" if _is_latest(container.image) else "IfNotPresent")
    return msgspec.structs.replace(container, ports=ports, image_pull_policy=policy)


def _is_latest(image: str) -> bool:
    """Whether the image has the tag `latest`, or neither tag nor digest."""
    name, _, tag = image.rpartition("/")[2].partition(":")
    return bool(_IMAGE.fullmatch(image)) and "@" not in name and tag in ("", "latest")


def update_warnings(old: Object, new: Object, version: KubernetesVersion, gates: Gates) -> Iterator[tuple[Path, str]]:
    """The path and full text of each warning that the server sends along with updating `old` to `new`."""
    yield from metadata_warnings(new.metadata)
    if isinstance(new, TierPolicy):
        yield from finalizer_warnings({*new.metadata.finalizers} - {*old.metadata.finalizers}, version)
    elif isinstance(new, NetworkPolicy):
        yield from warnings(new, version, gates, kept_cidrs(old))
    elif isinstance(new, Deployment | DaemonSet | Job | CronJob) and _stored_spec(old) != _stored_spec(new):
        prefix = ("spec", "jobTemplate", "spec") if isinstance(new, CronJob) else ("spec",)
        yield from pod_warnings(new.pod_template.spec, (*prefix, "template", "spec"))


def _stored_spec(workload: Object) -> object:
    """What the server compares to find out whether the spec changes, with its defaults."""
    if not isinstance(workload, Deployment | DaemonSet | Job | CronJob):
        return None
    template = workload.pod_template
    pods = (template.metadata.labels, template.metadata.annotations, _defaulted(template.spec))
    match workload:
        case Deployment():
            return pods, workload.pod_count, workload.spec.selector
        case CronJob():
            job = workload.spec.job_template
            counts = (workload.pod_count, _completions(job.spec))
            return pods, counts, workload.spec.schedule, bool(workload.spec.suspend), job.metadata.labels
        case Job():
            spec = workload.spec
            flags = (bool(spec.manual_selector), bool(spec.suspend))
            return pods, workload.pod_count, _completions(spec), flags
    return pods
