"""The client: GET, and lists page by page.

    Access ─ credentials ─ TLS ─ session ─▶ GET ─▶ bytes (limited, unpacked) ─▶ Page

One session keeps its connections. Redirects are not followed, so credentials reach one host only. What is busy (429,
503 with Retry-After) is asked again after the time that it names; a connection that broke is tried once more, and
refused credentials are renewed once.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
import sys
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

import msgspec

from haechi._version import __version__
from haechi.kube.credentials import Credentials, credentials
from haechi.kube.errors import BY_STATUS, ApiError, BadResponse, KubeError, Unauthorized, Unreachable
from haechi.kube.tls import tls_context, tls_failure

if TYPE_CHECKING:
    import aiohttp

    from haechi.kube.access import Access
    from haechi.kube.resources import ApiResource

JSON = "application/json;drop=metadata.managedFields,application/json"
"""Objects; servers that do not know `drop` ignore it."""
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
CONNECTIONS = 4
"""To the server at once."""
PAGE = 500
"""Objects of a page, as kubectl and client-go ask for."""
MAX_PAGE = 128 * 1024 * 1024
"""Bytes of one answer, unpacked."""
MAX_PAGES = 10_000
_TLS_STAYS_OPEN = sys.version_info < (3, 12, 8) or sys.version_info[:3] == (3, 13, 0)
"""Whether asyncio leaves a closed TLS connection open until the other end answers (CPython issue 118950)."""
MAX_MESSAGE = 300
"""Characters of a server's message that are shown."""
CONNECT_SECONDS, SILENCE_SECONDS, ANSWER_SECONDS = 10.0, 30.0, 120.0
ATTEMPTS = 5
"""How often an overloaded server is asked."""
MAX_WAIT = 30.0
"""Seconds between two of them."""


class ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    """metadata of a list."""

    resource_version: str = ""
    continue_: str | None = msgspec.field(default=None, name="continue")
    remaining_item_count: int | None = None


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """A part of a list: its items are undecoded JSON. Null is nothing, as in Go."""

    kind: str = ""
    metadata: ListMeta | None = None
    items: tuple[msgspec.Raw, ...] | None = None


class _Status(msgspec.Struct):
    message: str = ""


_PAGES = msgspec.json.Decoder(Page)
_STATUSES = msgspec.json.Decoder(_Status)


def _secrets(header: str) -> Iterator[str]:
    """What a header shows, as a server might repeat it: the value, what it encodes, and its encoding."""
    value = header.rpartition(" ")[2]
    yield value
    yield b64encode(value.encode()).decode().rstrip("=")
    with suppress(ValueError):
        password = b64decode(value, validate=True).decode().partition(":")[2]
        if password:
            yield password


