"""Checks of what leads clients from outside to pods: policies that deny them, and ports that do not exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

from pyroaring import BitMap

from haechi.analysis.cluster import ports_text
from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import Entrance, Review, ServiceTarget, all_entrances
from haechi.analysis.lint.wording import name_list, rule_name
from haechi.engine import ANY_POD, OrderedRule, Peers, PolicySet, TierSet, deciding_rule
from haechi.model import Action, Direction, Packet, PolicyKey, Service, Severity, Tier, TierRuleRef
from haechi.select import EVERYTHING
from haechi.sets import PROTOCOL_NUMBERS, PortSet

_GATEWAY = "gateway.networking.k8s.io/gateway-name"
_PROXIES = frozenset(
    {"ingress-nginx", "nginx-ingress", "traefik", "haproxy-ingress", "kubernetes-ingress", "contour", "envoy", "kong"}
)
"""Values of `app.kubernetes.io/name` of common ingress controllers."""
_ANY = IPv4Address(0)
_Target = tuple[int, ServiceTarget]


@check(
    "exposed-but-denied",
    Severity.WARNING,
    "A Service, an Ingress or a route of a Gateway lets clients in, but the policies of the pods deny them.",
)
def exposed_but_denied(review: Review) -> Iterator[Diagnostic]:
    """Entrances to pods of which some allow nobody who may come that way."""
    found = list(all_entrances(review.objects))
    targets = _targets(review) if found else {}
    services = {(one.namespace, one.name): one for one in review.cluster.services} if found else {}
    proxies = _proxies(review) if found else BitMap()
    for one in found:
        service = services.get(one.service)
        if service is not None:
            port = _number(service, one)
            behind = [each for each in targets.get(one.service, ()) if each[1][2:4] == port]
            denied = [each for each in behind if _is_denied(review, one, each, proxies)]
            if denied:
                yield _diagnostic(review, one, denied, proxies)


def _diagnostic(review: Review, one: Entrance, denied: list[_Target], proxies: BitMap) -> Diagnostic:
    owners = name_list(str(owner) for owner, _ in review.inventory.workloads_of(BitMap(pod for pod, _ in denied)))
    ports = PortSet.union_all([PortSet.port(target.protocol, target.target_port) for _, target in denied])
    policies: set[PolicyKey] = set()
    rules: set[TierRuleRef] = set()
    for pod, target in denied:
        by = set() if one.is_direct else set(_denying(review, pod, target, proxies))
        rules |= by
        if not by and (found := _policy_set(review, pod)) is not None:
            policies.update(found.policies)
    listed = [*map(str, sorted(policies)), *map(rule_name, sorted(rules))]
    names = f"{name_list(listed)} {'allows' if len(listed) == 1 else 'allow'}"
    return Diagnostic(
        one.object,
        one.path,
        f"{names} {one.clients} no connection to {ports_text(ports)} of {owners}",
        "allow the clients by ipBlock" if one.is_direct else "allow the proxies by namespaceSelector and podSelector",
    )


def _targets(review: Review) -> Mapping[tuple[str, str], list[_Target]]:
    """By Service, the pods behind it with each of its ports."""
    found: dict[tuple[str, str], list[_Target]] = {}
    for number in review.pods(ANY_POD):
        for target in sorted(review.servers.at(number).targets):
            found.setdefault((target.namespace, target.service), []).append((number, target))
    return found


def _number(service: Service, one: Entrance) -> tuple[int, int] | None:
    """Protocol and number of the port of a Service that has its own address, as `ServiceTarget` has them."""
    if service.spec.cluster_ip != "None":
        for each in service.spec.ports:
            if one.port in (each.port, each.name) and one.protocol == each.protocol in PROTOCOL_NUMBERS:
                return PROTOCOL_NUMBERS[each.protocol], each.port
    return None


def _is_denied(review: Review, one: Entrance, target: _Target, proxies: BitMap) -> bool:
    """Whether the pod's policies allow nobody who may come that way."""
    pod, port = target
    policies = _policy_set(review, pod)
    if review.engine.tier_policies and not one.is_direct:
        decided = [_decision(review, pod, port, proxy) for proxy in proxies]
        if None not in decided and decided:
            return all(rule is not None and rule.action is Action.DENY for rule in decided)
        if any(rule is not None and rule.action is Action.ACCEPT for rule in decided):
            return False
        if not proxies and _may_accept(review, pod, port):
            return False
        proxies = BitMap([n for n, rule in zip(proxies, decided, strict=True) if rule is None])
    if policies is None:
        return False
    peers = Peers.union(list(policies.at(port.protocol, port.target_port)))
    if peers.anywhere or peers.blocks:
        return False
    if one.is_direct:
        return True
    if proxies:
        return not any(review.pods(selection) & proxies for selection in peers.selections)
    home = review.engine.numbered(pod).key.namespace
    return all(
        selection.namespaces == home and (selection.pods == EVERYTHING or review.pods(selection)) and not one.is_local
        for selection in peers.selections
    )


