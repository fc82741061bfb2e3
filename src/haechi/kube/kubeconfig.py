"""kubeconfig files, merged as kubectl does.

`--kubeconfig`, else the files of KUBECONFIG (those that do not exist are left out), else ~/.kube/config. Of several
clusters, users or contexts with one name the first counts as a whole, and so does the first current-context. Relative
paths count from the folder of their file. Messages name files and fields, never values.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from msgspec import field
from msgspec.structs import replace

from haechi.kube.errors import KubeconfigError
from haechi.model import Struct, SyntaxProblem, decode_struct, parse_yaml, path_text, printable, split_yaml

S = TypeVar("S", bound=Struct)

MAX_FILE = 16 * 1024 * 1024
"""Bytes that are read of one file."""


class ExecVariable(Struct, frozen=True, kw_only=True):
    """An environment variable of an exec plugin."""

    name: str = ""
    value: str = ""


class ExecConfig(Struct, frozen=True, kw_only=True):
    """An exec plugin: a program that prints credentials."""

    api_version: str = ""
    command: str = ""
    args: tuple[str, ...] = ()
    env: tuple[ExecVariable, ...] = ()
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = ""


class AuthProvider(Struct, frozen=True, kw_only=True):
    """A kind of login that kubectl itself no longer has."""

    name: str = ""


class ServerEntry(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A cluster of a kubeconfig: its server and what proves it."""

    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    proxy_url: str = ""


class UserEntry(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A user of a kubeconfig: its credentials."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = field(default="", name="tokenFile")
    username: str = ""
    password: str = ""
    as_user: str = field(default="", name="as")
    as_uid: str = ""
    as_groups: tuple[str, ...] = ()
    as_user_extra: Mapping[str, str] = {}
    auth_provider: AuthProvider | None = None
    exec: ExecConfig | None = None


class ContextEntry(Struct, frozen=True, kw_only=True):
    """A context of a kubeconfig: a cluster, a user and a namespace."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedServer(Struct, frozen=True, kw_only=True):
    name: str = ""
    cluster: ServerEntry = ServerEntry()


class _NamedUser(Struct, frozen=True, kw_only=True):
    name: str = ""
    user: UserEntry = UserEntry()


class _NamedContext(Struct, frozen=True, kw_only=True):
    name: str = ""
    context: ContextEntry = ContextEntry()


class _File(Struct, frozen=True, kw_only=True):
    api_version: str = ""
    kind: str = ""
    clusters: tuple[_NamedServer, ...] = ()
    users: tuple[_NamedUser, ...] = ()
    contexts: tuple[_NamedContext, ...] = ()
    current_context: str = field(default="", name="current-context")


@dataclass(frozen=True)
class Kubeconfig:
    """All files in one, with absolute paths."""

    servers: Mapping[str, ServerEntry]
    users: Mapping[str, UserEntry]
    contexts: Mapping[str, ContextEntry]
    current_context: str = ""

    @classmethod
    def find(cls, explicit: str | None, environment: Mapping[str, str]) -> Kubeconfig:
        """The kubeconfig that kubectl would use.

        Args:
            explicit: the one file to use, which must exist; None for those of the environment.
            environment: KUBECONFIG, or HOME.

        Raises:
            KubeconfigError: a file cannot be read or used.
        """
        if explicit is not None:
            return cls.merged(_read(Path(explicit), required=True))
        home = Path(environment.get("HOME") or "/")
        listed = [name for name in environment.get("KUBECONFIG", "").split(os.pathsep) if name]
        paths = [Path(name) for name in dict.fromkeys(listed)] or [home / ".kube" / "config"]
        return cls.merged(one for path in paths for one in _read(path))

    @classmethod
    def merged(cls, configs: Iterable[Kubeconfig]) -> Kubeconfig:
        """Of equal names the first counts."""
        servers: dict[str, ServerEntry] = {}
        users: dict[str, UserEntry] = {}
        contexts: dict[str, ContextEntry] = {}
        current = ""
        for one in configs:
            servers = {**one.servers, **servers}
            users = {**one.users, **users}
            contexts = {**one.contexts, **contexts}
            current = current or one.current_context
        return cls(servers, users, contexts, current)


def _read(path: Path, *, required: bool = False) -> Iterator[Kubeconfig]:
    """What a file holds; nothing if it need not exist, and does not."""
    name = printable(os.fsencode(path).decode("utf-8", "backslashreplace"))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not required:
            return
        raise KubeconfigError(f"{name}: {(error.strerror or 'cannot be read').lower()}") from None
    if len(data) > MAX_FILE:
        raise KubeconfigError(f"{name}: larger than {MAX_FILE // (1024 * 1024)} MiB")
    begin, end = next(iter(split_yaml(data, 0)), (0, 0))
    try:
        content = parse_yaml(data, begin, end).data
    except SyntaxProblem as problem:  # its message may quote what is there
        line = data.count(b"\n", 0, problem.offset) + 1
        raise KubeconfigError(f"{name}:{line}: is not YAML") from None
    yield _of(name, path.absolute().parent, content)


def _of(name: str, folder: Path, content: object) -> Kubeconfig:
    file, mistakes = decode_struct(_File, content, strict=False)
    assert isinstance(file, _File)
    if mistakes:  # their messages quote values
        path = mistakes[0].path
        wrong = "is not supported" if "as-user-extra" in path else "has a value of the wrong type"
        raise KubeconfigError(f"{name}: {printable(path_text(path)) or 'the document'} {wrong}")
    if file.kind not in ("", "Config") or file.api_version not in ("", "v1"):
        raise KubeconfigError(f"{name}: is not a kubeconfig (kind Config of v1)")
    servers = {one.name: _absolute(one.cluster, folder, "certificate_authority") for one in file.clusters}
    users = {one.name: _with_absolute_paths(one.user, folder) for one in file.users}
    contexts = {one.name: one.context for one in file.contexts}
    for field_name, entries, known in (
        ("clusters", file.clusters, servers),
        ("users", file.users, users),
        ("contexts", file.contexts, contexts),
    ):
        if len(entries) != len(known):
            raise KubeconfigError(f"{name}: two of {field_name} have one name")
    return Kubeconfig(servers, users, contexts, file.current_context)


def _with_absolute_paths(user: UserEntry, folder: Path) -> UserEntry:
    plugin = user.exec
    if plugin is not None and os.sep in plugin.command:
        plugin = _absolute(plugin, folder, "command")
    return replace(_absolute(user, folder, "client_certificate", "client_key", "token_file"), exec=plugin)


def _absolute(entry: S, folder: Path, *names: str) -> S:
    """The entry with paths that count from the folder; an empty one is none."""
    paths = {name: value for name in names if (value := getattr(entry, name))}
    return replace(entry, **{name: os.path.normpath(folder / value) for name, value in paths.items()})
