"""Who asks: the headers and the client certificate of a user, from the kubeconfig, files or an exec plugin.

Files and plugins are asked anew when what they gave has expired or is refused: tokens of service accounts and cloud
logins live for minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from haechi import processes
from haechi.kube.access import Access, pem, read_file
from haechi.kube.errors import CredentialsError, KubeconfigError
from haechi.kube.kubeconfig import ExecConfig, UserEntry

_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
PLUGIN_SECONDS = 120.0
"""How long a plugin may take that cannot ask a person."""
PLUGIN_BYTES = 1024 * 1024
"""What a plugin may print."""


@dataclass(frozen=True)
class Credentials:
    """What a client shows to the server.

    Attributes:
        headers: of every request.
        certificate: certificate and key (PEM), if TLS is to show them.
        expires: when new ones are needed; None if that is unknown.
    """

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    certificate: tuple[bytes, bytes] | None = field(default=None, repr=False)
    expires: datetime | None = None

    @property
    def expired(self) -> bool:
        """Whether they are no longer good."""
        return self.expires is not None and datetime.now(UTC) >= self.expires


class _ExecStatus(msgspec.Struct, frozen=True, rename="camel"):
    expiration_timestamp: datetime | None = None
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""


class _ExecCredential(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    status: _ExecStatus | None = None


async def credentials(access: Access) -> Credentials:
    """The credentials of the user, now.

    Raises:
        CredentialsError: a file cannot be read, or the plugin failed.
        KubeconfigError: the kubeconfig asks for what cannot be done.
    """
    user = access.user
    headers = _impersonation(user)
    certificate = _certificate("client-certificate", user)
    expires = None
    if user.token_file:
        headers.append(_bearer(read_file("tokenFile", user.token_file).decode("utf-8", "replace")))
    elif user.token:
        headers.append(_bearer(user.token))
    elif user.username:
        basic = b64encode(f"{user.username}:{user.password}".encode()).decode()
        headers.append(("Authorization", f"Basic {basic}"))
    elif user.exec is not None:
        status = await _asked(user.exec, access)
        expires = status.expiration_timestamp
        if status.token:
            headers.append(_bearer(status.token))
        if status.client_certificate_data:
            pair = (status.client_certificate_data.encode(), status.client_key_data.encode())
            certificate = certificate or pair
    return Credentials(tuple(headers), certificate, expires)


def _bearer(token: str) -> tuple[str, str]:
    text = token.strip()
    if not text or not text.isascii() or not text.isprintable():
        raise CredentialsError("the token is empty, or holds characters that no token has")
    return "Authorization", f"Bearer {text}"


def _impersonation(user: UserEntry) -> list[tuple[str, str]]:
    named = [("User", user.as_user), ("Uid", user.as_uid), *(("Group", group) for group in user.as_groups)]
    return [(f"Impersonate-{name}", value) for name, value in named if value and user.as_user]


def _certificate(what: str, user: UserEntry) -> tuple[bytes, bytes] | None:
    certificate = pem(what, user.client_certificate_data, user.client_certificate)
    key = pem("client-key", user.client_key_data, user.client_key)
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise KubeconfigError("client-certificate and client-key are needed both")
    return certificate, key


async def _asked(plugin: ExecConfig, access: Access) -> _ExecStatus:
    """What an exec plugin prints. Its standard error is this process's, so that it can talk to a person."""
    if plugin.api_version not in _VERSIONS:
        raise KubeconfigError(f"exec plugin: apiVersion must be {' or '.join(_VERSIONS)}")
    mode = plugin.interactive_mode or ("" if plugin.api_version == _VERSIONS[0] else "IfAvailable")
    if mode not in ("Never", "IfAvailable", "Always"):
        raise KubeconfigError("exec plugin: interactiveMode must be Never, IfAvailable or Always")
    terminal = sys.stdin is not None and sys.stdin.isatty()
    if mode == "Always" and not terminal:
        raise CredentialsError("the exec plugin needs a terminal as standard input (interactiveMode: Always)")
    interactive = terminal and mode != "Never"
    out = await _output(plugin, _environment(plugin, access, interactive=interactive), interactive=interactive)
    return _parsed(out, plugin)


def _environment(plugin: ExecConfig, access: Access, *, interactive: bool) -> dict[str, str]:
    spec: dict[str, object] = {"interactive": interactive}
    if plugin.provide_cluster_info:
        cluster: dict[str, str] = {"server": access.server}
        if access.server_name:
            cluster["tls-server-name"] = access.server_name
        if access.authority is not None:
            cluster["certificate-authority-data"] = b64encode(access.authority).decode()
        if access.server_entry.proxy_url:
            cluster["proxy-url"] = access.server_entry.proxy_url
        spec["cluster"] = cluster
    info = json.dumps({"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec})
    return {**os.environ, **{one.name: one.value for one in plugin.env}, "KUBERNETES_EXEC_INFO": info}


async def _output(plugin: ExecConfig, environment: Mapping[str, str], *, interactive: bool) -> bytes:
    """What the plugin prints. One that may ask a person stays in this session: only there can it use the terminal."""
    name, seconds = plugin.command, None if interactive else PLUGIN_SECONDS
    try:
        process = subprocess.Popen(
            (name, *plugin.args),
            env=environment,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=not interactive,
        )
    except (OSError, ValueError) as error:
        why = error.strerror or "cannot be started" if isinstance(error, OSError) else "has a name that no program has"
        raise CredentialsError(f"exec plugin {name}: {why.lower()}", plugin.install_hint[:200]) from None
    try:
        code, out, _ = await asyncio.to_thread(processes.finish, process, PLUGIN_BYTES, seconds)
    except asyncio.CancelledError:
        processes.kill(process)
        raise
    if len(out) > PLUGIN_BYTES:
        raise CredentialsError(f"exec plugin {name} printed more than {PLUGIN_BYTES // 1024} KiB")
    if code is None:
        raise CredentialsError(f"exec plugin {name} did not end within {PLUGIN_SECONDS:.0f} seconds")
    if code:
        raise CredentialsError(f"exec plugin {name} failed with exit code {code}, see above")
    return out


def _parsed(out: bytes, plugin: ExecConfig) -> _ExecStatus:
    """The status of an ExecCredential; no message quotes it."""
    try:
        found = msgspec.json.decode(out, type=_ExecCredential)
    except (msgspec.DecodeError, RecursionError):
        raise CredentialsError(f"exec plugin {plugin.command} printed no ExecCredential") from None
    if found.kind != "ExecCredential" or found.api_version != plugin.api_version:
        raise CredentialsError(f"exec plugin {plugin.command} printed no ExecCredential of {plugin.api_version}")
    status = found.status or _ExecStatus()
    if bool(status.client_certificate_data) != bool(status.client_key_data):
        raise CredentialsError(f"exec plugin {plugin.command} printed a certificate or a key alone")
    if not status.token and not status.client_certificate_data:
        raise CredentialsError(f"exec plugin {plugin.command} printed no credentials")
    if status.expiration_timestamp is not None and status.expiration_timestamp.tzinfo is None:
        raise CredentialsError(f"exec plugin {plugin.command} printed an expirationTimestamp without a time zone")
    return status
