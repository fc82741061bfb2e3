"""Names of pods: `namespace/pod`, `namespace/kind/name`, the name in a listing, or an address."""

from __future__ import annotations

from haechi.analysis.cluster.cluster import Cluster
from haechi.errors import HaechiError
from haechi.model import PodKey
from haechi.sets import AddressError, text_to_point


def pods_named(cluster: Cluster, text: str) -> tuple[PodKey, ...]:
    """The pods that a text names, sorted; empty if there are none.

    `namespace/name` is a pod; if there is none, a workload of that name. A kind is written in any case.
    """
    point = address_named(text)
    if point is not None:
        owner = cluster.engine.owner(point)
        return () if owner is None else (owner.key,)
    parts = text.split("/")
    if len(parts) == 2:
        key = PodKey(parts[0], parts[1].removesuffix("[Pod]"))
        return (key,) if key in cluster.pods else _of_workload(cluster, parts[0], "", parts[1])
    return _of_workload(cluster, *parts) if len(parts) == 3 else ()


def _of_workload(cluster: Cluster, namespace: str, kind: str, name: str) -> tuple[PodKey, ...]:
    bare, bracket, word = name.partition("[")
    wanted = (word.rstrip("]") if bracket else kind).lower()
    found = [
        key
        for key, owner in cluster.owners.items()
        if (owner.namespace, owner.name) == (namespace, bare) and wanted in ("", owner.kind.lower())
    ]
    return tuple(sorted(found))


def known_names(cluster: Cluster) -> list[str]:
    """Every name of a pod or workload that `pods_named` accepts, for suggestions after a typo."""
    return [*map(str, cluster.pods), *map(str, set(cluster.owners.values()))]


def address_named(text: str) -> int | None:
    """The point of a single address; None for any other text."""
    try:
        return text_to_point(text)
    except AddressError:
        return None


class UnknownName(HaechiError, LookupError):
    """A text that names no pod, workload or address.

    Attributes:
        argument: the parameter that it was given for: `source` or `destination`.
        text: as given.
    """

    def __init__(self, argument: str, text: str) -> None:
        self.argument = argument
        self.text = text
        super().__init__(argument, text)

    def __str__(self) -> str:
        return f"{self.argument}: {self.text!r} does not match any pod, workload or address"
