"""Which pods a Service stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from haechi.model import LabelSelector, Pod, PodKey, Service
from haechi.select import Selector


def pods_behind(service: Service, pods: Mapping[PodKey, Pod]) -> Iterator[PodKey]:
    """The pods that a Service selects; none for one without a selector and for an ExternalName."""
    if not service.spec.selector or service.spec.type == "ExternalName":
        return
    selector = Selector.parse(LabelSelector(match_labels=service.spec.selector))
    for key, pod in pods.items():
        if key.namespace == service.namespace and selector.matches(pod.labels):
            yield key
