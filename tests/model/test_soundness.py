"""The objects around the policies: what makes them unsafe to use."""

from __future__ import annotations

import msgspec
import pytest

from haechi.model import errors
from haechi.model.objects import KINDS, Object

BY_NAME = {kind.kind: kind for kind in KINDS}
BAD_PORT = {"containers": [{"ports": [{"containerPort": 0}]}]}


def fields(kind: str, **parts: object) -> list[str]:
    resource: Object = msgspec.convert({"metadata": {"name": "x"}, **parts}, BY_NAME[kind])
    return [error.field for error in errors(resource)]


@pytest.mark.parametrize("kind", sorted(BY_NAME.keys() - {"ExternalHost"}))
def test_an_object_with_a_name_is_sound(kind: str) -> None:
    """Nothing else is needed."""
    assert fields(kind) == []


@pytest.mark.parametrize("kind", sorted(BY_NAME))
def test_every_object_needs_good_metadata(kind: str) -> None:
    """A name, and labels that are labels."""
    found = fields(kind, metadata={"name": "X_", "labels": {"-": "x"}})
    assert found[:2] == ["metadata.name", "metadata.labels"]


@pytest.mark.parametrize(
    ("kind", "parts", "expected"),
    [
        ("Namespace", {"metadata": {"name": "a.b"}}, ["metadata.name"]),
        ("Pod", {"metadata": {"name": "a.b", "namespace": "a.b"}}, ["metadata.namespace"]),
        (
            "Pod",
            {"status": {"podIP": "x", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "y"}]}},
            ["status.podIP", "status.podIPs[1].ip"],
        ),
        ("Pod", {"status": {"podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]}}, []),
        ("Pod", {"status": {"podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}, {"ip": "fd00::2"}]}}, ["status.podIPs"]),
        ("Pod", {"spec": BAD_PORT}, ["spec.containers[0].ports[0].containerPort"]),
        (
            "Pod",
            {"spec": {"initContainers": [{"ports": [{"containerPort": 1, "name": "A1b", "protocol": "x"}]}]}},
            ["spec.initContainers[0].ports[0].name", "spec.initContainers[0].ports[0].protocol"],
        ),
        (
            "Node",
            {"status": {"addresses": [{"type": "Hostname", "address": "x"}, {"type": "InternalIP", "address": "x"}]}},
            ["status.addresses[1].address"],
        ),
        ("Node", {"spec": {"podCIDR": "x", "podCIDRs": ["10.0.0.0/8", "y"]}}, ["spec.podCIDRs[1]", "spec.podCIDR"]),
        (
            "Service",
            {"spec": {"clusterIP": "None", "clusterIPs": ["None"], "ports": [{"port": 80, "targetPort": "web"}]}},
            [],
        ),
        (
            "Service",
            {
                "spec": {
                    "selector": {"-": ""},
                    "clusterIP": "x",
                    "externalIPs": ["1.1.1.1", "x"],
                    "ports": [{"port": 0, "targetPort": 0}],
                }
            },
            [
                "spec.selector",
                "spec.ports[0].port",
                "spec.ports[0].targetPort",
                "spec.clusterIP",
                "spec.externalIPs[1]",
            ],
        ),
        (
            "Service",
            {"spec": {"ports": [{"port": 80, "targetPort": "-", "protocol": "x"}]}},
            ["spec.ports[0].protocol", *["spec.ports[0].targetPort"] * 2],
        ),
        ("ExternalHost", {}, ["spec.addresses"]),
        ("ExternalHost", {"spec": {"addresses": ["1.1.1.1", "::1", "host"]}}, ["spec.addresses[2]"]),
        (
            "Deployment",
            {
                "spec": {
                    "replicas": -1,
                    "selector": {"matchLabels": {"-": ""}},
                    "template": {"metadata": {"labels": {"-": ""}}, "spec": BAD_PORT},
                }
            },
            [
                "spec.replicas",
                "spec.selector.matchLabels",
                "spec.template.labels",
                "spec.template.spec.containers[0].ports[0].containerPort",
            ],
        ),
        ("ReplicationController", {"spec": {"selector": {"-": ""}}}, ["spec.selector"]),
        ("Job", {"spec": {"parallelism": -1}}, ["spec.parallelism"]),
        (
            "CronJob",
            {"spec": {"jobTemplate": {"spec": {"parallelism": -1, "template": {"spec": BAD_PORT}}}}},
            [
                "spec.jobTemplate.spec.parallelism",
                "spec.jobTemplate.spec.template.spec.containers[0].ports[0].containerPort",
            ],
        ),
        (
            "DaemonSet",
            {"spec": {"selector": {"matchExpressions": [{"key": "a", "operator": "x"}]}}},
            ["spec.selector.matchExpressions[0].operator"],
        ),
        ("NetworkPolicy", {"spec": {"ingress": [{"from": [{}]}]}}, ["spec.ingress[0].from[0]"]),
    ],
)
def test_what_haechi_relies_on_is_checked(kind: str, parts: dict[str, object], expected: list[str]) -> None:
    """Each rule with the path of its field."""
    assert fields(kind, **parts) == expected
