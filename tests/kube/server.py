"""A scripted API server over TLS on loopback, with its own authority: real sockets, real certificates, no cluster.

It lists what is put into it, page by page, and serves the discovery that kubectl needs. A test scripts everything else:
a function of the request that answers before the server does.
"""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import trustme

from haechi.model import KINDS, policy_kinds

Json = dict[str, object]
TOKEN = "s3cr3t-t0ken"


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What it gets. `cut` closes the connection after so many bytes of the body."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None

    @classmethod
    def of(cls, data: object, status: int = 200, **headers: str) -> Reply:
        return cls(json.dumps(data).encode(), status, headers)

    @classmethod
    def error(cls, status: int, message: str, **headers: str) -> Reply:
        return cls.of({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": status},
                      status, **headers)  # fmt: skip


Script = Callable[[Request], Reply | None]


@dataclass(frozen=True)
class Served:
    """A resource that the server has."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool

    @property
    def group_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def prefix(self) -> str:
        return f"/apis/{self.group_version}" if self.group else f"/api/{self.version}"


def plural_of(kind: str) -> str:
    if kind.endswith("s"):
        return f"{kind.lower()}es"
    return f"{kind.lower()[:-1]}ies" if kind.endswith("y") else f"{kind.lower()}s"


def _served() -> Iterator[Served]:
    for kind in KINDS:
        group, _, version = kind.api_version.rpartition("/")
        if group in ("", "apps", "batch", "networking.k8s.io"):
            yield Served(group, version, plural_of(kind.kind), kind.kind, kind.namespaced)


BUILT_IN = tuple(_served())


def other(group: str, version: str, kind: str, *, namespaced: bool) -> Served:
    """A policy of another project."""
    assert kind in policy_kinds(group)
    return Served(group, version, plural_of(kind), kind, namespaced)


class ApiServer:
    """`with ApiServer.running() as server:`."""

    def __init__(self, authority: trustme.CA, port: int = 0) -> None:
        self.authority = authority
        self.resources = list(BUILT_IN)
        self.objects: list[Json] = []
        self.requests: list[Request] = []
        self.scripts: list[Script] = []
        self.page: int | None = None
        self.connections: set[object] = set()
        self.hang_up_after: int | None = None  # requests of a connection, without a word
        self.port = port

    def put(self, *objects: Json) -> None:
        """Add objects, each with its apiVersion and kind."""
        self.objects += objects

    def script(self, script: Script) -> None:
        """Let a function answer first."""
        self.scripts.append(script)

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        for script in self.scripts:
            reply = script(request)
            if reply is not None:
                return reply
        return self._discovery(request.path) or self._objects(request) or Reply.error(404, "not found")

    def _discovery(self, path: str) -> Reply | None:
        if path == "/api":
            return Reply.of({"kind": "APIVersions", "versions": ["v1"]})
        if path == "/apis":
            versions: dict[str, list[Json]] = {}
            for one in self.resources:
                version: Json = {"groupVersion": one.group_version, "version": one.version}
                if one.group and version not in versions.setdefault(one.group, []):
                    versions[one.group].append(version)
            groups = [
                {"name": name, "versions": found, "preferredVersion": found[0]} for name, found in versions.items()
            ]
            return Reply.of({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        found = [one for one in self.resources if one.prefix == path]
        resources = [
            {"name": one.plural, "singularName": one.kind.lower(), "namespaced": one.namespaced, "kind": one.kind,
             "verbs": ["get", "list", "watch"]}
            for one in found
        ]  # fmt: skip
        if not found:
            return None
        return Reply.of({"kind": "APIResourceList", "groupVersion": found[0].group_version, "resources": resources})

    def _objects(self, request: Request) -> Reply | None:
        for one in self.resources:
            if request.path.startswith(f"{one.prefix}/"):
                parts = request.path.removeprefix(f"{one.prefix}/").split("/")
                namespace = parts[1] if parts[0] == "namespaces" and len(parts) > 2 else ""
                rest = parts[2:] if namespace else parts
                if rest[0] == one.plural:
                    found = [each for each in self.objects if _is(each, one, namespace)]
                    return self._list(found, one, request) if len(rest) == 1 else _get(found, rest[1])
        return None

    def _list(self, found: list[Json], one: Served, request: Request) -> Reply:
        limit = min(int(request.query.get("limit", len(found) or 1)), self.page or len(found) or 1)
        begin = int(request.query.get("continue", 0))
        items = [
            {k: v for k, v in each.items() if k not in ("apiVersion", "kind")} for each in found[begin : begin + limit]
        ]
        left = len(found) - begin - len(items)
        metadata = {
            "resourceVersion": "1",
            **({"continue": str(begin + limit), "remainingItemCount": left} if left else {}),
        }
        reply = Reply.of(
            {"kind": f"{one.kind}List", "apiVersion": one.group_version, "metadata": metadata, "items": items}
        )
        if "gzip" in request.headers.get("accept-encoding", "") and len(reply.body) > 1000:
            return Reply(gzip.compress(reply.body, 1), 200, {"Content-Encoding": "gzip"})
        return reply

    def kubeconfig(self, folder: Path, **cluster: object) -> Path:
        """A kubeconfig for this server, with a token, in a folder."""
        (folder / "ca.pem").write_bytes(self.authority.cert_pem.bytes())
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "c", "cluster": {"server": self.url, "certificate-authority": "ca.pem", **cluster}}],
            "users": [{"name": "u", "user": {"token": TOKEN}}],
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        }
        path = folder / "config"
        path.write_text(json.dumps(config))
        return path

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[ApiServer]:
        """A server that listens."""
        server = cls(trustme.CA())
        with serving(server, server.authority.issue_cert("localhost", "127.0.0.1")):
            yield server


def _is(each: Json, one: Served, namespace: str) -> bool:
    metadata = each["metadata"]
    assert isinstance(metadata, dict)
    same = (each["apiVersion"], each["kind"]) == (one.group_version, one.kind)
    return same and namespace in ("", metadata.get("namespace"))


def _get(found: list[Json], name: str) -> Reply:
    for each in found:
        metadata = each["metadata"]
        assert isinstance(metadata, dict)
        if metadata["name"] == name:
            return Reply.of(each)
    return Reply.error(404, f'"{name}" not found')


@contextmanager
def serving(
    server: ApiServer, certificate: trustme.LeafCert, *, client_authority: trustme.CA | None = None
) -> Iterator[None]:
    """Let a server listen on loopback with a certificate; it wants client certificates of an authority, if given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def do_GET(self) -> None:
            server.connections.add(self.client_address)
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.answer(Request(self.command, parts.path, query, headers))
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.cut])
            if reply.cut is not None or server.hang_up_after is not None:
                self.close_connection = True

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self):  # type: ignore[no-untyped-def]
            connection, address = super().get_request()
            return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # clients that refuse the certificate, and those that were cut off

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if client_authority is not None:
        client_authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    with Listener(("127.0.0.1", server.port), Handler) as listener:
        server.port = listener.server_port
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            listener.shutdown()
            thread.join()
