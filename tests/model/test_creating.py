"""The server's answers to a create, one of each class; `tests/conformance` compares them with a real server's."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.conformance.answers import Answer, answer_of_haechi

CONTAINER = {"name": "c", "image": "nginx"}
NAMES = {
    "Namespace": "v1",
    "Pod": "v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "Deployment": "apps/v1",
    "DaemonSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}
NOT_MATCHING = "`selector` does not match template `labels`"


def answer(kind: str, spec: object, **metadata: object) -> Answer:
    data = {"apiVersion": NAMES[kind], "kind": kind, "metadata": {"name": "a", **metadata}, "spec": spec}
    return answer_of_haechi(json.dumps(data), is_yaml=False)


def pod(*ports: Mapping[str, object], **spec: object) -> Answer:
    return answer("Pod", {"containers": [{**CONTAINER, "ports": ports}], **spec})


def workload(kind: str, **spec: object) -> Answer:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [CONTAINER]}}
    return answer(kind, {"selector": {"matchLabels": {"app": "a"}}, "template": template, **spec})


def test_a_misspelt_port_is_an_unknown_field() -> None:
    assert pod({"containerport": 80}) == Answer(
        "strict", ('unknown field "spec.containers[0].ports[0].containerport"',)
    )


def test_fields_that_are_not_read_have_types_and_names_too() -> None:
    assert answer("Pod", {"containers": [{**CONTAINER, "env": "x"}]}).fields == ("spec.containers.env",)
    assert answer("Pod", {"volumes": [{"emptyDir": {"size": 1}}]}).texts == (
        'unknown field "spec.volumes[0].emptyDir.size"',
    )
    assert answer("Pod", {"containers": [{**CONTAINER, "resources": {"limits": {"cpu": True}}}]}).sort == "undecodable"


@pytest.mark.parametrize(
    "metadata",
    [
        {"creationTimestamp": "yesterday"},
        {"deletionTimestamp": "2024-02-30T00:00:00Z"},
        {"selfLink": 1},
        {"managedFields": {}},
        {"deletionGracePeriodSeconds": "1"},
        {"ownerReferences": [{"blockOwnerDeletion": "true"}]},
    ],
)
def test_metadata_has_types(metadata: dict[str, object]) -> None:
    assert answer("Namespace", {}, **metadata).sort == "undecodable"


def test_a_whole_float_is_no_integer_in_json_but_in_yaml() -> None:
    text = """{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
               "spec": {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 8e1}]}]}}"""
    assert answer_of_haechi(text, is_yaml=False).sort == "undecodable"
    yaml = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i, ports: [PORT]}]}\n"
    assert answer_of_haechi(yaml.replace("PORT", "{containerPort: 80.0}"), is_yaml=True).sort == "accepted"


def test_a_repeated_key_has_the_words_of_its_format() -> None:
    text = '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": {"a": 1}, "name": "a", "labels": {}}}'
    assert answer_of_haechi(text, is_yaml=False).fields == ("metadata.labels.a",)
    assert answer_of_haechi(text.replace(": 1", ': "x"'), is_yaml=False).texts == ('duplicate field "metadata.labels"',)
    yaml = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  x: {b: 1, b: 2}\n"
    assert answer_of_haechi(yaml, is_yaml=True).texts == (
        'line 5: key "b" already set in map',
        'unknown field "metadata.x"',
    )


def test_generation_counts_only_where_the_server_keeps_it() -> None:
    assert answer("NetworkPolicy", {}, generation=-1).sort == "accepted"
    assert answer("Namespace", {}, generation=-1).sort == "invalid"


def test_ports_of_a_pod() -> None:
    twice = {"containerPort": 80, "hostPort": 80, "protocol": ""}
    assert pod({"containerPort": 0, "protocol": "tcp"}, {"containerPort": 80, "hostPort": -1}, twice, twice).texts == (
        "spec.containers[0].ports[0].containerPort: Required value",
        'spec.containers[0].ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"',
        "spec.containers[0].ports[1].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive",
        'spec.containers[0].ports[3].hostPort: Duplicate value: "TCP//80"',
    )
    (error,) = pod({"containerPort": 80, "hostPort": 81}, hostNetwork=True).texts
    assert error.endswith("hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true")
    assert pod({"containerPort": 80}, hostNetwork=True) == Answer("accepted")


def test_warnings_about_ports() -> None:
    named = {"containerPort": 80, "name": "web"}
    assert pod(named, {**named, "name": "http"}, {"containerPort": 81, "hostIP": "1.2.3.4"}) == Answer(
        "accepted",
        (
            "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
            (
                "spec.containers[0].ports[2]: hostIP set without hostPort: "
                "{Name: HostPort:0 ContainerPort:81 Protocol:TCP HostIP:1.2.3.4}"
            ),
        ),
    )


def test_annotations_of_a_pod_are_checked() -> None:
    (error,) = answer("Pod", {"containers": [CONTAINER]}, annotations={"a": "x" * 262_144}).texts
    assert error == "metadata.annotations: Too long: may not be more than 262144 bytes"


def test_a_pod_needs_containers_with_names_and_images() -> None:
    assert answer("Pod", {"containers": []}).texts == ("spec.containers: Required value",)
    assert answer("Pod", {"containers": [{}]}).texts == (
        "spec.containers[0].image: Required value",
        "spec.containers[0].name: Required value",
    )


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_workload_needs_a_selector_that_matches_its_template(kind: str) -> None:
    assert workload(kind) == Answer("accepted")
    assert workload(kind, selector=None).texts == (
        "spec.selector: Required value",
        f'spec.template.metadata.labels: Invalid value: {{"app":"a"}}: {NOT_MATCHING}',
    )
    assert workload(kind, selector={}).texts == (
        f"spec.selector: Invalid value: {{}}: empty selector is invalid for {kind.lower()}",
    )


def test_labels_of_a_template_have_the_path_of_the_server_and_their_own_place() -> None:
    template = {"metadata": {"labels": {"_": "x", "app": "a"}}, "spec": {"containers": [CONTAINER]}}
    (error,) = workload("DaemonSet", template=template).texts
    assert error.startswith('spec.template.labels: Invalid value: "_"')


def test_a_job_gets_its_selector_from_the_server() -> None:
    template = {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}
    assert answer("Job", {"template": template}) == Answer("accepted")
    assert "`selector` not auto-generated" in str(
        answer("Job", {"template": template, "selector": {"matchLabels": {"a": "b"}}})
    )
    assert answer("CronJob", {"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}}).sort == "accepted"


@pytest.mark.parametrize(
    ("schedule", "wrong"),
    [
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * * * x", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("@sometimes", "unrecognized descriptor: @sometimes"),
        ("@every 5", 'failed to parse duration @every 5: time: missing unit in duration "5"'),
    ],
)
def test_a_cron_job_needs_a_schedule(schedule: str, wrong: str) -> None:
    template = {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}
    spec = {"schedule": schedule, "jobTemplate": {"spec": {"template": template}}}
    assert answer("CronJob", spec).texts == (f'spec.schedule: Invalid value: "{schedule}": {wrong}',)
