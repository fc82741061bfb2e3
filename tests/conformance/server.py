"""A real API server with its etcd, on loopback, for as long as a test runs.

Both are one program, built from `apiserver/` with the Go toolchain and kept in the user's cache by the contents of that
folder, so that it is built once on a machine (about ten minutes of CPU time).
"""

from __future__ import annotations

import ctypes
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).with_name("apiserver")
TOKEN = "conformance"
http.client._MAXHEADERS = 1000  # type: ignore[attr-defined]  # a warning is a header
_PR_SET_PDEATHSIG = 1
_START_SECONDS = 60
_STOP_SECONDS = 20


class NotAvailable(Exception):
    """There is no API server to be had here: no Go, no way to its modules, or no openssl."""


def cached_program() -> Path:
    """Where the program is, or would be, kept."""
    content = hashlib.sha256()
    for name in ("go.mod", "go.sum", "main.go"):
        content.update((SOURCES / name).read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "haechi-conformance" / content.hexdigest()[:16] / "kubernetes"


def program() -> Path:
    """The program, built if it is not in the cache.

    Raises:
        NotAvailable: there is no Go toolchain, or modules cannot be downloaded.
        CalledProcessError: the build failed.
    """
    path = cached_program()
    if path.exists():
        return path
    go = shutil.which("go")
    if go is None:
        raise NotAvailable("no Go")
    download = subprocess.run([go, "mod", "download"], cwd=SOURCES, check=False, capture_output=True, text=True)
    if download.returncode:
        reason = (download.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise NotAvailable(f"go mod download: {reason}")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"kubernetes.{os.getpid()}")
    build = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(unfinished), "."]
    try:
        subprocess.run(build, cwd=SOURCES, check=True)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


@dataclass(frozen=True)
class Response:
    """What the server answered: the status, the document, and the texts of its warnings."""

    status: int
    body: Mapping[str, Any]
    warnings: tuple[str, ...]


@dataclass
class ApiServer:
    """A running API server: its address, and one kept connection to ask it by."""

    port: int
    certificate: Path
    token: str = TOKEN
    _connection: http.client.HTTPSConnection | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The server's address for a kubeconfig."""
        return f"https://127.0.0.1:{self.port}"

    def kubeconfig(self) -> str:
        """A kubeconfig, as JSON, of an administrator; its context is called `conformance`."""
        name = "conformance"
        cluster = {"server": self.url, "certificate-authority": str(self.certificate)}
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": name, "cluster": cluster}],
                "users": [{"name": name, "user": {"token": self.token}}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
                "current-context": name,
            }
        )

    def ask(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> Response:
        """Send a request on the kept connection and read the answer."""
        if self._connection is None:
            context = ssl.create_default_context(cafile=str(self.certificate))
            self._connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type, "Accept": "application/json"}
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        warnings = tuple(_unquoted(value) for value in answer.headers.get_all("Warning", []))
        document = json.loads(text) if text[:1] == b"{" else {"message": text.decode(errors="replace")}
        return Response(answer.status, document, warnings)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _unquoted(header: str) -> str:
    """The text of a Warning header: `299 - "text"`."""
    text = header.split(" ", 2)[2]
    return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """An API server that is ready, with an empty store in `folder`; it and its etcd have ended when this returns.

    Raises:
        NotAvailable: there are no tools to build and start it.
        RuntimeError: it does not get ready.
    """
    if shutil.which("openssl") is None:
        raise NotAvailable("no openssl")
    binary = program()
    for name in ("etcd", "kube-apiserver"):
        (folder / name).symlink_to(binary)
    client, peer, port = _free_ports(3)
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n', encoding="utf-8")
    _openssl("genrsa", "-out", str(folder / "sa.key"), "2048")
    _openssl("rsa", "-in", str(folder / "sa.key"), "-pubout", "-out", str(folder / "sa.pub"))
    etcd = [
        str(folder / "etcd"),
        "--name=conformance",
        f"--data-dir={folder / 'data'}",
        f"--listen-client-urls=http://127.0.0.1:{client}",
        f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-cluster=conformance=http://127.0.0.1:{peer}",
        "--unsafe-no-fsync",
    ]
    apiserver = [
        str(folder / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{client}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--cert-dir={folder / 'certs'}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'sa.pub'}",
        f"--service-account-signing-key-file={folder / 'sa.key'}",
        "--authorization-mode=RBAC",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--disable-admission-plugins=ServiceAccount",
        "--allow-privileged=true",
    ]
    with _running(etcd, folder / "etcd.log"), _running(apiserver, folder / "apiserver.log") as process:
        server = ApiServer(port, folder / "certs" / "apiserver.crt")
        try:
            _await_ready(server, process, folder / "apiserver.log")
            yield server
        finally:
            server.close()


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process, which is stopped at the end, or if this one is killed; killed if it does not stop."""
    libc = ctypes.CDLL(None)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd=log.parent,
            preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_ready(server: ApiServer, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            if server.ask("GET", "/readyz").status == 200:
                return
        server.close()
        time.sleep(0.1)
    raise RuntimeError(f"the API server did not get ready: {log.read_text(errors='replace')[-2000:]}")
