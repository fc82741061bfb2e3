"""A cluster read through its API server, as `haechi.files.load` reads files.

    /apis ─ groups with kinds that not every cluster has ─ their resources ─┐
    a resource for each kind that every cluster has ────────────────────────┴─ pages ─ objects, problems ─▶ Manifests

A list that expired while it was read (410) is begun anew, once. What cannot be listed is an error of the input, as a
file that cannot be read is; but without NetworkPolicies no answer is better than none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import msgspec

from haechi.kube.access import Access
from haechi.kube.client import JSON, METADATA, Client
from haechi.kube.errors import ApiError, BadResponse, Gone, KubeError, NotFound, Unauthorized
from haechi.kube.resources import ALL_KINDS, ApiResource, resource_of
from haechi.model import (
    Code,
    Location,
    Manifests,
    Namespace,
    NetworkPolicy,
    Node,
    Object,
    Problem,
    Severity,
    StoredObjects,
    dns_label,
    policy_kinds,
    printable,
)

Progress = Callable[[str, int, int], None]
"""Told a step in words, and how much of how much is done."""
MAX_OBJECTS = 1_000_000
"""Of one kind."""


class _Version(msgspec.Struct, frozen=True):
    version: str = ""


class _Group(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    versions: tuple[_Version, ...] | None = None
    preferred_version: _Version = _Version()


class _Groups(msgspec.Struct, frozen=True):
    groups: tuple[_Group, ...] | None = None


class _ServedResource(msgspec.Struct, frozen=True):
    name: str = ""
    kind: str = ""
    namespaced: bool = False
    verbs: tuple[str, ...] | None = None


class _ServedResources(msgspec.Struct, frozen=True):
    resources: tuple[_ServedResource, ...] | None = None


_Form = TypeVar("_Form", _Groups, _ServedResources)


@dataclass(frozen=True)
class _ListedKind:
    """What is listed, and as what its items are decoded."""

    resource: ApiResource
    name: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        group = self.resource.group
        return f"{group}/{self.resource.version}" if group else self.resource.version

    @property
    def is_decoded(self) -> bool:
        return self.objects().are_decoded

    def objects(self) -> StoredObjects:
        return StoredObjects(self.resource.plural, self.api_version, self.name)


def load(
    access: Access,
    kinds: Iterable[type[Object]] = ALL_KINDS,
    namespaces: Iterable[str] = (),
    progress: Progress | None = None,
) -> Manifests:
    """What a cluster has: objects of some kinds, and a warning for each policy of another kind.

    Args:
        access: the cluster.
        kinds: what to read.
        namespaces: only what is in these, and no nodes; none means all.
        progress: is called with each step.

    Raises:
        KubeError: the cluster cannot be read at all, or its NetworkPolicies cannot.
    """

    def run() -> Manifests:
        return asyncio.run(_load(access, tuple(kinds), tuple(dict.fromkeys(namespaces)), progress or _silent))

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run()
    with ThreadPoolExecutor(1) as thread:  # as in a notebook, whose loop already runs
        return thread.submit(run).result()


def _silent(words: str, done: int, total: int) -> None:
    pass


async def _load(
    access: Access, kinds: tuple[type[Object], ...], namespaces: tuple[str, ...], progress: Progress
) -> Manifests:
    for name in namespaces:
        if dns_label(name):
            raise KubeError(f"{name!r} is not the name of a namespace")
    async with Client(access) as client:
        reader = _ClusterReader(client, namespaces, progress)
        everywhere = [(kind, resource) for kind in kinds if (resource := resource_of(kind)) is not None]
        others = [kind for kind in kinds if resource_of(kind) is None]
        listed = (*(reader.read(*one) for one in everywhere), reader.look_for(others))
        works = [asyncio.ensure_future(work) for work in listed]
        try:
            parts = await asyncio.gather(*works)
        finally:  # an error of one ends the others while their connections can still be closed
            for work in works:
                work.cancel()
            await asyncio.wait(works)
    return Manifests(
        tuple(one for part in parts for one in part.objects),
        tuple(problem for part in parts for problem in part.problems),
    )


class _ClusterReader:
    """Reads kinds of one cluster; an error of one is a problem, an error of all is raised."""

    def __init__(self, client: Client, namespaces: tuple[str, ...], progress: Progress) -> None:
        self._client = client
        self._namespaces = namespaces
        self._progress = progress

    async def read(self, kind: type[Object], resource: ApiResource) -> Manifests:
        """All objects of a kind, or those of the namespaces."""
        known = _ListedKind(resource, kind.kind, kind.namespaced)
        if kind is Namespace and self._namespaces:
            return await self._namespaces_by_name(known)
        if kind is Node and self._namespaces:
            return Manifests((), ())
        return await self._everywhere(known, required=kind is NetworkPolicy)

    async def _everywhere(self, kind: _ListedKind, *, required: bool = False) -> Manifests:
        """The objects of a kind, in the namespaces that are asked for."""
        places = self._namespaces if kind.namespaced and self._namespaces else ("",)
        plural = kind.resource.plural
        return _together(
            [
                await self._guarded(
                    self._list(kind, place), f"{plural}/{place}" if place else plural, required=required
                )
                for place in places
            ]
        )

    async def _guarded(self, work: Awaitable[Manifests], place: str, *, required: bool = False) -> Manifests:
        """What was read, or the problem that stands for it."""
        try:
            return await work
        except Unauthorized:
            raise
        except (ApiError, BadResponse) as error:
            if required:
                raise
            problem = Problem(
                Severity.ERROR, Code.UNREADABLE, error.message, Location(printable(place)), hint=error.hint
            )
            return Manifests((), (problem,))

    async def _list(self, kind: _ListedKind, namespace: str) -> Manifests:
        """A list, begun anew if it expires while it is read."""
        try:
            return await self._list_once(kind, namespace)
        except Gone:
            return await self._list_once(kind, namespace)

    async def _list_once(self, kind: _ListedKind, namespace: str) -> Manifests:
        objects, count = kind.objects(), 0
        accept = JSON if objects.are_decoded else METADATA
        async for page in self._client.pages(kind.resource, namespace, accept):
            items = page.items or ()
            objects.add(items)
            count += len(items)
            if count > MAX_OBJECTS:
                raise BadResponse(f"more than {MAX_OBJECTS} {kind.resource}")
            left = page.metadata.remaining_item_count if page.metadata else 0
            self._progress(f"reading {kind.resource.plural}", count, count + (left or 0))
        return objects.manifests

    async def _namespaces_by_name(self, kind: _ListedKind) -> Manifests:
        """The Namespace objects that are asked for, one by one: whoever works in one may seldom list all."""
        names = self._namespaces
        return _together([await self._guarded(self._namespace(kind, name), f"namespaces/{name}") for name in names])

    async def _namespace(self, kind: _ListedKind, name: str) -> Manifests:
        objects = kind.objects()
        try:
            text = await self._client.get(kind.resource.path(name=name), resource=kind.resource, verb="get")
        except NotFound:
            raise KubeError(f"there is no namespace {name!r} in context {self._client.access.name!r}") from None
        objects.add([text])
        return objects.manifests

    async def look_for(self, kinds: Iterable[type[Object]]) -> Manifests:
        """The objects of kinds that not every cluster has, and a warning for each policy of another kind."""
        return await self._guarded(self._look_for(list(kinds)), "kinds of the cluster")

    async def _look_for(self, kinds: list[type[Object]]) -> Manifests:
        groups = await self._discovered(_Groups, "/apis")
        names = {group.name: policy_kinds(group.name) | _of_group(kinds, group.name) for group in groups.groups or ()}
        known = [group for group in groups.groups or () if names[group.name]]
        works = (self._guarded(self._group(group, names[group.name]), f"kinds of {group.name}") for group in known)
        return _together(await asyncio.gather(*works))

    async def _group(self, group: _Group, names: frozenset[str]) -> Manifests:
        """The objects of some kinds of a group, each in a version that is decoded, or else in the preferred one."""
        kinds: dict[str, _ListedKind] = {}
        versions = (group.preferred_version, *(group.versions or ()))
        for version in dict.fromkeys(one.version for one in versions if one.version):
            found = await self._discovered(_ServedResources, f"/apis/{group.name}/{quote(version, safe='')}")
            for one in found.resources or ():
                if one.kind in names and "/" not in one.name and "list" in (one.verbs or ()):
                    kind = _ListedKind(ApiResource(group.name, version, one.name), one.kind, one.namespaced)
                    if one.name not in kinds or (kind.is_decoded and not kinds[one.name].is_decoded):
                        kinds[one.name] = kind
        return _together([await self._everywhere(kind) for kind in kinds.values()])

    async def _discovered(self, form: type[_Form], path: str) -> _Form:
        text = await self._client.get(path, accept="application/json")
        try:
            return msgspec.json.decode(text, type=form)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise BadResponse(f"{path} is not what API servers say there") from None


def _of_group(kinds: Iterable[type[Object]], group: str) -> frozenset[str]:
    return frozenset(kind.kind for kind in kinds if kind.api_version.rpartition("/")[0] == group)


def _together(parts: Iterable[Manifests]) -> Manifests:
    listed = list(parts)
    return Manifests(
        tuple(one for part in listed for one in part.objects),
        tuple(problem for part in listed for problem in part.problems),
    )
