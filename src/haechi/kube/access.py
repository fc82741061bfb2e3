"""How one cluster is reached: its server, what proves the server, and who asks.

Only https:// is accepted, and only with verification: `insecure-skip-tls-verify` and http:// are refused with the
remedy. Proxies are those of the kubeconfig's `proxy-url`, else of HTTPS_PROXY and NO_PROXY, as Go reads them.
"""

from __future__ import annotations

import os
import stat
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from haechi.kube.errors import CredentialsError, KubeconfigError
from haechi.kube.kubeconfig import ContextEntry, Kubeconfig, ServerEntry, UserEntry

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True)
class Access:
    """Everything that a client needs.

    Attributes:
        name: what messages call the cluster: its context, or `in-cluster`.
        server: the URL of the API server, without a slash at its end.
        namespace: the namespace of the context; `default` if it has none.
        server_name: the name that the server's certificate must have, if it is not that of the URL.
        authority: the certificates (PEM) that prove the server; None for those of the system.
        proxy: the URL of an HTTP proxy, or empty.
        user: the credentials, still to be read or fetched.
        server_entry: as in the kubeconfig, for exec plugins.
    """

    name: str
    server: str
    namespace: str = "default"
    server_name: str = ""
    authority: bytes | None = field(default=None, repr=False)
    proxy: str = field(default="", repr=False)
    user: UserEntry = field(default=UserEntry(), repr=False)
    server_entry: ServerEntry = field(default=ServerEntry(), repr=False)


def access_to(
    context: str | None = None,
    kubeconfig: str | None = None,
    environment: Mapping[str, str] | None = None,
    service_account: Path = SERVICE_ACCOUNT,
) -> Access:
    """The access to a cluster, as kubectl finds it.

    Args:
        context: a context of the kubeconfig; the current one if None.
        kubeconfig: the only file to use, instead of those of the environment.
        environment: instead of the process's.
        service_account: where a pod finds its own credentials; they are used if there is no kubeconfig at all.

    Raises:
        KubeconfigError: there is no such context, or it cannot be used.
        CredentialsError: a file that it names cannot be read.
    """
    variables = os.environ if environment is None else environment
    config = Kubeconfig.find(kubeconfig, variables)
    name = config.current_context if context is None else context
    if not name:
        if kubeconfig is None and not config.contexts and "KUBERNETES_SERVICE_HOST" in variables:
            return _in_cluster(variables, service_account)
        raise KubeconfigError("no context is chosen", _known(config))
    if name not in config.contexts:
        raise KubeconfigError(f"there is no context {name!r} in the kubeconfig", _known(config))
    entry = config.contexts[name]
    if entry.cluster not in config.servers:
        raise KubeconfigError(f"context {name!r} names cluster {entry.cluster!r}, which the kubeconfig lacks")
    if entry.user and entry.user not in config.users:
        raise KubeconfigError(f"context {name!r} names user {entry.user!r}, which the kubeconfig lacks")
    user = config.users.get(entry.user, UserEntry())
    return _access(name, entry, config.servers[entry.cluster], user, variables)


def _known(config: Kubeconfig) -> str:
    names = sorted(config.contexts)
    if not names:
        return "there is no kubeconfig with contexts: --kubeconfig, KUBECONFIG or ~/.kube/config"
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"--context: {', '.join(names[:8])}{more}"


def _access(
    name: str, context: ContextEntry, server: ServerEntry, user: UserEntry, variables: Mapping[str, str]
) -> Access:
    where = f"cluster {context.cluster!r}"
    if server.insecure_skip_tls_verify:
        raise KubeconfigError(
            f"{where} has insecure-skip-tls-verify: requests are made over verified TLS only",
            "remove it, and set certificate-authority to the CA of the cluster",
        )
    if user.auth_provider is not None:
        raise KubeconfigError(
            f"user {context.user!r} has an auth-provider, which kubectl no longer supports", "use an exec plugin"
        )
    url = _checked(where, server.server)
    return Access(
        name=name,
        server=url,
        namespace=context.namespace or "default",
        server_name=server.tls_server_name,
        authority=pem(
            f"certificate-authority of {where}", server.certificate_authority_data, server.certificate_authority
        ),
        proxy=_proxy(where, url, server.proxy_url, variables),
        user=user,
        server_entry=server,
    )


