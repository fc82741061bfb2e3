"""What can go wrong on the way to an API server. No error holds a secret."""

from __future__ import annotations

from haechi.errors import HaechiError
from haechi.kube.resources import ApiResource


class KubeError(HaechiError):
    """A cluster that cannot be read.

    Attributes:
        message: what is wrong.
        hint: what to do about it, or empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(message, hint)

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class KubeconfigError(KubeError):
    """A kubeconfig that is missing, cannot be read, or asks for what is refused."""


class CredentialsError(KubeError):
    """Credentials that cannot be had: a file is missing, or an exec plugin failed."""


class Unreachable(KubeError):
    """No answer: the name does not resolve, nothing listens, the connection broke or timed out."""


class CertificateRefused(Unreachable):
    """The server's certificate does not prove that it is the server, or the server refused the client's."""


class BadResponse(KubeError):
    """An answer that no API server gives: no JSON, truncated, too large, a redirect, pages without end."""


class ApiError(KubeError):
    """An error of the API server.

    Attributes:
        status: the HTTP status code.
        resource: what was asked for, if it was a resource.
        verb: `list` or `get`.
    """

    def __init__(self, status: int, message: str, resource: ApiResource | None = None, verb: str = "list") -> None:
        self.status = status
        self.resource = resource
        self.verb = verb
        super().__init__(message)
        self.hint = self._remedy()

    def _remedy(self) -> str:
        return ""


class Unauthorized(ApiError):
    """401: the server does not accept the credentials."""

    def _remedy(self) -> str:
        return "the server does not accept the credentials: log in anew, or choose another context"


class Forbidden(ApiError):
    """403: the credentials are good, but do not permit this."""

    @property
    def rule(self) -> str:
        """The rule that a Role or ClusterRole lacks, as YAML; empty if no resource was asked for."""
        if self.resource is None:
            return ""
        group = self.resource.group or '""'
        return f"- {{apiGroups: [{group}], resources: [{self.resource.plural}], verbs: [{self.verb}]}}"

    def _remedy(self) -> str:
        return f"the missing RBAC rule: {self.rule}" if self.rule else ""


class NotFound(ApiError):
    """404: there is no such object, or the server has no such resource."""


class Gone(ApiError):
    """410: the list that was being read page by page is no longer available."""


class TooManyRequests(ApiError):
    """429: the server is overloaded, and stayed so."""


BY_STATUS = {401: Unauthorized, 403: Forbidden, 404: NotFound, 410: Gone, 429: TooManyRequests}
"""The classes of errors with a status of their own."""
