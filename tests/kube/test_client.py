"""The client against a server that misbehaves: one host, GET only, limits, and errors that a person understands."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import sys
import threading
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from haechi.kube import (
    Access,
    ApiError,
    ApiResource,
    BadResponse,
    Client,
    Forbidden,
    Gone,
    KubeError,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from haechi.kube.client import _secrets
from haechi.kube.kubeconfig import ExecConfig, UserEntry
from tests.kube.server import TOKEN, ApiServer, Reply, Request

PODS = ApiResource("", "v1", "pods")

POD_LIST: dict[str, object] = {"kind": "PodList", "items": []}


def pod(number: int, **metadata: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{number}", "namespace": "x", **metadata}}


async def names(access: Access) -> list[str]:
    async with Client(access) as client:
        pages = [page async for page in client.pages(PODS)]
    return [json.loads(bytes(item))["metadata"]["name"] for page in pages for item in page.items or ()]


def get(access: Access, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, path: str = "/api/v1/pods") -> bytes:
    async def work() -> bytes:
        async with Client(access, sleep) as client:
            return await client.get(path, resource=PODS)

    return asyncio.run(work())


def reply(server: ApiServer, *replies: Reply) -> None:
    """The first requests get these replies, in order."""
    left = list(replies)
    server.script(lambda request: left.pop(0) if left else None)


def test_a_list_is_read_page_by_page_over_one_connection(server: ApiServer, access: Access) -> None:
    server.put(*(pod(number) for number in range(1201)))
    assert asyncio.run(names(access)) == [f"p{number}" for number in range(1201)]
    assert [request.query for request in server.requests] == [
        {"limit": "500"}, {"limit": "500", "continue": "500"}, {"limit": "500", "continue": "1000"}
    ]  # fmt: skip
    assert len(server.connections) == 1


def test_what_is_asked_for(server: ApiServer, access: Access) -> None:
    get(access)
    (request,) = server.requests
    assert request.method == "GET"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["accept"] == "application/json;drop=metadata.managedFields,application/json"
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["user-agent"].startswith("haechi/")


def test_a_continue_token_comes_back_as_it_was(server: ApiServer, access: Access) -> None:
    token = "a+b/c= d&e%2Bf?ü#"
    reply(
        server,
        Reply.of({"kind": "PodList", "metadata": {"continue": token}, "items": []}),
        Reply.of({"kind": "PodList", "metadata": None, "items": None}),
    )
    assert asyncio.run(names(access)) == []
    assert server.requests[1].query["continue"] == token


@pytest.mark.parametrize("token", ["again", None])
def test_a_list_without_end_is_refused(
    token: str | None, server: ApiServer, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haechi.kube.client.MAX_PAGES", 5)
    server.script(
        lambda _: Reply.of(
            {"kind": "PodList", "metadata": {"continue": token or str(len(server.requests))}, "items": []}
        )
    )
    with pytest.raises(BadResponse, match="the list of pods has no end"):
        asyncio.run(names(access))
    assert len(server.requests) <= 7


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (410, Gone),
        (500, ApiError),
        (504, ApiError),
        (400, ApiError),
    ],
)
def test_every_status_has_its_error(status: int, kind: type[ApiError], server: ApiServer, access: Access) -> None:
    server.script(lambda _: Reply.error(status, "because"))
    with pytest.raises(kind, match="because") as caught:
        get(access)
    assert caught.value.status == status


def test_a_forbidden_list_names_the_rule_that_is_missing(server: ApiServer, access: Access) -> None:
    import yaml

    server.script(lambda _: Reply.error(403, "no"))
    with pytest.raises(Forbidden) as caught:
        get(access)
    assert yaml.safe_load(caught.value.rule) == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    assert caught.value.rule in str(caught.value)


def test_a_busy_server_is_asked_again_when_it_says(server: ApiServer, access: Access) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    busy = [Reply.error(429, "busy", **{"Retry-After": "7"}), Reply.error(503, "busy", **{"Retry-After": "9999"}),
            Reply.error(429, "busy", **{"Retry-After": "-1"}), Reply.error(429, "busy")]  # fmt: skip
    reply(server, *busy)
    assert b"PodList" in get(access, sleep)
    assert waited == [7, 30, 1, 1]


def test_a_server_that_stays_busy_is_an_error(server: ApiServer, access: Access) -> None:
    async def sleep(seconds: float) -> None:
        pass

    server.script(lambda _: Reply.error(429, "too many", **{"Retry-After": "1"}))
    with pytest.raises(TooManyRequests, match="too many"):
        get(access, sleep)
    assert len(server.requests) == 5


def test_a_redirect_is_not_followed(server: ApiServer, access: Access) -> None:
    with ApiServer.running() as elsewhere:
        server.script(lambda _: Reply(b"", 307, {"Location": f"{elsewhere.url}/api/v1/pods"}))
        with pytest.raises(BadResponse, match="redirects, which is not followed"):
            get(access)
        assert elsewhere.requests == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "bad",
    [
        Reply(b"<html>", headers={"Content-Type": "text/html"}),
        Reply(b'{"items": []', cut=None),
        Reply(b'{"items": []}' * 20, cut=30),
        Reply(b"not gzip", headers={"Content-Encoding": "gzip"}),
        Reply(b'{"items": {}}'),
        Reply(b'{"items": []}'),
        Reply(b'{"kind": "Status", "status": "Failure"}'),
        Reply(b'{"items": [], "metadata": []}'),
        Reply(b"[" * 100_000),
        Reply(b"\xff\xfe{}"),
        Reply(b"{}", 204),
        Reply(b"{}", 200, {"Content-Type": "application/vnd.kubernetes.protobuf"}),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_list_is_an_error_not_an_empty_list(bad: Reply, server: ApiServer, access: Access) -> None:
    server.script(lambda _: bad)
    with pytest.raises(KubeError):
        asyncio.run(names(access))


def test_a_large_answer_is_refused_packed_or_not(
    server: ApiServer, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haechi.kube.client.MAX_PAGE", 100_000)
    server.put(pod(1, annotations={"a": "x" * 200_000}))
    with pytest.raises(BadResponse, match="larger than"):
        get(access)


def test_a_server_that_repeats_the_token_does_not_get_it_shown(server: ApiServer, access: Access) -> None:
    server.script(lambda request: Reply.error(403, f"you sent {request.headers['authorization']} {'x' * 1000}"))
    with pytest.raises(Forbidden, match="you sent Bearer …") as caught:
        get(access)
    assert TOKEN not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_what_encodes_a_secret_or_is_encoded_in_one_is_not_shown_either() -> None:
    assert {TOKEN, b64encode(TOKEN.encode()).decode().rstrip("=")} <= set(_secrets(f"Bearer {TOKEN}"))
    assert "S3CRET" in _secrets(f"Basic {b64encode(b'bob:S3CRET').decode()}")


@pytest.mark.parametrize("limit", ["SILENCE_SECONDS", "ANSWER_SECONDS"])
def test_a_server_that_does_not_answer_is_not_waited_for(
    limit: str, server: ApiServer, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(f"haechi.kube.client.{limit}", 0.1)

    def silent(_: Request) -> None:
        released.wait(10)

    server.script(silent)
    with pytest.raises(Unreachable, match="did not answer in time"):
        get(access)
    released.set()
    gc.collect()


def test_a_kept_connection_that_the_server_closed_is_opened_again(server: ApiServer, access: Access) -> None:
    server.put(*(pod(number) for number in range(3)))
    server.page = 1
    server.hang_up_after = 1
    assert asyncio.run(names(access)) == ["p0", "p1", "p2"]


def test_nothing_listens_and_no_such_name(access: Access) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(Unreachable, match=f"https://127.0.0.1:{port}: "):
        get(replace(access, server=f"https://127.0.0.1:{port}"))
    with pytest.raises(Unreachable, match="does not resolve"):
        get(replace(access, server="https://name.invalid"))


def test_a_token_file_is_read_again_when_the_token_is_refused(
    server: ApiServer, access: Access, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("old")

    def rotating(request: Request) -> Reply | None:
        if request.headers["authorization"] == "Bearer new":
            return None
        token.write_text("new")
        return Reply.error(401, "Unauthorized")

    server.script(rotating)
    assert b"PodList" in get(replace(access, user=UserEntry(token_file=str(token))))


def test_a_plugin_is_asked_again_when_its_token_has_expired(server: ApiServer, access: Access, tmp_path: Path) -> None:
    program = (
        f"p = {str(tmp_path / 'n')!r}; n = open(p, 'a+'); n.write('x'); t = n.tell();"
        'print(\'{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status":\''
        '      \'{"token": "t%d", "expirationTimestamp": "2020-01-01T00:00:00Z"}}\' % t)'
    )
    plugin = ExecConfig(
        api_version="client.authentication.k8s.io/v1",
        command=sys.executable,
        args=("-c", program),
        interactive_mode="Never",
    )
    server.put(pod(1), pod(2))
    server.page = 1
    asyncio.run(names(replace(access, user=UserEntry(exec=plugin))))
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer t2", "Bearer t3"]


class Proxy:
    """An HTTP proxy for one connection: records what it is asked, and connects it, or refuses without an upstream."""

    def __init__(self, upstream: int | None) -> None:
        self.head = b""
        self.upstream = upstream
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Proxy:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(10)
        self.listener.close()

    def _serve(self) -> None:
        inside, _ = self.listener.accept()
        with inside:
            while b"\r\n\r\n" not in self.head:
                self.head += inside.recv(4096)
            if self.upstream is None:
                inside.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", self.upstream)) as outside:
                inside.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(outside, inside))
                back.start()
                pump(inside, outside)
                back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_a_proxy_sees_no_credentials(server: ApiServer, access: Access) -> None:
    with Proxy(server.port) as proxy:
        assert b"PodList" in get(replace(access, proxy=proxy.url))
    assert proxy.head.startswith(f"CONNECT localhost:{server.port} ".encode())
    assert TOKEN.encode() not in proxy.head
    assert len(server.requests) == 1


def test_a_proxy_that_does_not_listen_is_named(access: Access) -> None:
    with Proxy(None) as proxy, socket.create_connection(proxy.listener.getsockname()) as other:
        other.sendall(b"\r\n\r\n")
    with pytest.raises(Unreachable, match="the proxy cannot be reached"):
        get(replace(access, proxy=proxy.url))


def test_a_proxy_that_refuses_is_an_error(server: ApiServer, access: Access) -> None:
    with Proxy(None) as proxy, pytest.raises(Unreachable, match="the proxy refuses: 407"):
        get(replace(access, proxy=proxy.url))
