"""Validation of the kinds that make pods: the rules of `pkg/apis/apps/validation` and `pkg/apis/batch/validation`.

They are about the fields that are read here, and about the workload as stored: the server gives a Job a selector, and
labels with the Job's UID, for which `UID` stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from haechi.model.fielderror import FieldError, invalid, invalid_for, invalid_json, not_supported, required
from haechi.model.metadata import generated_name, selector_errors
from haechi.model.names import dns_label
from haechi.model.networkpolicy import LabelSelector
from haechi.model.podvalidation import template_errors
from haechi.model.problem import Path
from haechi.model.quoting import json_text, json_value
from haechi.model.schedule import schedule_error
from haechi.model.version import KubernetesVersion
from haechi.model.workloads import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    JobSpec,
    PodTemplateSpec,
    StatefulSet,
    WorkloadSpec,
)

Matches = Callable[[LabelSelector, Mapping[str, str]], bool]
"""Whether a selector without errors selects an object with these labels."""

UID = "00000000-0000-0000-0000-000000000000"
"""Stands for the UID that the server gives an object."""
_SPEC: Path = ("spec",)
_NOT_MATCHING = "`selector` does not match template `labels`"
_MAX_CRON_JOB_NAME = 52
_UID_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid")
_NAME_LABELS = ("job-name", "batch.kubernetes.io/job-name")


def workload_errors(
    workload: Deployment | DaemonSet, version: KubernetesVersion, matches: Matches
) -> Iterator[FieldError]:
    """The errors of the spec of a Deployment, ReplicaSet, StatefulSet or DaemonSet."""
    spec = workload.spec
    yield from _not_negative(spec.replicas, (*_SPEC, "replicas"))
    if spec.service_name:
        yield from invalid_for((*_SPEC, "serviceName"), spec.service_name, dns_label(spec.service_name))
    selector = spec.selector
    path = (*_SPEC, "selector")
    is_daemon_set = isinstance(workload, DaemonSet)
    if selector is None:
        if not is_daemon_set:
            yield required(path)
    else:
        yield from selector_errors(selector, path, version)
        if selector == LabelSelector():
            kind = {DaemonSet: "daemonset", StatefulSet: "statefulset"}.get(type(workload), "deployment")
            yield invalid_json(path, "{}", f"empty selector is invalid for {kind}")
    if _is_readable(selector, version):
        yield from _match_errors(selector, spec.template, matches)
    elif not is_daemon_set:
        words = "" if isinstance(workload, StatefulSet) else "invalid label selector"
        yield invalid_json(path, json_value(selector_json(selector)), words)
        yield from _restart_policy_errors(spec) if isinstance(workload, StatefulSet) else ()
        return  # the server does not look at the template then
    yield from template_errors(spec.template, (*_SPEC, "template"), version)
    yield from _restart_policy_errors(spec)


def _restart_policy_errors(spec: WorkloadSpec) -> Iterator[FieldError]:
    policy = spec.template.spec.restart_policy
    if policy not in ("", "Always"):
        yield not_supported((*_SPEC, "template", "spec", "restartPolicy"), json_text(policy), ("Always",))


def default_job(job: Job) -> Job:
    """The Job with the labels and the selector that the server gives it."""
    template, meta, spec = job.spec.template, job.metadata, job.spec
    shared = not meta.labels and bool(template.metadata.labels)
    copied = not meta.name  # with generateName the server copies the object, and the two maps part
    if shared and copied:
        meta = msgspec.structs.replace(meta, labels=template.metadata.labels)
    if not spec.manual_selector:
        labels = dict.fromkeys(_NAME_LABELS, meta.name or generated_name(meta.generate_name))
        labels |= dict.fromkeys(_UID_LABELS, UID) | dict(template.metadata.labels)
        metadata = msgspec.structs.replace(template.metadata, labels=labels)
        selector = spec.selector or LabelSelector()
        selector = msgspec.structs.replace(selector, match_labels={_UID_LABELS[1]: UID, **selector.match_labels})
        template = msgspec.structs.replace(template, metadata=metadata)
        spec = msgspec.structs.replace(spec, selector=selector, template=template)
    if shared and not copied:
        meta = msgspec.structs.replace(meta, labels=template.metadata.labels)
    return msgspec.structs.replace(job, metadata=meta, spec=spec)


def job_errors(job: Job, version: KubernetesVersion, matches: Matches) -> Iterator[FieldError]:
    """The errors of a Job's spec; `job` is as `default_job` returns it."""
    spec, selector = job.spec, job.spec.selector
    if not spec.manual_selector and selector is not None:
        yield from _generated_errors(job, selector, version, matches)
    yield from _job_spec_errors(spec, _SPEC, version)
    if selector is None:
        yield required((*_SPEC, "selector"))
    else:
        yield from selector_errors(selector, (*_SPEC, "selector"), version)
    if _is_readable(selector, version):
        yield from _match_errors(selector, spec.template, matches)