def _decision(review: Review, pod: int, port: ServiceTarget, client: int) -> OrderedRule | None:
    """The rule of a tier that accepts or denies what a pod gets from another one."""
    engine = review.engine
    own, peer = engine.numbered(pod), engine.numbered(client)
    packet = Packet(_ANY, _ANY, port.protocol, port.target_port)  # ingress rules of tiers match no addresses
    tiers = (Tier.ADMIN, Tier.BASELINE) if _policy_set(review, pod) is None else (Tier.ADMIN,)
    found = (deciding_rule(engine, own, tier, Direction.INGRESS, 0, peer, packet) for tier in tiers)
    return next((rule for rule in found if rule is not None and rule.action is not Action.PASS), None)


def _may_accept(review: Review, pod: int, port: ServiceTarget) -> bool:
    """Whether a tier accepts some pods."""
    stages = review.engine.stages(review.engine.numbered(pod))[1]
    tiers = [one for one in stages if isinstance(one, TierSet)]
    return any(entry.action is Action.ACCEPT for one in tiers for entry in one.at(port.protocol, port.target_port))


def _denying(review: Review, pod: int, target: ServiceTarget, proxies: BitMap) -> Iterator[TierRuleRef]:
    """The rules of tiers that deny a pod what comes from proxies."""
    found = (_decision(review, pod, target, proxy) for proxy in (proxies if review.engine.tier_policies else ()))
    return (rule.ref for rule in found if rule is not None and rule.action is Action.DENY)


def _policy_set(review: Review, pod: int) -> PolicySet | None:
    """The ingress of a pod."""
    return review.engine.policy_sets(review.engine.numbered(pod))[1]


def _proxies(review: Review) -> BitMap:
    """The pods that are ingress controllers or proxies of a Gateway, as far as their labels show it."""
    labelled = ((number, review.engine.numbered(number).labels) for number in review.pods(ANY_POD))
    return BitMap(
        [n for n, labels in labelled if _GATEWAY in labels or labels.get("app.kubernetes.io/name") in _PROXIES]
    )


@check(
    "backend-port-unknown",
    Severity.WARNING,
    "An Ingress or a route of a Gateway leads to a port that its Service does not have.",
)
def backend_port_unknown(review: Review) -> Iterator[Diagnostic]:
    """Backends with a port, by number or name, that is not among those of the Service."""
    services = {(one.namespace, one.name): one for one in review.cluster.services}
    for one in all_entrances(review.objects):
        service = services.get(one.service)
        if service is None or service.spec.type == "ExternalName" or not service.spec.ports or not one.port:
            continue
        if not any(one.port in (each.port, each.name) and one.protocol == each.protocol for each in service.spec.ports):
            known = name_list(
                f"{each.protocol} {each.port}{f' ({each.name})' * bool(each.name)}" for each in service.spec.ports
            )
            yield Diagnostic(
                one.object,
                one.path,
                f"Service {'/'.join(one.service)} has no port {one.protocol} {one.port}: it has {known}",
                "use a port of the Service, not one of its pods",
            )


CHECKS: tuple[Check, ...] = (exposed_but_denied, backend_port_unknown)