class Client:
    """`async with Client(access) as client:`; everything is asked within one event loop.

    Args:
        access: which server, and as whom.
        sleep: how to wait for a number of seconds.
    """

    def __init__(self, access: Access, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.access = access
        self._sleep = sleep
        self._credentials: Credentials | None = None
        self._sessions: list[aiohttp.ClientSession] = []  # the last one is in use, others end their requests
        self._renewing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._renew(None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions:
            await session.close()
        await asyncio.sleep(0)  # connections that were aborted are closed by the loop

    async def pages(
        self, resource: ApiResource, namespace: str = "", accept: str = JSON, query: Mapping[str, str] | None = None
    ) -> AsyncIterator[Page]:
        """All objects of a resource, or those in a namespace, page by page.

        Raises:
            Gone: the list changed too much meanwhile; what came so far does not count.
            KubeError: as `get`.
        """
        seen: set[str] = set()
        token: str | None = ""
        while True:
            asked = {**(query or {}), "limit": str(PAGE), **({"continue": token} if token else {})}
            text = await self.get(resource.path(namespace), asked, accept, resource)
            try:
                page = _PAGES.decode(text)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                raise BadResponse(f"the list of {resource} is not a list in JSON") from None
            if not page.kind.endswith("List"):
                raise BadResponse(f"the list of {resource} is not a list, but {page.kind or 'an object without kind'}")
            yield page
            token = page.metadata.continue_ if page.metadata else ""
            if not token:
                return
            if token in seen or len(seen) >= MAX_PAGES:
                raise BadResponse(f"the list of {resource} has no end")
            seen.add(token)

    async def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        accept: str = JSON,
        resource: ApiResource | None = None,
        verb: str = "list",
    ) -> bytes:
        """What the server answers.

        Args:
            path: below the server's URL, quoted.
            query: the parameters.
            accept: the media types to ask for.
            resource: what the path stands for, for errors.
            verb: what RBAC calls it.

        Raises:
            ApiError: the server refuses.
            Unreachable: there is no answer, or no verified TLS.
            BadResponse: it is no answer of an API server.
            CredentialsError: the credentials have expired and cannot be renewed.
        """
        renewed = broken = False
        attempt = 0
        while True:
            shown = self._credentials
            if shown is None or shown.expired:
                shown = await self._renew(shown)
            try:
                async with self._response(path, query, accept, shown) as response:
                    wait = _busy(response)
                    if wait is None or attempt + 1 >= ATTEMPTS:
                        return await self._body(response, resource, verb)
            except Unauthorized:
                if renewed:
                    raise
                renewed = True
                await self._renew(shown)
                continue
            except _Broken as error:
                if broken:
                    hint = "" if shown.certificate is None else "perhaps it refuses the client certificate"
                    raise Unreachable(error.message, hint) from None
                broken = True
                continue
            attempt += 1
            await self._sleep(wait)

    async def _renew(self, old: Credentials | None) -> Credentials:
        """Credentials in place of old ones, unless another request has renewed those, and a session that shows them."""
        import aiohttp

        async with self._renewing:
            if self._credentials is not None and self._credentials is not old:
                return self._credentials
            found = await credentials(self.access)
            context = tls_context(self.access.authority, found.certificate)
            session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context, limit=CONNECTIONS, enable_cleanup_closed=_TLS_STAYS_OPEN),
                headers={"User-Agent": f"haechi/{__version__}", "Accept-Encoding": "gzip"},
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS
                ),
            )
            self._sessions.append(session)
            self._credentials = found
            return found

    @asynccontextmanager
    async def _response(
        self, path: str, query: Mapping[str, str] | None, accept: str, shown: Credentials
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer's head; whatever fails until its end is a `KubeError`."""
        import aiohttp

        server = self.access.server
        url = f"{server}{path}{'?' + urlencode(query) if query else ''}"
        try:
            async with self._sessions[-1].get(
                url,
                headers=[("Accept", accept), *shown.headers],  # headers of the session would be sent to a proxy as well
                allow_redirects=False,
                server_hostname=self.access.server_name or None,
                proxy=self.access.proxy or None,
            ) as response:
                yield response
        except TimeoutError:
            raise Unreachable(f"{server} did not answer in time") from None
        except aiohttp.ClientConnectorCertificateError as error:
            inner = error.certificate_error
            raise (
                tls_failure(server, inner)
                if isinstance(inner, ssl.SSLError)
                else Unreachable(f"{server}: the certificate is refused")
            ) from None
        except aiohttp.ClientProxyConnectionError as error:
            raise Unreachable(f"{server}: the proxy cannot be reached: {error.os_error.strerror}") from None
        except aiohttp.ClientConnectorDNSError as error:
            raise Unreachable(f"{server}: the name does not resolve: {error.os_error.strerror}") from None
        except aiohttp.ClientHttpProxyError as error:
            raise Unreachable(f"{server}: the proxy refuses: {error.status}") from None
        except aiohttp.ClientConnectorError as error:
            raise _connection_failure(server, error.os_error) from None
        except aiohttp.ClientOSError as error:
            raise _connection_failure(server, error) from None
        except aiohttp.ClientPayloadError:
            raise BadResponse(f"{server}: the answer is truncated or not what its encoding says") from None
        except aiohttp.ServerDisconnectedError:
            raise _Broken(f"{server} closed the connection") from None
        except (aiohttp.ClientError, ValueError):
            raise BadResponse(f"{server} does not answer as an HTTP server does") from None

    async def _body(self, response: aiohttp.ClientResponse, resource: ApiResource | None, verb: str) -> bytes:
        status = response.status
        if 300 <= status < 400:
            raise BadResponse(f"{self.access.server} redirects, which is not followed")
        text = bytearray()
        async for chunk in response.content.iter_any():
            text += chunk
            if len(text) > MAX_PAGE:
                raise BadResponse(f"an answer is larger than {MAX_PAGE // (1024 * 1024)} MiB")
        if status != 200:
            raise self._error(status, bytes(text), resource, verb)
        if response.content_type != "application/json":
            raise BadResponse(f"{self.access.server} answers with {response.content_type[:100]!r}, not JSON")
        return bytes(text)

    def _error(self, status: int, text: bytes, resource: ApiResource | None, verb: str) -> ApiError:
        try:
            message = _STATUSES.decode(text).message
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            message = ""
        for _, value in self._credentials.headers if self._credentials else ():  # a server may repeat what it was sent
            for secret in _secrets(value):
                message = message.replace(secret, "…")
        if len(message) > MAX_MESSAGE:
            message = message[:MAX_MESSAGE] + "…"
        message = message or f"{resource or 'the server'}: HTTP status {status}"
        return BY_STATUS.get(status, ApiError)(status, message, resource, verb)


class _Broken(Unreachable):
    """A connection that ended before the answer began, as a kept one may when the server closes it."""


def _busy(response: aiohttp.ClientResponse) -> float | None:
    """How many seconds an overloaded server wants to be left alone; None if it is not."""
    after = response.headers.get("Retry-After", "")
    if response.status == 429 or (response.status in (500, 503) and after):
        return min(float(after), MAX_WAIT) if after.isascii() and after.isdigit() else 1.0
    return None


def _connection_failure(server: str, error: OSError) -> KubeError:
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ssl.SSLError):
            return tls_failure(server, inner)
        inner = inner.__cause__ or inner.__context__
    if error.errno in (errno.ECONNRESET, errno.EPIPE):
        return _Broken(f"{server} closed the connection")
    return Unreachable(f"{server}: {(error.strerror or 'no connection').lower()}")
