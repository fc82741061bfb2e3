"""What leads clients to Services beside Services themselves: Ingress, and the routes of Gateways.

Projections (see `haechi.model.base`) of which Services and ports are behind them, and no more: hosts, paths, filters
and weights change no verdict.
"""

from typing import ClassVar

from haechi.model.base import Resource, Struct


class ServiceBackendPort(Struct, frozen=True, kw_only=True):
    """A port of a Service, by name or by number."""

    name: str = ""
    number: int = 0


class IngressServiceBackend(Struct, frozen=True, kw_only=True):
    """A Service in the namespace of the Ingress."""

    name: str = ""
    port: ServiceBackendPort = ServiceBackendPort()


class IngressBackend(Struct, frozen=True, kw_only=True):
    """Where requests go; without `service` it is a resource of another kind."""

    service: IngressServiceBackend | None = None


class HTTPIngressPath(Struct, frozen=True, kw_only=True):
    """The backend of a path."""

    backend: IngressBackend = IngressBackend()


class HTTPIngressRuleValue(Struct, frozen=True, kw_only=True):
    """The paths of a host."""

    paths: tuple[HTTPIngressPath, ...] = ()


class IngressRule(Struct, frozen=True, kw_only=True):
    """The rules of a host."""

    http: HTTPIngressRuleValue | None = None


class IngressSpec(Struct, frozen=True, kw_only=True):
    """The backends of an Ingress."""

    default_backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] = ()


class Ingress(Resource, frozen=True, kw_only=True):
    """networking.k8s.io/v1 Ingress."""

    kind: ClassVar[str] = "Ingress"
    api_version: ClassVar[str] = "networking.k8s.io/v1"

    spec: IngressSpec = IngressSpec()


class ParentReference(Struct, frozen=True, kw_only=True):
    """What a route is attached to; without a namespace it is in that of the route."""

    kind: str = "Gateway"
    namespace: str = ""


class BackendReference(Struct, frozen=True, kw_only=True):
    """Where requests go; without a namespace it is in that of the route."""

    kind: str = "Service"
    name: str = ""
    namespace: str = ""
    port: int | None = None


class RouteRule(Struct, frozen=True, kw_only=True):
    """The backends of some requests."""

    backend_refs: tuple[BackendReference, ...] = ()


class RouteSpec(Struct, frozen=True, kw_only=True):
    """The Gateways of a route, and its backends."""

    parent_refs: tuple[ParentReference, ...] = ()
    rules: tuple[RouteRule, ...] = ()


class HTTPRoute(Resource, frozen=True, kw_only=True):
    """gateway.networking.k8s.io/v1 HTTPRoute."""

    kind: ClassVar[str] = "HTTPRoute"
    api_version: ClassVar[str] = "gateway.networking.k8s.io/v1"

    spec: RouteSpec = RouteSpec()


class GRPCRoute(HTTPRoute, frozen=True, kw_only=True):
    """gateway.networking.k8s.io/v1 GRPCRoute."""

    kind: ClassVar[str] = "GRPCRoute"


class TLSRoute(HTTPRoute, frozen=True, kw_only=True):
    """gateway.networking.k8s.io/v1 TLSRoute."""

    kind: ClassVar[str] = "TLSRoute"


class TCPRoute(HTTPRoute, frozen=True, kw_only=True):
    """gateway.networking.k8s.io/v1alpha2 TCPRoute."""

    kind: ClassVar[str] = "TCPRoute"
    api_version: ClassVar[str] = "gateway.networking.k8s.io/v1alpha2"


class UDPRoute(TCPRoute, frozen=True, kw_only=True):
    """gateway.networking.k8s.io/v1alpha2 UDPRoute."""

    kind: ClassVar[str] = "UDPRoute"


Route = HTTPRoute | GRPCRoute | TLSRoute | TCPRoute | UDPRoute
