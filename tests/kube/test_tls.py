"""TLS is always verified, and what is wrong with a certificate is said in plain words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from haechi.kube import Access, CertificateRefused, Client, CredentialsError, KubeconfigError, Unreachable
from haechi.kube.credentials import Credentials
from haechi.kube.kubeconfig import UserEntry
from haechi.kube.tls import tls_context
from tests.kube.server import ApiServer, serving

NOW = datetime.now(UTC)
ENCRYPTED = """\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBAAAAAAAAAAAAAAAAAAAAAAAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQ
AAAAAAAAAAAAAAAAAAAAAARA
-----END ENCRYPTED PRIVATE KEY-----
"""


def get(access: Access) -> bytes:
    async def work() -> bytes:
        async with Client(access) as client:
            return await client.get("/api/v1/pods")

    return asyncio.run(work())


def access(api: ApiServer, user: UserEntry | None = None, **fields: object) -> Access:
    found = Access("dev", api.url, authority=api.authority.cert_pem.bytes(), user=user or UserEntry(token="t"))
    return replace(found, **fields)  # type: ignore[arg-type]


@contextmanager
def running(*names: str, begins: datetime | None = None, ends: datetime | None = None) -> Iterator[ApiServer]:
    server = ApiServer(trustme.CA())
    with serving(server, server.authority.issue_cert(*names, not_before=begins, not_after=ends)):
        yield server


def test_a_verified_server_is_asked() -> None:
    with running("localhost") as server:
        assert b"PodList" in get(access(server))


def test_an_address_in_the_certificate_is_a_name() -> None:
    with running("127.0.0.1") as server:
        assert b"PodList" in get(access(server, server=f"https://127.0.0.1:{server.port}"))


@pytest.mark.parametrize(
    ("names", "options", "fields", "words"),
    [
        (
            ["localhost"],
            {},
            {"authority": trustme.CA().cert_pem.bytes()},
            "authority that is not trusted.*certificate-authority",
        ),
        (["localhost"], {}, {"authority": None}, "authority that is not trusted"),
        (["other"], {}, {}, "for another name.*tls-server-name"),
        (["localhost"], {}, {"server_name": "other"}, "for another name"),
        (
            ["localhost"],
            {"ends": NOW - timedelta(days=1), "begins": NOW - timedelta(days=2)},
            {},
            "has expired",
        ),
        (["localhost"], {"begins": NOW + timedelta(days=1)}, {}, "not valid yet.*clock"),
    ],
)
def test_a_server_that_is_not_proved_is_not_asked(
    names: list[str], options: dict[str, datetime], fields: dict[str, object], words: str
) -> None:
    with running(*names, **options) as server:
        with pytest.raises(CertificateRefused, match=words):
            get(replace(access(server), **fields))  # type: ignore[arg-type]
        assert server.requests == []


def test_the_name_of_the_kubeconfig_is_looked_for_in_the_certificate() -> None:
    with running("api.internal") as server:
        assert b"PodList" in get(access(server, server_name="api.internal"))


def test_a_server_without_tls_is_unreachable() -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as plain:
        thread = Thread(target=plain.handle_request)
        thread.start()
        with pytest.raises(Unreachable, match="TLS"):
            get(Access("dev", f"https://127.0.0.1:{plain.server_port}", user=UserEntry(token="t")))
        thread.join()


def test_a_client_certificate_is_shown_from_files_and_from_data(tmp_path: Path) -> None:
    from base64 import b64encode

    clients = trustme.CA()
    leaf = clients.issue_cert("jo@example.com")
    certificate, key = leaf.cert_chain_pems[0].bytes(), leaf.private_key_pem.bytes()
    (tmp_path / "c").write_bytes(certificate)
    (tmp_path / "k").write_bytes(key)
    server = ApiServer(trustme.CA())
    with serving(server, server.authority.issue_cert("localhost"), client_authority=clients):
        files = UserEntry(client_certificate=str(tmp_path / "c"), client_key=str(tmp_path / "k"))
        data = UserEntry(
            client_certificate_data=b64encode(certificate).decode(), client_key_data=b64encode(key).decode()
        )
        for user in (files, data):
            assert b"PodList" in get(access(server, user))
        with pytest.raises(Unreachable):
            get(access(server))
        other = trustme.CA().issue_cert("jo@example.com")
        (tmp_path / "c").write_bytes(other.cert_chain_pems[0].bytes())
        (tmp_path / "k").write_bytes(other.private_key_pem.bytes())
        with pytest.raises(Unreachable, match="refuses the client certificate"):  # an alert, or a broken connection
            get(access(server, files))


@pytest.mark.parametrize(
    "authority", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff"]
)
def test_an_authority_without_a_certificate_is_an_error_not_the_systems(authority: bytes) -> None:
    with pytest.raises(KubeconfigError, match="holds no certificate"):
        tls_context(authority, None)


def test_a_certificate_of_another_key_or_with_a_password_is_an_error() -> None:
    authority = trustme.CA()
    one, other = authority.issue_cert("a"), authority.issue_cert("b")
    pairs = [
        (one.cert_chain_pems[0].bytes(), other.private_key_pem.bytes()),
        (b"", b""),
        (one.cert_chain_pems[0].bytes(), ENCRYPTED.encode()),
    ]
    for pair in pairs:
        with pytest.raises(CredentialsError, match="client-key"):
            tls_context(None, pair)


def test_verification_is_on_whatever_is_given() -> None:
    import ssl

    found = tls_context(None, None)
    assert (found.verify_mode, found.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert Credentials(()).certificate is None
