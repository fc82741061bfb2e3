"""What the API server says to a request that creates an object: its errors, and its warnings if there are none.

`errors` is about what makes objects unsafe to use and leaves out what Haechi can do without, like the image of a
container; this is the server's whole verdict about the fields that are read here. Services and nodes are judged by
`errors` alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.model.base import ObjectMeta
from haechi.model.core import Namespace, Pod
from haechi.model.fielderror import FieldError
from haechi.model.gates import Gates
from haechi.model.metadata import finalizer_warnings, generated_name, metadata_errors, metadata_warnings
from haechi.model.names import dns_label, subdomain
from haechi.model.networkpolicy import NetworkPolicy
from haechi.model.objects import AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy, Object
from haechi.model.podvalidation import default_pod_spec, pod_errors, pod_name_warnings, pod_warnings
from haechi.model.problem import Path
from haechi.model.soundness import errors
from haechi.model.validation import validate, warnings
from haechi.model.version import KubernetesVersion
from haechi.model.workloads import CronJob, DaemonSet, Deployment, Job, StatefulSet
from haechi.model.workloadvalidation import (
    Matches,
    cron_job_errors,
    default_job,
    job_errors,
    workload_errors,
)


def create_errors(
    resource: Object,
    version: KubernetesVersion,
    gates: Gates,
    matches: Matches,
    kept: frozenset[str] = frozenset(),
) -> tuple[FieldError, ...]:
    """All errors that a create of the object would be refused with, each once.

    Args:
        resource: as written, but with its namespace.
        version: whose rules and words.
        gates: the server's feature gates.
        matches: whether a selector selects labels.
        kept: texts of ipBlocks that an update may keep.
    """
    if isinstance(resource, Job):
        resource = default_job(resource)
    own = tuple(_own_errors(resource, version, gates, matches, kept))
    if isinstance(resource, Namespace | Pod | Deployment | DaemonSet | Job | CronJob):
        rule = dns_label if isinstance(resource, Namespace | StatefulSet) else subdomain
        is_namespace = isinstance(resource, Namespace)
        meta = metadata_errors(
            resource.metadata, version, namespaced=not is_namespace, name_rule=rule, keeps_generation=is_namespace
        )
        own = (*meta, *own)
    return tuple(dict.fromkeys(own))


def _own_errors(
    resource: Object, version: KubernetesVersion, gates: Gates, matches: Matches, kept: frozenset[str]
) -> Iterator[FieldError]:
    match resource:
        case Namespace():
            pass
        case NetworkPolicy():
            yield from validate(resource, version, gates, kept)
        case Pod():
            yield from pod_errors(resource.spec, ("spec",))
        case Deployment() | DaemonSet():
            yield from workload_errors(resource, version, matches)
        case Job():
            yield from job_errors(resource, version, matches)
        case CronJob():
            yield from cron_job_errors(resource, version)
        case _:
            yield from errors(resource, version, gates)


def create_warnings(resource: Object, version: KubernetesVersion, gates: Gates) -> Iterator[tuple[Path, str]]:
    """The path and full text of each warning that the server sends along with creating the object."""
    yield from metadata_warnings(resource.metadata)
    name = _name(resource.metadata)
    match resource:
        case ClusterNetworkPolicy() | AdminNetworkPolicy() | BaselineAdminNetworkPolicy():
            yield from finalizer_warnings(resource.metadata.finalizers, version)
        case NetworkPolicy():
            yield from warnings(resource, version, gates)
        case Pod():
            yield from pod_name_warnings(name, "the Pod's hostname")
            yield from pod_warnings(default_pod_spec(resource.spec), ("spec",))
        case Job() | CronJob() | Deployment() | DaemonSet():
            if not isinstance(resource, StatefulSet | DaemonSet):
                yield from pod_name_warnings(name, "Pod names and hostnames")
            prefix = ("spec", "jobTemplate", "spec") if isinstance(resource, CronJob) else ("spec",)
            yield from pod_warnings(resource.pod_template.spec, (*prefix, "template", "spec"))


def _name(meta: ObjectMeta) -> str:
    return meta.name or generated_name(meta.generate_name)
