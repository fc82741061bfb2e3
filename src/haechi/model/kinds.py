"""Which struct an (apiVersion, kind) stands for, and the problem to report for those that have none.

Kinds that are not ours are skipped, with a word. But a kind of ours under an apiVersion that Kubernetes has removed or
never had, or with a wrong capital, is an error: to skip a policy for that would be to drop it silently.
"""

from __future__ import annotations

from dataclasses import dataclass

from haechi.model.objects import KINDS, Object
from haechi.model.problem import Code, Severity

_BY_NAME = {kind.kind: kind for kind in KINDS}
_BY_LOWER_NAME = {name.lower(): kind for name, kind in _BY_NAME.items()}
_GROUPS = frozenset({"", "apps", "batch", "extensions", "networking.k8s.io", "policy.networking.k8s.io", "haechi"})
_EVERYWHERE = frozenset({"", "apps", "batch", "networking.k8s.io", "haechi", "gateway.networking.k8s.io"})
_ROUTING = frozenset({"Ingress", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"})
"""Kinds that change no verdict: in a version that is not read they are skipped."""
_SAME_FIELDS = {
    "policy.networking.k8s.io/v1beta1": {"ClusterNetworkPolicy"},
    "gateway.networking.k8s.io/v1beta1": {"HTTPRoute"},
    "gateway.networking.k8s.io/v1alpha2": {"GRPCRoute", "TLSRoute"},
    "gateway.networking.k8s.io/v1alpha3": {"TLSRoute"},
}
"""Further versions whose fields, as far as they are read, are the same."""
_OTHER_POLICIES = {
    "networking.k8s.aws": {"ApplicationNetworkPolicy", "ClusterNetworkPolicy"},
    "cilium.io": {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"},
    "projectcalico.org": {"NetworkPolicy", "GlobalNetworkPolicy", "StagedNetworkPolicy", "StagedGlobalNetworkPolicy"},
    "crd.projectcalico.org": {"NetworkPolicy", "GlobalNetworkPolicy"},
    "crd.antrea.io": {"NetworkPolicy", "ClusterNetworkPolicy"},
    "security.istio.io": {"AuthorizationPolicy", "PeerAuthentication"},
    "policy.linkerd.io": {"AuthorizationPolicy", "ServerAuthorization", "Server"},
    "kuma.io": {"MeshTrafficPermission"},
    "k8s.ovn.org": {"EgressFirewall", "AdminPolicyBasedExternalRoute"},
    "network.openshift.io": {"EgressNetworkPolicy"},
    "k8s.cni.cncf.io": {"MultiNetworkPolicy"},
}
"""Kinds of other projects, by API group, that allow or deny connections beside NetworkPolicies."""
_REMOVED = {
    "extensions/v1beta1": "1.16",
    "apps/v1beta1": "1.16",
    "apps/v1beta2": "1.16",
    "batch/v2alpha1": "1.21",
    "batch/v1beta1": "1.25",
}


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why an object is not decoded."""

    severity: Severity
    code: Code
    message: str
    hint: str = ""


def policy_kinds(group: str) -> frozenset[str]:
    """The kinds of an API group that clusters may lack, and that allow or deny connections; evaluated here or not."""
    evaluated = (kind.kind for kind in KINDS if kind.api_version.rpartition("/")[0] == group)
    return frozenset({*_OTHER_POLICIES.get(group, ()), *(evaluated if group not in _EVERYWHERE else ())})


def kind_of(api_version: object, kind: object) -> type[Object] | Unusable:
    """The struct for an object that says `apiVersion: api_version` and `kind: kind`, or why there is none."""
    for name, value in (("kind", kind), ("apiVersion", api_version)):
        if not isinstance(value, str) or not value:
            what = "is missing" if value is None or value == "" else "must be a string"
            return Unusable(Severity.ERROR, Code.NOT_AN_OBJECT, f"{name} {what}")
    return _lookup(str(api_version), str(kind))


def _lookup(api_version: str, kind: str) -> type[Object] | Unusable:
    known = _BY_NAME.get(kind)
    if known is not None and (known.api_version == api_version or kind in _SAME_FIELDS.get(api_version, ())):
        return known
    if is_list(kind) and (kind == "List" or kind.removesuffix("List") in _BY_NAME):
        return Unusable(Severity.ERROR, Code.NOT_AN_OBJECT, f"{kind} has no list of items")
    group = api_version.rpartition("/")[0]
    if kind in _OTHER_POLICIES.get(group, ()):
        message = f"policies of {api_version} are not evaluated; this one may change the answer"
        return Unusable(Severity.WARNING, Code.OTHER_POLICY, message)
    known = known or _BY_LOWER_NAME.get(kind.lower())
    if known is None or known.kind in _ROUTING or group not in _GROUPS:
        return Unusable(Severity.SKIPPED, Code.UNKNOWN_KIND, f"{kind} of {api_version} is not used")
    message = f'no kind "{kind}" is registered for version "{api_version}"'
    if known.kind == kind and api_version in _REMOVED:
        message = f"{kind} of {api_version} was removed in Kubernetes {_REMOVED[api_version]}"
    return Unusable(Severity.ERROR, Code.API_VERSION, message, f"use kind {known.kind} of {known.api_version}")


def item_kind(api_version: object, kind: object, item_api_version: object, item_kind: object) -> tuple[object, object]:
    """What an item of a list is: what it says itself, else what the list's kind says (`PodList` holds Pods)."""
    if isinstance(kind, str) and kind != "List" and item_kind is None and item_api_version is None:
        return api_version, kind.removesuffix("List")
    return item_api_version, item_kind


def is_list(kind: object) -> bool:
    """Whether the kind is `List` or `…List`."""
    return isinstance(kind, str) and kind.endswith("List")
