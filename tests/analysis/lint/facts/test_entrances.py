"""Each way into a cluster, with the Service behind it."""

from __future__ import annotations

from haechi.analysis.lint.facts.entrances import Entrance, all_entrances
from haechi.model import HTTPRoute, Ingress, Object, ObjectMeta, Service, UDPRoute, path_text
from haechi.model.core import ServicePort, ServiceSpec
from haechi.model.routing import (
    BackendReference,
    IngressBackend,
    IngressServiceBackend,
    IngressSpec,
    ParentReference,
    RouteRule,
    RouteSpec,
    ServiceBackendPort,
)

META = ObjectMeta(name="a", namespace="x")


def found(one: Object) -> list[Entrance]:
    return list(all_entrances((one,)))


def test_each_port_of_a_service_with_an_address_outside() -> None:
    ports = (ServicePort(name="web", port=80), ServicePort(port=53, protocol="UDP"))
    one = Service(metadata=META, spec=ServiceSpec(type="NodePort", ports=ports))
    assert [(path_text(each.path), each.port, each.protocol) for each in found(one)] == [
        ("spec.ports[0]", "web", "TCP"),
        ("spec.ports[1]", 53, "UDP"),
    ]
    assert all(each.is_direct and each.service == ("x", "a") for each in found(one))
    assert found(Service(metadata=META, spec=ServiceSpec(ports=ports))) == []


def test_the_default_backend_of_an_ingress() -> None:
    backend = IngressBackend(service=IngressServiceBackend(name="web", port=ServiceBackendPort(number=80)))
    (one,) = found(Ingress(metadata=META, spec=IngressSpec(default_backend=backend)))
    assert (path_text(one.path), one.service, one.port) == ("spec.defaultBackend", ("x", "web"), 80)
    assert found(Ingress(metadata=META, spec=IngressSpec(default_backend=IngressBackend()))) == []


def test_backends_of_a_route_and_where_its_gateway_is() -> None:
    rules = (
        RouteRule(backend_refs=(BackendReference(name="web", namespace="y", port=80), BackendReference(name="b"))),
    )
    spec = RouteSpec(parent_refs=(ParentReference(namespace="y"),), rules=rules)
    (one,) = found(HTTPRoute(metadata=META, spec=spec))
    assert (one.service, one.port, one.protocol, one.is_local) == (("y", "web"), 80, "TCP", True)
    assert [each.protocol for each in found(UDPRoute(metadata=META, spec=spec))] == ["UDP"]
    assert found(HTTPRoute(metadata=META, spec=RouteSpec(rules=rules))) == []
