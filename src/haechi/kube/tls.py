"""TLS as the client speaks it: always verified, and failures in plain words."""

from __future__ import annotations

import os
import ssl
from contextlib import ExitStack

from haechi.kube.errors import CertificateRefused, CredentialsError, KubeconfigError, KubeError, Unreachable

_UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21})
_NOT_YET, _EXPIRED = 9, 10
_OTHER_NAME = frozenset({62, 64})  # OpenSSL's X509_V_ERR numbers


def tls_context(authority: bytes | None, certificate: tuple[bytes, bytes] | None) -> ssl.SSLContext:
    """What verifies the server, and shows the client's certificate.

    Args:
        authority: PEM certificates that are trusted, instead of the system's.
        certificate: the client's certificate and key, PEM.

    Raises:
        KubeconfigError: the authority holds no certificate.
        CredentialsError: certificate and key are unusable, or the key has a password.
    """
    text = None if authority is None else authority.decode("latin-1")
    try:
        if text is not None and "-----BEGIN CERTIFICATE-----" not in text:
            raise ValueError  # Python would trust the system's authorities instead
        context = ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        raise KubeconfigError("certificate-authority holds no certificate (PEM)") from None
    # Python 3.13 sets it; authorities of many clusters lack the key identifiers that it demands.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if certificate is not None:
        _show(context, certificate)
    return context


def _show(context: ssl.SSLContext, certificate: tuple[bytes, bytes]) -> None:
    """Load certificate and key, which OpenSSL reads from files only: from memory, never from a disk."""
    with ExitStack() as opened:
        paths = []
        for data in certificate:
            descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
            opened.callback(os.close, descriptor)
            with os.fdopen(descriptor, "wb", closefd=False) as file:
                file.write(data)
            paths.append(f"/proc/self/fd/{descriptor}")
        try:
            context.load_cert_chain(paths[0], paths[1], password=_no_password)
        except (ssl.SSLError, OSError):
            raise CredentialsError("client-certificate and client-key are no PEM certificate and its key") from None


def _no_password() -> str:
    raise CredentialsError("client-key has a password, which kubectl cannot use either")


def tls_failure(server: str, error: ssl.SSLError) -> KubeError:
    """A failed handshake in words."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        reason = error.reason or "TLS failed"
        if "CERTIFICATE_REQUIRED" in reason or "BAD_CERTIFICATE" in reason or "UNKNOWN_CA" in reason:
            return CertificateRefused(f"{server} refuses the client certificate, or wants one", "renew the credentials")
        if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
            return Unreachable(f"{server} does not speak TLS")
        return Unreachable(f"{server}: TLS failed: {reason.lower().replace('_', ' ')}")
    if error.verify_code in _UNKNOWN_AUTHORITY:
        return CertificateRefused(
            f"{server}: the certificate is signed by an authority that is not trusted",
            "set certificate-authority in the kubeconfig to the CA of the cluster",
        )
    if error.verify_code == _EXPIRED:
        return CertificateRefused(f"{server}: the certificate has expired", "renew it, or check the clock here")
    if error.verify_code == _NOT_YET:
        return CertificateRefused(f"{server}: the certificate is not valid yet", "check the clock here")
    if error.verify_code in _OTHER_NAME:
        return CertificateRefused(
            f"{server}: the certificate is for another name", "use a name that it has, or set tls-server-name"
        )
    return CertificateRefused(f"{server}: the certificate is refused: {error.verify_message}")
