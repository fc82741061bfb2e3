"""Kubernetes' API server, read only: kubeconfig, credentials, verified TLS, paged lists.

`access_to` finds out how a cluster is reached, as kubectl does; `load` reads what questions need of it. Nothing but GET
is ever sent, nothing without verified TLS, and credentials only to the server that the kubeconfig names. No error
shows a secret. aiohttp is imported when the first request is made.
"""

from haechi.kube.access import Access, access_to
from haechi.kube.client import Client
from haechi.kube.errors import (
    ApiError,
    BadResponse,
    CertificateRefused,
    CredentialsError,
    Forbidden,
    Gone,
    KubeconfigError,
    KubeError,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from haechi.kube.kubeconfig import Kubeconfig
from haechi.kube.loading import load
from haechi.kube.resources import ALL_KINDS, NODE_KINDS, ApiResource

__all__ = [
    "ALL_KINDS",
    "NODE_KINDS",
    "Access",
    "ApiError",
    "ApiResource",
    "BadResponse",
    "CertificateRefused",
    "Client",
    "CredentialsError",
    "Forbidden",
    "Gone",
    "KubeError",
    "Kubeconfig",
    "KubeconfigError",
    "NotFound",
    "TooManyRequests",
    "Unauthorized",
    "Unreachable",
    "access_to",
    "load",
]
