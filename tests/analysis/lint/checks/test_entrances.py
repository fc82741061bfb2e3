"""What leads clients in, and policies that deny them."""

from __future__ import annotations

import pytest

from tests.analysis.lint.linting import found

PODS = """
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}},
  spec: {containers: [{ports: [{name: http, containerPort: 8080}]}]}, status: {podIPs: [{ip: 10.0.0.1}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}}
---
"""
CONTROLLER = """
{apiVersion: v1, kind: Pod, metadata: {name: c, namespace: edge, labels: {app.kubernetes.io/name: ingress-nginx}}}
---
"""
INTERNAL = """
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop},
  spec: {selector: {app: web}, ports: [{name: web, port: 80, targetPort: http}, {name: other, port: 81}]}}
---
"""
EXTERNAL = INTERNAL.replace("spec: {", "spec: {type: %s, ")
INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
  - host: shop.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {%s}}}}]}
---
"""
ROUTE = """
apiVersion: gateway.networking.k8s.io/%s
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: edge, namespace: %s}]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
"""
OWN, EDGE = "{podSelector: {}}", "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: edge}}}"


def allow(*peers: str, ports: str = "{port: 8080}") -> str:
    """A policy that lets only these in."""
    rules = f"[{{from: [{', '.join(peers)}], ports: [{ports}]}}]" if peers else "[]"
    head = "apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: shop}"
    return f"{{{head}, spec: {{podSelector: {{matchLabels: {{app: web}}}}, ingress: {rules}}}}}"


def findings(text: str) -> list[str]:
    return [f"{one.path}: {one.message}" for one in found(text, "exposed-but-denied")]


@pytest.mark.parametrize("kind", ["LoadBalancer", "NodePort"])
@pytest.mark.parametrize(
    ("policy", "denied"),
    [
        (allow(), ["8080", "81"]),
        (allow(OWN, EDGE), ["8080", "81"]),
        (allow("{ipBlock: {cidr: 192.0.2.0/24}}"), ["81"]),
        (allow("{ipBlock: {cidr: 192.0.2.0/24}}", ports="{port: http}, {port: 81}"), []),
        ("", []),
    ],
)
def test_a_service_with_an_address_outside_needs_one_to_be_allowed(kind: str, policy: str, denied: list[str]) -> None:
    words = f"shop/p allows addresses outside (type {kind}) no connection to TCP %s of shop/web[Pod]"
    places = {"8080": "spec.ports[0]", "81": "spec.ports[1]"}
    assert findings(PODS + EXTERNAL % kind + policy) == [f"{places[port]}: {words % port}" for port in denied]
    assert findings(PODS + INTERNAL + policy) == []


@pytest.mark.parametrize("port", ["number: 80", "name: web"])
@pytest.mark.parametrize(
    ("policy", "count"),
    [
        (allow(), 1),
        (allow(OWN), 1),  # controllers have a namespace of their own
        (allow("{podSelector: {matchLabels: {app: db}}}"), 1),
        (allow("{podSelector: {matchLabels: {app: nginx}}}"), 0),  # it may be the controller
        (allow(EDGE), 0),
        (allow(OWN, EDGE), 0),
        (allow(EDGE, ports="{port: 81}"), 1),
        (allow("{ipBlock: {cidr: 10.0.0.0/8}}"), 0),
        ("", 0),
    ],
)
def test_an_ingress_needs_its_controller_to_be_allowed(port: str, policy: str, count: int) -> None:
    path = "spec.rules[0].http.paths[0].backend"
    words = f"{path}: shop/p allows ingress controllers no connection to TCP 8080 of shop/web[Pod]"
    assert findings(PODS + INTERNAL + INGRESS % port + policy) == [words] * count


@pytest.mark.parametrize(("peer", "count"), [(EDGE, 0), ("{namespaceSelector: {matchLabels: {team: ops}}}", 1)])
def test_a_controller_that_the_input_shows_must_be_among_those_allowed(peer: str, count: int) -> None:
    assert len(findings(PODS + CONTROLLER + INTERNAL + INGRESS % "number: 80" + allow(peer))) == count


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
@pytest.mark.parametrize(
    ("gateway", "policy", "count"),
    [
        ("edge", allow(), 1),
        ("edge", allow(OWN), 1),
        ("shop", allow(OWN), 0),  # its proxies may be there
        ("shop", allow(), 1),
        ("edge", allow(EDGE), 0),
    ],
)
def test_a_route_needs_the_proxies_of_its_gateway_to_be_allowed(
    version: str, gateway: str, policy: str, count: int
) -> None:
    words = (
        "spec.rules[0].backendRefs[0]: shop/p allows proxies of its Gateway no connection to TCP 8080 of shop/web[Pod]"
    )
    assert findings(PODS + INTERNAL + ROUTE % (version, gateway) + policy) == [words] * count


def test_what_leads_nowhere_is_not_reported() -> None:
    odd = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: odd, namespace: shop}, spec: {%s}}\n---\n"
    specs = ("", "defaultBackend: {resource: {kind: Bucket, name: b}}", "rules: [{host: a}]")
    for spec in (*specs, "defaultBackend: {service: {name: none, port: {number: 1}}}"):
        assert findings(PODS + INTERNAL + odd % spec + allow()) == []
    mesh = (ROUTE % ("v1", "x")).replace("{name: edge, namespace: x}", "{kind: Service, name: web}")
    assert findings(PODS + INTERNAL + mesh + allow()) == []
    headless = INTERNAL.replace("selector:", "clusterIP: None, selector:")
    assert findings(PODS + headless + INGRESS % "number: 80" + allow()) == []


def test_findings_have_the_place_of_the_backend() -> None:
    (one,) = found(PODS + INTERNAL + INGRESS % "number: 80" + allow(), "exposed-but-denied")
    assert one.location is not None
    assert one.location.line == 18
    assert one.subject == "Ingress/shop/web"


TIER = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: guard}
spec: {tier: %s, priority: 1, subject: {namespaces: {}}, ingress: [{action: %s, from: [{namespaces: {}}]}]}
---
"""