def _checked(where: str, url: str) -> str:
    """The URL without a slash at its end.

    Raises:
        KubeconfigError: it is not https://HOST, or holds a password, a query or a fragment.
    """
    if url.startswith("http://"):
        raise KubeconfigError(
            f"the server of {where} is http://: requests are made over verified TLS only",
            "use the https:// address of the API server instead of kubectl proxy",
        )
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment:
        raise KubeconfigError(f"the server of {where} must be https://HOST[:PORT]")
    return url.rstrip("/")


def pem(what: str, data: str, path: str) -> bytes | None:
    """The text of a certificate or key, from its base64 data or else its file; None if there is neither.

    Raises:
        KubeconfigError: the data is not base64.
        CredentialsError: the file cannot be read.
    """
    if data:
        try:
            return b64decode("".join(data.split()), validate=True)
        except ValueError:
            raise KubeconfigError(f"{what}: the data is not base64") from None
    return read_file(what, path) if path else None


MAX_FILE = 1024 * 1024
"""Bytes of a certificate, key or token."""


def read_file(what: str, path: str) -> bytes:
    """What a file of the kubeconfig holds.

    Raises:
        CredentialsError: it cannot be read.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise CredentialsError(f"{what}: {path}: is not a regular file")
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise CredentialsError(f"{what}: {path}: is larger than {MAX_FILE // 1024} KiB")
        return data
    except OSError as error:
        raise CredentialsError(f"{what}: {path}: {(error.strerror or 'cannot be read').lower()}") from None


def _proxy(where: str, server: str, configured: str, variables: Mapping[str, str]) -> str:
    """The proxy's URL, or nothing."""
    named = f"proxy-url of {where}" if configured else "HTTPS_PROXY"
    url = configured
    if not url:
        lowered = {name.lower(): value for name, value in variables.items()}
        url = variables.get("HTTPS_PROXY") or lowered.get("https_proxy", "")
        if not url or _is_direct(server, lowered.get("no_proxy", "")):
            return ""
        url = url if "://" in url else f"http://{url}"
    if urlsplit(url).scheme != "http":
        raise KubeconfigError(f"{named}: only http:// proxies are supported")
    return url


def _is_direct(server: str, no_proxy: str) -> bool:
    """Whether a server is reached without a proxy: one on this machine, and what NO_PROXY lists, as Go reads it."""
    parts = urlsplit(server)
    host, port = parts.hostname or "", str(parts.port or 443)
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_matches(entry.strip().lower(), host, port, address) for entry in no_proxy.split(","))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _matches(entry: str, host: str, port: str, address: IPv4Address | IPv6Address | None) -> bool:
    """Whether `*`, an address, a range, a name (and all below it) or `.name` (only those) is met, also with a port."""
    if address is not None and "/" in entry:
        try:
            return address in ip_network(entry, strict=False)
        except ValueError:
            return False
    name, colon, wanted = entry.rpartition(":") if entry.count(":") == 1 or "]:" in entry else (entry, "", "")
    if colon and wanted != port:
        return False
    if address is not None:
        return entry == "*" or _address(name.strip("[]")) == address
    name = name.removeprefix("*") if name.startswith("*.") else name
    return name == "*" or (name != "" and (host == name or host.endswith(f".{name.removeprefix('.')}")))


def _in_cluster(variables: Mapping[str, str], folder: Path) -> Access:
    host, port = variables["KUBERNETES_SERVICE_HOST"], variables.get("KUBERNETES_SERVICE_PORT", "443")
    namespace = read_file("the pod's namespace", str(folder / "namespace")).decode("utf-8", "replace").strip()
    url = _checked("the cluster around this pod", f"https://{f'[{host}]' if ':' in host else host}:{port}")
    return Access(
        name="in-cluster",
        server=url,
        namespace=namespace or "default",
        authority=read_file("the pod's certificate authority", str(folder / "ca.crt")),
        proxy=_proxy("the cluster", url, "", variables),
        user=UserEntry(token_file=str(folder / "token")),
    )
