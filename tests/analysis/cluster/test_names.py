"""What a person calls a pod, a workload or a Service."""

from __future__ import annotations

import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.cluster.names import (
    AmbiguousName,
    Names,
    NameText,
    UnknownName,
    address_named,
    full_name,
    kind_named,
)
from haechi.model import ObjectMeta, Service, ServiceSpec
from haechi.sets import text_to_point
from tests.analysis.cluster.test_owners import owned
from tests.building import pod


def service(namespace: str, name: str, **selector: str) -> Service:
    return Service(metadata=ObjectMeta(namespace=namespace, name=name), spec=ServiceSpec(selector=selector))


CLUSTER = Cluster.of(
    [
        pod("x/web", "10.0.0.1", "fd00::1", marks="app=web"),
        pod("y/web", "10.0.0.2"),
        owned((("ReplicaSet", "api", True),), name="x/api-2"),
        owned((("ReplicaSet", "api", True),), name="x/api-1"),
        owned((("Job", "api", True),), name="x/api-3"),
        owned((("Job", "web", True),), name="x/batch"),
        owned((("Rollout", "canary", True),), name="y/canary-0"),
        owned((("StatefulSet", "db", True),), name="y/db-0"),
        owned((("StatefulSet", "job", True),), name="job/web-0"),
        service("x", "web", app="web"),
        service("y", "db", app="db"),
        service("x", "front", app="web"),
    ]
)
NAMES = Names.of(CLUSTER)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x/web", ["x/web"]),  # the pod, not the Job or Service of that name
        ("x/web[Pod]", ["x/web"]),
        ("x/web[Job]", ["x/batch"]),
        ("x/job/web", ["x/batch"]),
        ("job/x/web", ["x/batch"]),
        ("jobs/web", ["x/batch"]),
        ("x/Pod/web", ["x/web"]),
        ("po/x/web", ["x/web"]),
        ("x/replicaset/api", ["x/api-1", "x/api-2"]),
        ("rs/api", ["x/api-1", "x/api-2"]),
        ("replicasets.apps/api", ["x/api-1", "x/api-2"]),
        ("x/api[ReplicaSet]", ["x/api-1", "x/api-2"]),
        ("db", ["y/db-0"]),  # the StatefulSet, not the Service
        ("STS/db", ["y/db-0"]),
        ("batch", ["x/batch"]),
        ("rollout/canary", ["y/canary-0"]),
        ("y/rollout/canary", ["y/canary-0"]),
        ("front", ["x/web"]),
        ("svc/web", ["x/web"]),
        ("x/svc/web", ["x/web"]),
        ("service/db", []),
        ("job/job", ["job/web-0"]),  # in namespace job
    ],
)
def test_whom_a_text_means(text: str, names: list[str]) -> None:
    assert [str(key) for key in NAMES.pods_named(text)] == names


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("web", ("x/pod/web", "y/pod/web")),
        ("x/api", ("x/job/api", "x/rs/api")),
        ("po/web", ("x/pod/web", "y/pod/web")),
        ("job/web-0", None),
    ],
)
def test_a_text_with_several_meanings_is_an_error_that_lists_them(
    text: str, candidates: tuple[str, ...] | None
) -> None:
    if candidates is None:
        assert full_name(NAMES.find(text)) == "job/pod/web-0"
        return
    with pytest.raises(AmbiguousName) as caught:
        NAMES.find(text, "source")
    assert caught.value.candidates == candidates
    assert str(caught.value) == f"source: {text!r} is ambiguous: it is {', '.join(candidates)}"


@pytest.mark.parametrize("one", sorted({*CLUSTER.owners.values()}))
def test_every_candidate_can_be_given(one: object) -> None:
    assert NAMES.find(full_name(one)) == one  # type: ignore[arg-type]


def test_a_name_without_a_namespace_is_looked_for_in_those_that_are_given() -> None:
    assert NAMES.pods_named("web", namespaces=["y"]) == NAMES.pods_named("y/web")
    assert NAMES.pods_named("x/web", namespaces=["y"]) == NAMES.pods_named("x/web")
    with pytest.raises(UnknownName):
        NAMES.find("batch", namespaces=["y"])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x/wbe", "did you mean x/web"),
        ("y/batch", "did you mean x/pod/batch?"),
        ("deploy/db", "did you mean y/sts/db or y/svc/db?"),
        ("sts/bd", "did you mean sts/db"),
        ("bacth", "did you mean batch?"),
        ("x/pod/wbe", "did you mean x/pod/web"),
        ("", "a name is NAME, NAMESPACE/NAME, KIND/NAME or NAMESPACE/KIND/NAME"),
        ("x/a/b/c", "a name is NAME, NAMESPACE/NAME, KIND/NAME or NAMESPACE/KIND/NAME"),
        ("x/", "a name is NAME, NAMESPACE/NAME, KIND/NAME or NAMESPACE/KIND/NAME"),
        ("10.0.0.0/8", "there is: "),
    ],
)
def test_an_unknown_name_comes_with_close_ones_of_its_form(text: str, hint: str) -> None:
    with pytest.raises(UnknownName) as caught:
        NAMES.find(text, "destination")
    assert caught.value.hint.startswith(hint)
    words = f"destination: {text!r} does not match any pod, workload, Service or address; {hint}"
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("po", "Pod"),
        ("Deployments", "Deployment"),
        ("deployment.apps", "Deployment"),
        ("cj", "CronJob"),
        ("svc", "Service"),
        ("netpol", "NetworkPolicy"),
        ("rollout", None),
        ("", None),
    ],
)
def test_kinds_have_kubectls_words(word: str, kind: str | None) -> None:
    assert kind_named(word) == kind


def test_a_text_of_a_known_kind() -> None:
    assert NameText.of_kind("policy/shop/web") == NameText("NetworkPolicy", "shop", "web")
    assert NameText.of_kind("shop/deploy/web") == NameText("Deployment", "shop", "web")
    assert NameText.of_kind("sts/web") == NameText("StatefulSet", "", "web")
    assert NameText.of_kind("manifests/web") is None


@pytest.mark.parametrize("text", ["10.0.0.1", "fd00::1", "::ffff:10.0.0.1"])
def test_an_address_is_a_point(text: str) -> None:
    assert address_named(text) == text_to_point(text)


@pytest.mark.parametrize("text", ["x/web", "10.0.0.0/8", "10.0.0", "fe80::1%eth0", ""])
def test_other_texts_are_no_address(text: str) -> None:
    assert address_named(text) is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x/proxy", "x/pod/proxy is on the host network: policies see the address of its node"),
        ("done", "x/pod/done is completed: policies ignore it"),
    ],
)
def test_what_policies_do_not_treat_as_a_pod_is_told(text: str, hint: str) -> None:
    cluster = Cluster.of([pod("x/proxy", "172.16.0.1", host_network=True), pod("x/done", phase="Succeeded")])
    with pytest.raises(UnknownName) as caught:
        Names.of(cluster).find(text)
    assert caught.value.hint == hint
