"""The kinds that make pods: Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController, Job, CronJob.

They decode to the fields that say which pods would exist. All share one view: `pod_template` and `pod_count`. Which
addresses and names those pods get is not decided here.
"""

from collections.abc import Mapping
from typing import ClassVar

from haechi.model.base import ObjectMeta, Resource, Struct
from haechi.model.core import PodSpec
from haechi.model.networkpolicy import LabelSelector


class PodTemplateSpec(Struct, frozen=True, kw_only=True):
    """What each pod of a workload looks like."""

    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec = PodSpec()


class WorkloadSpec(Struct, frozen=True, kw_only=True):
    """spec of Deployment, ReplicaSet, StatefulSet and DaemonSet; a DaemonSet's has no replicas.

    Only a StatefulSet's has a `service_name`.
    """

    replicas: int | None = None
    selector: LabelSelector | None = None
    service_name: str = ""
    template: PodTemplateSpec = PodTemplateSpec()


class ReplicationControllerSpec(Struct, frozen=True, kw_only=True):
    """spec of a ReplicationController, whose selector is a plain map."""

    replicas: int | None = None
    selector: Mapping[str, str] = {}
    template: PodTemplateSpec = PodTemplateSpec()


class JobSpec(Struct, frozen=True, kw_only=True):
    """spec of a Job; its selector is normally made by the API server."""

    parallelism: int | None = None
    completions: int | None = None
    selector: LabelSelector | None = None
    manual_selector: bool | None = None
    suspend: bool | None = None
    template: PodTemplateSpec = PodTemplateSpec()


class JobTemplateSpec(Struct, frozen=True, kw_only=True):
    """What each Job of a CronJob looks like."""

    metadata: ObjectMeta = ObjectMeta()
    spec: JobSpec = JobSpec()


class CronJobSpec(Struct, frozen=True, kw_only=True):
    """spec of a CronJob."""

    schedule: str = ""
    suspend: bool | None = None
    job_template: JobTemplateSpec = JobTemplateSpec()


class Deployment(Resource, frozen=True, kw_only=True):
    """apps/v1 Deployment."""

    kind: ClassVar[str] = "Deployment"
    api_version: ClassVar[str] = "apps/v1"

    spec: WorkloadSpec = WorkloadSpec()

    @property
    def pod_template(self) -> PodTemplateSpec:
        """The pods' template."""
        return self.spec.template

    @property
    def pod_count(self) -> int | None:
        """How many pods are asked for; one where nothing is said. `None` means one on each node."""
        return 1 if self.spec.replicas is None else self.spec.replicas


class ReplicaSet(Deployment, frozen=True, kw_only=True):
    """apps/v1 ReplicaSet."""

    kind: ClassVar[str] = "ReplicaSet"


class StatefulSet(Deployment, frozen=True, kw_only=True):
    """apps/v1 StatefulSet."""

    kind: ClassVar[str] = "StatefulSet"


class DaemonSet(Resource, frozen=True, kw_only=True):
    """apps/v1 DaemonSet."""

    kind: ClassVar[str] = "DaemonSet"
    api_version: ClassVar[str] = "apps/v1"

    spec: WorkloadSpec = WorkloadSpec()

    @property
    def pod_template(self) -> PodTemplateSpec:
        """The pods' template."""
        return self.spec.template

    @property
    def pod_count(self) -> int | None:
        """`None`: one pod on each node."""
        return None


class ReplicationController(Resource, frozen=True, kw_only=True):
    """v1 ReplicationController."""

    kind: ClassVar[str] = "ReplicationController"
    api_version: ClassVar[str] = "v1"

    spec: ReplicationControllerSpec = ReplicationControllerSpec()

    @property
    def pod_template(self) -> PodTemplateSpec:
        """The pods' template."""
        return self.spec.template

    @property
    def pod_count(self) -> int | None:
        """How many pods are asked for; one where nothing is said."""
        return 1 if self.spec.replicas is None else self.spec.replicas


class Job(Resource, frozen=True, kw_only=True):
    """batch/v1 Job."""

    kind: ClassVar[str] = "Job"
    api_version: ClassVar[str] = "batch/v1"

    spec: JobSpec = JobSpec()

    @property
    def pod_template(self) -> PodTemplateSpec:
        """The pods' template."""
        return self.spec.template

    @property
    def pod_count(self) -> int | None:
        """How many pods run at a time; one where nothing is said."""
        return 1 if self.spec.parallelism is None else self.spec.parallelism


class CronJob(Resource, frozen=True, kw_only=True):
    """batch/v1 CronJob."""

    kind: ClassVar[str] = "CronJob"
    api_version: ClassVar[str] = "batch/v1"

    spec: CronJobSpec = CronJobSpec()

    @property
    def pod_template(self) -> PodTemplateSpec:
        """The template of the pods of one run."""
        return self.spec.job_template.spec.template

    @property
    def pod_count(self) -> int | None:
        """How many pods one run has at a time; one where nothing is said."""
        parallelism = self.spec.job_template.spec.parallelism
        return 1 if parallelism is None else parallelism


Workload = Deployment | ReplicaSet | StatefulSet | DaemonSet | ReplicationController | Job | CronJob
