"""Loaded manifests against the rules of a Kubernetes version: field errors and warnings with their places."""

from __future__ import annotations

from collections.abc import Iterator

from haechi.model.admission import MAX_OF_ONE, and_more
from haechi.model.gates import Gates
from haechi.model.loaded import Loaded
from haechi.model.manifests import Manifests
from haechi.model.networkpolicy import NetworkPolicy
from haechi.model.objects import Object
from haechi.model.problem import Code, Problem, Severity, path_text
from haechi.model.soundness import errors
from haechi.model.validation import DEFAULT_GATES, NEWEST, warnings
from haechi.model.version import KubernetesVersion


def check(
    manifests: Manifests, version: KubernetesVersion = NEWEST, gates: Gates = DEFAULT_GATES
) -> tuple[Problem, ...]:
    """What is wrong or doubtful in the objects; what kept others from being objects is `Manifests.problems`.

    Objects with decoding errors are not checked again, as a server refuses them before it validates.
    """
    found: list[Problem] = []
    for loaded in manifests.objects:
        if not loaded.problems:
            found += check_one(loaded, version, gates)
    return tuple(found)


def check_one(
    loaded: Loaded[Object], version: KubernetesVersion = NEWEST, gates: Gates = DEFAULT_GATES
) -> tuple[Problem, ...]:
    """What is wrong or doubtful in one object; like the server, warnings only if nothing is wrong."""
    wrong = tuple(_errors(loaded, version, gates))
    return wrong or tuple(_warnings(loaded, version, gates))


def _errors(loaded: Loaded[Object], version: KubernetesVersion, gates: Gates) -> Iterator[Problem]:
    found = errors(loaded.object, version, gates)
    if len(found) > MAX_OF_ONE:
        yield and_more(len(found) - MAX_OF_ONE, loaded.object, loaded.place)
    for error in found[:MAX_OF_ONE]:
        location, subject = loaded.location(error.path), loaded.object.display_name
        yield Problem(Severity.ERROR, Code.INVALID, str(error), location, subject, error.field)


def _warnings(loaded: Loaded[Object], version: KubernetesVersion, gates: Gates) -> Iterator[Problem]:
    if isinstance(loaded.object, NetworkPolicy):
        for path, text in warnings(loaded.object, version, gates):
            location, subject = loaded.location(path), loaded.object.display_name
            yield Problem(Severity.WARNING, Code.DOUBTFUL, text, location, subject, path_text(path))
