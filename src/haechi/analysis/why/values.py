"""Parts of what is added to policies: how pods and addresses are written in manifests, and names that are free."""

from __future__ import annotations

from typing import Any, Final

from haechi.analysis.cluster import UNSTABLE_LABELS, Cluster
from haechi.analysis.why.rules import Viewpoint
from haechi.engine import Endpoint, PodSelection
from haechi.model import AnyPolicyKey, Direction
from haechi.sets import V6_START, point_to_text

Value = dict[str, Any]
"""Plain data, as in a manifest."""

PEER_FIELDS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}
_LONGEST = 200  # of 253 characters of a name

_OWN_LABELS: Final = UNSTABLE_LABELS | {
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "job-name",
    "statefulset.kubernetes.io/pod-name",
}
"""Labels that one pod, or the pods of one run, have to themselves."""


def free_name(cluster: Cluster, viewpoint: Viewpoint, taken: set[str]) -> str:
    """A name for a new policy."""
    short = cluster.owners[viewpoint.subject.key].name[:_LONGEST].rstrip("-.")
    name, number = f"allow-{viewpoint.direction.lower()}-{short}", 2
    found = name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def block_text(point: int) -> str:
    """The CIDR of one address."""
    return f"{point_to_text(point)}/{32 if point < V6_START else 128}"


def stable_labels(pod: Endpoint) -> dict[str, str]:
    """The labels of a pod that those made in its place will have, too."""
    return {key: value for key, value in sorted(pod.labels.items()) if key not in _OWN_LABELS}


def is_read_whole(cluster: Cluster, key: AnyPolicyKey, defects: tuple[object, ...]) -> bool:
    """Whether nothing of a policy could not be read, which an addition would lose."""
    place = cluster.places.get(key)
    return not defects and not (place is not None and place.problems)


def pod_count(cluster: Cluster, selection: PodSelection) -> int:
    """How many pods a selection in use matches."""
    return sum(1 for _ in cluster.engine.members(selection))
