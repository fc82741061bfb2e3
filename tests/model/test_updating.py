"""The server's answers to an update; `tests/conformance` compares them with a real server's."""

from __future__ import annotations

import json

import pytest

from tests.conformance.answers import Answer, answer_of_haechi_to_update
from tests.model.test_creating import CONTAINER, NAMES


def answer(kind: str, old: object, new: object, **metadata: object) -> Answer:
    head = {"apiVersion": NAMES[kind], "kind": kind}
    stored = {**head, "metadata": {"name": "a", "uid": "u", "resourceVersion": "7"}, "spec": old}
    sent = {**head, "metadata": {"name": "a", **metadata}, "spec": new}
    return answer_of_haechi_to_update(json.dumps(stored), json.dumps(sent), is_yaml=False)


def ipblock(*cidrs: str) -> object:
    return {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]}]}


def workload(app: str, image: str = "nginx", **spec: object) -> object:
    template = {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{**CONTAINER, "image": image}]}}
    return {"selector": {"matchLabels": {"app": app}}, "template": template, **spec}


def test_a_policy_may_keep_an_odd_cidr_and_is_warned_of_it() -> None:
    """Wherever it was; a new one is an error."""
    assert answer("NetworkPolicy", ipblock("10.0.0.5/8"), ipblock("10.1.0.0/16", "10.0.0.5/8")) == Answer(
        "accepted",
        (
            (
                'spec.ingress[0].from[1].ipBlock.cidr: CIDR value "10.0.0.5/8" is ambiguous in this context '
                '(should be "10.0.0.0/8" or "10.0.0.5/32"?)'
            ),
        ),
    )
    assert answer("NetworkPolicy", ipblock("10.0.0.5/8"), ipblock("10.0.0.6/8")).sort == "invalid"
    assert answer("NetworkPolicy", ipblock("x"), ipblock("x")).sort == "accepted"


@pytest.mark.parametrize("metadata", [{"resourceVersion": "6"}, {"uid": "v"}])
def test_an_update_of_another_state_or_object_is_a_conflict(metadata: dict[str, object]) -> None:
    assert answer("Deployment", workload("a"), workload("a"), **metadata).sort == "conflict"
    assert answer("Deployment", workload("a"), workload("a"), resourceVersion="7", uid="u").sort == "accepted"


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet"])
def test_the_selector_of_a_workload_is_immutable(kind: str) -> None:
    assert answer(kind, workload("a"), workload("a", "nginx:2")).sort == "accepted"
    assert answer(kind, workload("a"), workload("b")).texts == (
        'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
    )


def test_of_a_pod_only_images_change() -> None:
    old = {"containers": [CONTAINER]}
    assert answer("Pod", old, {"containers": [{**CONTAINER, "image": "httpd"}]}).sort == "accepted"
    (error,) = answer("Pod", old, {"containers": [CONTAINER], "hostNetwork": True}).texts
    assert error.startswith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`")
    assert answer("Pod", old, {"containers": [CONTAINER, {**CONTAINER, "name": "d"}]}).texts == (
        "spec.containers: Forbidden: pod updates may not add or remove containers",
    )


def test_a_job_keeps_the_selector_that_the_server_gave_it() -> None:
    spec = workload("a")
    assert isinstance(spec, dict)
    spec["template"]["spec"]["restartPolicy"] = "Never"
    del spec["selector"]
    assert answer("Job", spec, spec).sort == "accepted"
    assert answer("Job", spec, {**spec, "completions": 3}).texts == (
        "spec.completions: Invalid value: 3: field is immutable",
    )


def job(uid: str, image: str = "nginx", *, labels: dict[str, str] | None = None, **spec: object) -> object:
    """As a server has stored it."""
    made = {"controller-uid": uid, "batch.kubernetes.io/controller-uid": uid, "job-name": "a"}
    return {
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
        "manualSelector": False,
        "parallelism": 1,
        "completions": 1,
        "template": {
            "metadata": {"labels": {"batch.kubernetes.io/job-name": "a", **made, **(labels or {})}},
            "spec": {"containers": [{**CONTAINER, "image": image}], "restartPolicy": "Never"},
        },
        **spec,
    }


def test_a_job_may_be_sent_as_the_server_returned_it() -> None:
    """With the selector and the labels that were made for it."""
    assert answer("Job", job("u"), job("u", parallelism=3)).sort == "accepted"
    assert "spec.selector: " in answer("Job", job("u"), job("v")).texts[0]


def test_the_template_of_a_job_is_immutable_unless_it_is_suspended() -> None:
    immutable = ("spec.template: Invalid value: field is immutable",)
    assert answer("Job", job("u"), job("u", "httpd")).texts == immutable
    assert answer("Job", job("u"), job("u", labels={"a": "b"})).texts == immutable
    assert answer("Job", job("u", suspend=True), job("u", labels={"a": "b"})).sort == "accepted"
    assert answer("Job", job("u", suspend=True), job("u", "httpd")).texts == (
        "spec.template.spec: Invalid value: field is immutable",
    )
