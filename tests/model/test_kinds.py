"""Which kinds are decoded, skipped or wrong."""

from __future__ import annotations

import pytest

from haechi.model import Code, NetworkPolicy, Severity
from haechi.model.kinds import Unusable, item_kind, kind_of
from haechi.model.objects import KINDS, Object


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known_under_its_own_version(kind: type[Object]) -> None:
    """And only under it."""
    assert kind_of(kind.api_version, kind.kind) is kind
    assert isinstance(kind_of("other.example.com/v1", kind.kind), Unusable)


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("v1", "ConfigMap"),
        ("example.org/v3", "NetworkPolicy"),
        ("serving.knative.dev/v1", "Service"),
        ("x/v1", "X"),
    ],
)
def test_what_is_not_ours_is_skipped(api_version: str, kind: str) -> None:
    """Also where another group uses one of our names."""
    why = kind_of(api_version, kind)
    assert isinstance(why, Unusable)
    assert (why.severity, why.code) == (Severity.SKIPPED, Code.UNKNOWN_KIND)


@pytest.mark.parametrize(
    ("api_version", "kind", "words"),
    [
        ("extensions/v1beta1", "NetworkPolicy", "removed in Kubernetes 1.16"),
        ("apps/v1beta2", "Deployment", "removed in Kubernetes 1.16"),
        ("batch/v1beta1", "CronJob", "removed in Kubernetes 1.25"),
        ("v1", "NetworkPolicy", 'no kind "NetworkPolicy" is registered for version "v1"'),
        ("networking.k8s.io/v1", "networkpolicy", 'no kind "networkpolicy" is registered'),
        ("networking.k8s.io/v1", "Pod", 'no kind "Pod" is registered'),
        ("policy.networking.k8s.io/v1alpha2", "AdminNetworkPolicy", 'no kind "AdminNetworkPolicy" is registered'),
        ("policy.networking.k8s.io/v1alpha1", "ClusterNetworkPolicy", 'no kind "ClusterNetworkPolicy" is registered'),
        ("policy.networking.k8s.io/v1alpha2", "clusternetworkpolicy", 'no kind "clusternetworkpolicy" is registered'),
        ("v1", "ClusterNetworkPolicy", 'no kind "ClusterNetworkPolicy" is registered'),
    ],
)
def test_a_kind_of_ours_under_a_wrong_name_is_an_error(api_version: str, kind: str, words: str) -> None:
    """To skip it would be to drop a policy silently; the hint says what to write."""
    why = kind_of(api_version, kind)
    assert isinstance(why, Unusable)
    assert (why.severity, why.code) == (Severity.ERROR, Code.API_VERSION)
    assert words in why.message
    assert why.hint.startswith("use kind ")


@pytest.mark.parametrize(
    ("api_version", "kind", "message"),
    [
        (None, "Pod", "apiVersion is missing"),
        ("v1", None, "kind is missing"),
        ("v1", "", "kind is missing"),
        (1, "Pod", "apiVersion must be a string"),
    ],
)
def test_an_object_must_say_what_it_is(api_version: object, kind: object, message: str) -> None:
    """Both names, as text."""
    why = kind_of(api_version, kind)
    assert isinstance(why, Unusable)
    assert (why.code, why.message) == (Code.NOT_AN_OBJECT, message)


def test_a_list_of_ours_without_items_is_an_error() -> None:
    """While another kind may well be called AllowList."""
    for kind in ("List", "NetworkPolicyList"):
        why = kind_of("v1", kind)
        assert isinstance(why, Unusable)
        assert why.severity is Severity.ERROR
    why = kind_of("x.example.com/v1", "AllowList")
    assert isinstance(why, Unusable)
    assert why.severity is Severity.SKIPPED


def test_items_of_a_typed_list_need_not_say_what_they_are() -> None:
    """The API's own lists leave it out; a plain List cannot know."""
    inferred = item_kind("networking.k8s.io/v1", "NetworkPolicyList", None, None)
    assert kind_of(*inferred) is NetworkPolicy
    assert item_kind("v1", "List", None, None) == (None, None)
    assert item_kind("v1", "PodList", "v1", "Service") == ("v1", "Service")


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("networking.k8s.aws/v1alpha1", "ClusterNetworkPolicy"),
        ("crd.antrea.io/v1beta1", "ClusterNetworkPolicy"),
        ("cilium.io/v2", "CiliumNetworkPolicy"),
        ("projectcalico.org/v3", "NetworkPolicy"),
        ("crd.projectcalico.org/v1", "GlobalNetworkPolicy"),
        ("security.istio.io/v1", "AuthorizationPolicy"),
        ("k8s.ovn.org/v1", "EgressFirewall"),
        ("k8s.cni.cncf.io/v1beta1", "MultiNetworkPolicy"),
    ],
)
def test_policies_of_other_kinds_are_warnings_of_their_own(api_version: str, kind: str) -> None:
    why = kind_of(api_version, kind)
    assert isinstance(why, Unusable)
    assert (why.severity, why.code) == (Severity.WARNING, Code.OTHER_POLICY)