def _generated_errors(
    job: Job, selector: LabelSelector, version: KubernetesVersion, matches: Matches
) -> Iterator[FieldError]:
    labels = job.spec.template.metadata.labels
    name = job.metadata.name or generated_name(job.metadata.generate_name)
    expected = dict(zip((*_UID_LABELS, *_NAME_LABELS), (UID, UID, name, name), strict=True))
    for label, value in expected.items():
        if labels[label] != value:
            path = (*_SPEC, "template", "metadata", f"labels[{label}]")
            yield invalid_json(path, json_value(dict(sorted(labels.items()))), f"must be '{value}'")
    if _is_readable(selector, version) and not matches(selector, expected):
        value = json_value(selector_json(selector))
        yield invalid_json((*_SPEC, "selector"), value, "`selector` not auto-generated")


def _job_spec_errors(spec: JobSpec, path: Path, version: KubernetesVersion) -> Iterator[FieldError]:
    yield from _not_negative(spec.parallelism, (*path, "parallelism"))
    yield from _not_negative(spec.completions, (*path, "completions"))
    yield from template_errors(spec.template, (*path, "template"), version)
    policy = spec.template.spec.restart_policy
    policy_path = (*path, "template", "spec", "restartPolicy")
    if policy in ("", "Always"):
        yield required(policy_path, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield not_supported(policy_path, json_text(policy), ("OnFailure", "Never"))


def cron_job_errors(cron_job: CronJob, version: KubernetesVersion) -> Iterator[FieldError]:
    """The errors of a CronJob's spec, and the one about its name."""
    spec = cron_job.spec
    path = (*_SPEC, "schedule")
    if not spec.schedule:
        yield required(path)
    else:
        wrong = schedule_error(spec.schedule)
        if wrong:
            yield invalid(path, spec.schedule, wrong)
        if "TZ" in spec.schedule:
            yield invalid(path, spec.schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
    job = spec.job_template.spec
    yield from _job_spec_errors(job, (*_SPEC, "jobTemplate", "spec"), version)
    if job.selector is not None:
        value = json_value(selector_json(job.selector))
        yield invalid_json((*_SPEC, "jobTemplate", "spec", "selector"), value, "`selector` will be auto-generated")
    if job.manual_selector:
        yield not_supported((*_SPEC, "jobTemplate", "spec", "manualSelector"), "true", ("nil", "false"))
    name = cron_job.metadata.name or generated_name(cron_job.metadata.generate_name)
    if len(name.encode("utf-8", "surrogateescape")) > _MAX_CRON_JOB_NAME:
        yield invalid(("metadata", "name"), name, f"must be no more than {_MAX_CRON_JOB_NAME} characters")


def _is_readable(selector: LabelSelector | None, version: KubernetesVersion) -> bool:
    return selector is None or not any(selector_errors(selector, (), version))


def _match_errors(selector: LabelSelector | None, template: PodTemplateSpec, matches: Matches) -> Iterator[FieldError]:
    """A selector that is absent matches nothing."""
    labels = template.metadata.labels
    if selector is None or not matches(selector, labels):
        value = json_value(dict(sorted(labels.items()))) if labels else "null"
        yield invalid_json((*_SPEC, "template", "metadata", "labels"), value, _NOT_MATCHING)


def selector_json(selector: LabelSelector | None) -> object:
    """The selector as plain data, in the order in which the server writes it."""
    if selector is None:
        return None
    labels = dict(sorted(selector.match_labels.items()))
    expressions = [
        {"key": one.key, "operator": one.operator, **({"values": one.values} if one.values else {})}
        for one in selector.match_expressions
    ]
    return ({"matchLabels": labels} if labels else {}) | ({"matchExpressions": expressions} if expressions else {})


def _not_negative(number: int | None, path: Path) -> Iterator[FieldError]:
    if number is not None and number < 0:
        yield invalid(path, number, "must be greater than or equal to 0")