@pytest.mark.parametrize("controller", ["", CONTROLLER])
def test_what_a_tier_accepts_is_not_denied(controller: str) -> None:
    text = PODS + controller + INTERNAL + INGRESS % "number: 80"
    assert findings(text + TIER % ("Admin", "Pass") + allow(OWN)) != []
    assert findings(text + TIER % ("Baseline", "Accept") + allow(OWN)) != []
    assert findings(text + TIER % ("Admin", "Accept") + allow(OWN)) == []


def test_the_rule_of_a_tier_that_denies_proxies_is_named() -> None:
    text = PODS + CONTROLLER + INTERNAL + INGRESS % "number: 80"
    message = (
        "spec.rules[0].http.paths[0].backend: spec.ingress[0] of ClusterNetworkPolicy/guard allows ingress controllers "
        "no connection to TCP 8080 of shop/web[Pod]"
    )
    assert findings(text + TIER % ("Admin", "Deny") + allow(OWN, EDGE)) == [message]
    assert findings(text + TIER % ("Baseline", "Deny")) == [message]


# -- backend-port-unknown --------------------------------------------------------------------------------------------


def unknown(text: str) -> list[str]:
    return [f"{one.path}: {one.message}" for one in found(PODS + text, "backend-port-unknown")]


@pytest.mark.parametrize("port", ["number: 8080", "name: http", "number: 0", "number: 80", "name: other"])
def test_a_backend_has_a_port_of_the_service(port: str) -> None:
    reported = unknown(INTERNAL + INGRESS % port)
    wrong = {"number: 8080": "8080", "name: http": "http"}.get(port)
    message = f"Service shop/web has no port TCP {wrong}: it has TCP 80 (web) and TCP 81 (other)"
    assert reported == ([f"spec.rules[0].http.paths[0].backend: {message}"] if wrong else [])


def test_backends_of_routes_have_ports_of_their_protocol() -> None:
    route = ROUTE % ("v1", "shop")
    assert unknown(INTERNAL + route) == []
    assert unknown(INTERNAL + route.replace("port: 80", "port: 8080")) != []
    assert unknown(INTERNAL.replace("port: 80,", "port: 80, protocol: UDP,") + route) != []


def test_services_that_may_have_any_port_are_not_judged() -> None:
    ingress = INGRESS % "number: 8080"
    assert unknown(ingress) == []
    assert unknown(EXTERNAL % "ExternalName" + ingress) == []
    assert unknown(EXTERNAL % "NodePort" + ingress) != []
