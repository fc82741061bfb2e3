"""Random objects that are nearly right: a good one of a kind, and a few mutations.

Mutations of fields that Haechi does not read break their types or names only: it does not judge their values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from haechi.model.definitions import ReleaseChannel

Json = Any
Path = tuple[str | int, ...]

UNREAD = frozenset({
    "resources", "env", "args", "securityContext", "tolerations", "strategy", "managedFields", "terminationMessagePath",
    "terminationGracePeriodSeconds", "volumes", "livenessProbe", "minReadySeconds", "backoffLimit",
    "concurrencyPolicy", "updateStrategy", "deletionGracePeriodSeconds", "selfLink", "apiVersion", "kind",
    "readinessProbe", "affinity", "suspend", "completionMode", "podReplacementPolicy", "dnsPolicy", "schedulerName",
    "terminationMessagePolicy",
})  # fmt: skip
"""Fields of the objects below that are not read, and those that say what an object is."""

NAMES = (
    "a", "web", "a-b", "x.y", "", "A", "a_b", "é", "é" * 30, "a" * 53, "a" * 64, "a" * 254, "-a", "a-", "--", "a-.",
    "80", "http", "a b", 'a"b', "a\\b", "a/b", "a/b/c", "/a", "a/", "Example.com/a", "example.com/a", "<x>&", "\u2028",
    "a..b", "a\nb", "default", "kubernetes.io/metadata.name", "app", "\U0001f600",
)  # fmt: skip
CIDRS = (
    "10.0.0.0/8", "10.0.0.5/8", "010.0.0.0/8", "10.0.0.0/08", "10.0.0.0", "::/0", "fe80::1/64", "FE80::/64",
    "::ffff:10.0.0.0/104", "10.0.0.0/33", "", " 10.0.0.0/8", "10.0.0.0/16", "0.0.0.0/0", "2001:db8::/32", "10.1.0.0/16",
)  # fmt: skip
DOMAINS = (
    "example.com", "*.example.com", "*.*.com", "com", "example.com.", "a_b.example.com", "a[b.c", "[.com", "^.com",
    "_.example", "-a.com", "a-.com", "a..com", "", "*.", "EXAMPLE.com", "n1.example.com", "é.com", "a.com\n",
)  # fmt: skip
NUMBERS = (0, 1, -1, 80, 443, 8080, 65535, 65536, 2**31 - 1, 2**31, -(2**31), 2**63)
TIMES = (
    "2024-01-02T03:04:05Z", "yesterday", "", "2024-02-30T00:00:00Z", "2024-01-02T24:00:00Z", "2024-01-02T3:04:05Z",
    "2024-01-02T03:04:05,5+01:00", "2024-01-02T03:04:05+24:00", "2024-01-02T03:04:05+25:00", "2024-01-02t03:04:05z",
    "2024-1-02T03:04:05Z", "2024-01-02 03:04:05Z", "2024-01-02T03:04:60Z", "0000-02-29T00:00:00Z",
)  # fmt: skip
SCHEDULES = (
    "* * * * *", "*/5 0 1,15 * 1-5", "@daily", "@never", "@every 1h30m", "@every x", "* * * *", "60 * * * *",
    "5-1 * * * *",
    "*/0 * * * *", "1/2/3 * * * *", "1-2-3 * * * *", "x * * * *", "-1 * * * *", "* * 0 * *", "* * * jan-MAR sun",
    "* * * * 7", "TZ=UTC * * * * *", "", ",,1 * * * *", "+1 * * * *", "99999999999999999999 * * * *", "@every 5",
    "@every 0",
)  # fmt: skip
WORDS = {
    "protocol": ("TCP", "UDP", "SCTP", "", "tcp", "ICMP", "<a&b>"),
    "operator": ("In", "NotIn", "Exists", "DoesNotExist", "", "in", "Gt", "<&>"),
    "policyTypes": ("Ingress", "Egress", "ingress", "", "<&>"),
    "restartPolicy": ("Always", "OnFailure", "Never", "", "always", "<&>"),
    "cidr": CIDRS,
    "except": CIDRS,
    "imagePullPolicy": ("Always", "Never", "IfNotPresent", "", "always", "<&>"),
    "hostIP": ("", "127.0.0.1", "::1", "x"),
    "creationTimestamp": TIMES,
    "deletionTimestamp": TIMES,
    "schedule": SCHEDULES,
    "finalizers": ("orphan", "foregroundDeletion", "kubernetes", "x", "a/b", "A/b", "", "a b", "a/b/c"),
    "apiVersion": ("v1", "apps/v1", "", "/", "v1/", "/v1", "a/b/c"),
    "kind": ("Event", "ReplicaSet", ""),
    "uid": ("u", "", "v"),
    "image": ("nginx", "", " nginx", "nginx:1 ", "\u00a0x"),
    "generateName": NAMES,
    "networks": (
        *CIDRS,
        "10.0.0.0/016",
        "10.0.0.0/+8",
        "fe80::1%eth0/64",
        "10.0.0.0/",
        "/8",
        "1::2::3/8",
        "1.2.3/8",
        "::1.2.3.4/96",
        "0:0:0:0:0:0:0:0/0",
        "1:2:3:4:5:6:7::/64",
        "::ffff:0:0/95",
        "a" * 44,
        "\u0661.0.0.0/8",
        "10.0.0.0/16 ",
        "10.0.0.0/8\n",
    ),
    "domainNames": DOMAINS,
    "tier": ("Admin", "Baseline", "", "admin", "<&>"),
    "action": ("Accept", "Allow", "Deny", "Pass", "", "accept"),
    "destinationNamedPort": NAMES,
    "namedPort": NAMES,
}
UNKNOWN = ("foo", 'a"b', "containerport", "Ports", "matchlabels", "a\nb", "é", "a.b", "status", "x y", "", "replicas",
           "serviceName")  # fmt: skip


class Pairs(list[tuple[str, Json]]):
    """A mapping that repeats keys."""


@dataclass(frozen=True)
class Kind:
    """A kind, where it is created, how a good object of it is made, and whose definition of it counts."""

    name: str
    api_version: str
    plural: str
    make: Callable[[Random], Json]
    channel: ReleaseChannel = ReleaseChannel.EXPERIMENTAL
    release: str = ""

    def __str__(self) -> str:
        """What messages call it."""
        return f"{self.name} of {self.api_version}, {self.channel}" if self.is_custom else self.name

    @property
    def path(self) -> str:
        """Where objects of the kind are created, in the namespace `default`."""
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        is_global = self.name == "Namespace" or self.is_custom
        return f"{root}/{self.plural}" if is_global else f"{root}/namespaces/default/{self.plural}"

    @property
    def is_custom(self) -> bool:
        """Whether it is defined by a CustomResourceDefinition."""
        return self.api_version.startswith("policy.networking.k8s.io/")


def _labels(random: Random) -> Json:
    return {random.choice(("app", "tier", "a/b", "example.com/x")): random.choice(("web", "db", "", "a.b_c"))
            for _ in range(random.randint(0, 2))}  # fmt: skip


def _selector(random: Random) -> Json:
    found: Json = {}
    if random.random() < 0.6:
        found["matchLabels"] = _labels(random)
    if random.random() < 0.4:
        operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist"))
        values = {"values": ["web", "db"][: random.randint(1, 2)]} if operator.endswith("In") else {}
        found["matchExpressions"] = [{"key": "app", "operator": operator, **values}]
    return found


def _owner(random: Random) -> Json:
    owner: Json = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": random.choice("uv")}
    if random.random() < 0.5:
        owner["controller"] = random.random() < 0.5
    if random.random() < 0.3:
        owner["blockOwnerDeletion"] = random.random() < 0.5
    return owner


def _metadata(random: Random) -> Json:
    metadata: Json = {"name": random.choice(("a", "web-1", "x.y"))}
    if random.random() < 0.15:
        del metadata["name"]
        metadata["generateName"] = random.choice(("web-", "a"))
    if random.random() < 0.6:
        metadata["labels"] = _labels(random)
    if random.random() < 0.3:
        metadata["annotations"] = {"example.com/Note": "x" * random.choice((0, 3, 3, 262_200)), "a": "b"}
    if random.random() < 0.2:
        metadata["ownerReferences"] = [_owner(random) for _ in range(random.randint(1, 3))]
    if random.random() < 0.2:
        metadata["finalizers"] = random.sample(("a/b", "orphan", "foregroundDeletion", "x"), random.randint(1, 3))
    if random.random() < 0.1:
        metadata |= {"generation": random.choice((0, 3, -1)), "creationTimestamp": "2024-01-02T03:04:05Z"}
    if random.random() < 0.1:
        metadata |= {"selfLink": "/a", "managedFields": [{"manager": "m", "operation": "Update", "apiVersion": "v1"}]}
    return metadata


def _rule(random: Random, peers: str) -> Json:
    rule: Json = {}
    if random.random() < 0.7:
        rule["ports"] = [_policy_port(random) for _ in range(random.randint(0, 2))]
    if random.random() < 0.8:
        rule[peers] = [_peer(random) for _ in range(random.randint(0, 2))]
    return rule


def _policy_port(random: Random) -> Json:
    port: Json = {}
    if random.random() < 0.8:
        port["port"] = random.choice((80, 443, "http", "dns"))
    if random.random() < 0.5:
        port["protocol"] = random.choice(("TCP", "UDP", "SCTP"))
    if isinstance(port.get("port"), int) and random.random() < 0.3:
        port["endPort"] = 8080
    return port


def _peer(random: Random) -> Json:
    if random.random() < 0.4:
        block: Json = {"cidr": random.choice(CIDRS if random.random() < 0.3 else ("10.0.0.0/8", "::/0"))}
        if random.random() < 0.5:
            block["except"] = [random.choice(CIDRS if random.random() < 0.5 else ("10.1.0.0/16",))]
        return {"ipBlock": block}
    peer = {name: _selector(random) for name in ("podSelector", "namespaceSelector") if random.random() < 0.6}
    return peer or {"podSelector": {}}


def _policy(random: Random) -> Json:
    spec: Json = {"podSelector": _selector(random)}
    if random.random() < 0.5:
        spec["policyTypes"] = random.sample(("Ingress", "Egress"), random.randint(1, 2))
    if random.random() < 0.8:
        spec["ingress"] = [_rule(random, "from") for _ in range(random.randint(0, 2))]
    if random.random() < 0.5:
        spec["egress"] = [_rule(random, "to") for _ in range(random.randint(0, 2))]
    return {"metadata": _metadata(random), "spec": spec}


def _namespace(random: Random) -> Json:
    return {"metadata": _metadata(random)}


def _container(random: Random, index: int) -> Json:
    container: Json = {"name": f"c{index}", "image": "nginx"}
    if random.random() < 0.2:
        container["imagePullPolicy"] = "Always"
    if random.random() < 0.8:
        container["ports"] = [_container_port(random) for _ in range(random.randint(0, 3))]
    if random.random() < 0.2:
        container |= {"resources": {"limits": {"cpu": "1"}}, "env": [{"name": "A", "value": "b"}], "args": ["x"]}
    if random.random() < 0.2:
        container["securityContext"] = {"runAsUser": 1000, "capabilities": {"add": ["NET_ADMIN"]}}
    return container


def _container_port(random: Random) -> Json:
    port: Json = {"containerPort": random.choice((80, 80, 81, 443))}
    if random.random() < 0.4:
        port["name"] = random.choice(("http", "web", "dns"))
    if random.random() < 0.4:
        port["protocol"] = random.choice(("TCP", "UDP"))
    if random.random() < 0.2:
        port["hostPort"] = random.choice((80, 81))
    if random.random() < 0.1:
        port["hostIP"] = "127.0.0.1"
    return port


def _pod_spec(random: Random) -> Json:
    spec: Json = {"containers": [_container(random, index) for index in range(random.randint(1, 2))]}
    if random.random() < 0.2:
        spec["initContainers"] = [_container(random, index) for index in range(2, 2 + random.randint(1, 2))]
        if random.random() < 0.5:
            spec["initContainers"][0]["restartPolicy"] = "Always"
    if random.random() < 0.2:
        spec["hostNetwork"] = random.random() < 0.7
    if random.random() < 0.2:
        spec["nodeName"] = "node-1"
    if random.random() < 0.2:
        spec |= {"terminationGracePeriodSeconds": 5, "tolerations": [{"key": "a", "operator": "Exists"}]}
    return spec


def _pod(random: Random) -> Json:
    return {"metadata": _metadata(random), "spec": _pod_spec(random)}


def _workload(random: Random) -> Json:
    labels = {"app": "web", **_labels(random)}
    template: Json = {"metadata": {"labels": labels}, "spec": _pod_spec(random)}
    if random.random() < 0.2:
        template["metadata"]["annotations"] = {"a": "b"}
    selector: Json = {"matchLabels": dict(list(labels.items())[:1])}
    if random.random() < 0.3:
        selector["matchExpressions"] = [{"key": "app", "operator": "Exists"}]
    return {"metadata": _metadata(random), "spec": {"selector": selector, "template": template}}


def _replicated(random: Random) -> Json:
    workload = _workload(random)
    if random.random() < 0.5:
        workload["spec"]["replicas"] = random.choice((0, 1, 3))
    if random.random() < 0.2:
        workload["spec"]["minReadySeconds"] = 3
    return workload


def _stateful_set(random: Random) -> Json:
    workload = _replicated(random)
    if random.random() < 0.5:
        workload["spec"]["serviceName"] = "web"
    return workload


def _job_spec(random: Random) -> Json:
    spec = _workload(random)["spec"]
    del spec["selector"]
    spec["template"]["spec"]["restartPolicy"] = random.choice(("Never", "OnFailure"))
    if random.random() < 0.3:
        spec |= {"parallelism": 2, "completions": 3}
    if random.random() < 0.2:
        spec["backoffLimit"] = 3
    return spec


def _job(random: Random) -> Json:
    spec = _job_spec(random)
    if random.random() < 0.2:
        spec |= {"manualSelector": random.random() < 0.7, "selector": {"matchLabels": {"app": "web"}}}
    if random.random() < 0.1:
        spec["template"]["metadata"]["labels"]["job-name"] = "a"
    if random.random() < 0.2:
        spec["suspend"] = True
    return {"metadata": _metadata(random), "spec": spec}


def _cron_job(random: Random) -> Json:
    template = {"spec": _job_spec(random)}
    spec: Json = {"schedule": random.choice(SCHEDULES if random.random() < 0.3 else SCHEDULES[:3])}
    if random.random() < 0.2:
        spec["concurrencyPolicy"] = "Forbid"
    return {"metadata": _metadata(random), "spec": {**spec, "jobTemplate": template}}


def _pods_of(random: Random) -> Json:
    return {name: _selector(random) for name in ("podSelector", "namespaceSelector")}


def _tier_peer(random: Random, fields: tuple[str, ...]) -> Json:
    match random.choice(fields):
        case "networks":
            count = random.randint(1, 3) if random.random() < 0.95 else 26
            found = [f"10.{number}.0.0/16" for number in range(count)]
            return {"networks": [*found, *random.choices(CIDRS, k=random.choice((0, 0, 1)))]}
        case "domainNames":
            count = random.randint(1, 2) if random.random() < 0.95 else 26
            found = [f"n{number}.example.com" for number in range(count)]
            return {"domainNames": [*found, *random.choices(DOMAINS, k=random.choice((0, 0, 1)))]}
        case "pods":
            return {"pods": _pods_of(random)}
        case field:
            return {field: _selector(random)}


def _range(random: Random, **more: Json) -> Json:
    start = random.choice((1, 80, 443))
    return {"start": start, "end": start + random.choice((0, 1, 1, 1, 1000, -1)), **more}


def _protocol_entry(random: Random) -> Json:
    if random.random() < 0.2:
        return {"destinationNamedPort": random.choice(("web", "dns", ""))}
    port = {"number": random.choice((80, 443))} if random.random() < 0.5 else {"range": _range(random)}
    return {random.choice(("tcp", "udp", "sctp")): {"destinationPort": port}}


def _port_entry(random: Random) -> Json:
    protocol = {"protocol": random.choice(("TCP", "UDP", "x"))} if random.random() < 0.5 else {}
    found = {"namedPort": "web"}, {"portNumber": {"port": 80, **protocol}}, {"portRange": _range(random, **protocol)}
    return random.choice(found)


def _tier_rule(random: Random, name: str, fields: tuple[str, ...], is_newest: bool) -> Json:
    peers = random.randint(1, 3) if random.random() < 0.97 else random.choice((26, 101))
    actions = ("Accept", "Deny", "Pass") if is_newest else ("Allow", "Deny", "Pass")
    rule = {"action": random.choice(actions), name: [_tier_peer(random, fields) for _ in range(peers)]}
    if random.random() < 0.3:
        rule["name"] = "r" * random.choice((1, 100, 101))
    if random.random() < 0.6:
        ports = random.randint(1, 2) if random.random() < 0.97 else random.choice((26, 101))
        entry = _protocol_entry if is_newest else _port_entry
        rule["protocols" if is_newest else "ports"] = [entry(random) for _ in range(ports)]
    return rule


def _tier_policy(random: Random, *, is_newest: bool, fields: tuple[str, ...]) -> Json:
    most = random.choice((1, 2, 2, 3)) if random.random() < 0.98 else random.choice((26, 101))
    subject = {"namespaces": _selector(random)} if random.random() < 0.5 else {"pods": _pods_of(random)}
    if is_newest and "pods" in subject and random.random() < 0.5:
        del subject["pods"]["namespaceSelector"]
    spec: Json = {"priority": random.choice((0, 10, 1000)), "subject": subject}
    for direction, name in (("ingress", "from"), ("egress", "to")):
        known = fields if direction == "egress" else ("namespaces", "pods")
        if random.random() < 0.7:
            count = random.randint(0, most)
            spec[direction] = [_tier_rule(random, name, known, is_newest) for _ in range(count)]
    found = {"metadata": _metadata(random), "spec": spec}
    if random.random() < 0.1:
        found["status"] = {"conditions": [{"type": "a", "status": "x", "reason": "", "message": "m"}]}
    return found


def _cluster_network_policy(random: Random) -> Json:
    fields = ("namespaces", "pods", "networks", "nodes", "domainNames")
    policy = _tier_policy(random, is_newest=True, fields=fields)
    policy["spec"]["tier"] = random.choice(("Admin", "Baseline"))
    return policy


def _admin_network_policy(random: Random) -> Json:
    return _tier_policy(random, is_newest=False, fields=("namespaces", "pods", "networks", "nodes", "domainNames"))


def _baseline_admin_network_policy(random: Random) -> Json:
    policy = _tier_policy(random, is_newest=False, fields=("namespaces", "pods", "networks", "nodes"))
    del policy["spec"]["priority"]
    if random.random() < 0.9:
        policy["metadata"]["name"] = "default"
    return policy


CUSTOM = (
    Kind("ClusterNetworkPolicy", "policy.networking.k8s.io/v1alpha2", "clusternetworkpolicies",
         _cluster_network_policy, release="v0.2.0"),
    Kind("AdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1", "adminnetworkpolicies", _admin_network_policy,
         release="v0.1.7"),
    Kind("BaselineAdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1", "baselineadminnetworkpolicies",
         _baseline_admin_network_policy, release="v0.1.7"),
)  # fmt: skip
"""Kinds whose definitions a server must be given first."""

FURTHER = (
    *(replace(kind, channel=ReleaseChannel.STANDARD) for kind in CUSTOM),
    replace(CUSTOM[0], api_version="policy.networking.k8s.io/v1beta1", release="v0.3.0"),
    replace(CUSTOM[0], api_version="policy.networking.k8s.io/v1beta1", release="v0.3.0",
            channel=ReleaseChannel.STANDARD),
)  # fmt: skip
"""The same in the other channel, and in a later version."""

KINDS = (
    Kind("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies", _policy),
    Kind("Namespace", "v1", "namespaces", _namespace),
    Kind("Pod", "v1", "pods", _pod),
    Kind("Deployment", "apps/v1", "deployments", _replicated),
    Kind("StatefulSet", "apps/v1", "statefulsets", _stateful_set),
    Kind("DaemonSet", "apps/v1", "daemonsets", _workload),
    Kind("ReplicaSet", "apps/v1", "replicasets", _replicated),
    Kind("Job", "batch/v1", "jobs", _job),
    Kind("CronJob", "batch/v1", "cronjobs", _cron_job),
    *CUSTOM,
)


@dataclass(frozen=True)
class Case:
    """An object as it is sent: JSON, or YAML whose scalars are JSON's."""

    kind: Kind
    data: Json
    is_yaml: bool

    @property
    def text(self) -> str:
        """The document."""
        return _yaml_text(self.data, 0).lstrip("\n") if self.is_yaml else _json_text(self.data)


def case(kind: Kind, seed: int) -> Case:
    """The object of a seed."""
    random = Random(f"{kind.name}/{seed}")
    data = {"apiVersion": kind.api_version, "kind": kind.name, **kind.make(random)}
    mutations = random.choices((_odd_value, _wrong_type, _new_field, _repeat_key), (55, 15, 20, 10))[0]
    for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        data = (mutations if random.random() < 0.6 else _odd_value)(random, data)
    return Case(kind, _without_empty_labels(data), random.random() < 0.2)


def update_case(kind: Kind, seed: int) -> tuple[Case, Case]:
    """A good object, and what it is to be replaced by, which has its name."""
    random = Random(f"update/{kind.name}/{seed}")
    name = "default" if kind.name == "BaselineAdminNetworkPolicy" else f"u{seed}"
    old = {"apiVersion": kind.api_version, "kind": kind.name, **kind.make(random)}
    old["metadata"] = {"name": name, "labels": old["metadata"].get("labels", {"a": "b"})}
    new = deepcopy(old)
    if random.random() < 0.2:
        new["metadata"] |= random.choice(({"resourceVersion": "1"}, {"uid": "u"}, {"deletionTimestamp": TIMES[0]},
                                          {"generation": -1}, {"creationTimestamp": TIMES[0]}))  # fmt: skip
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        new = random.choice((_odd_value, _odd_value, _odd_value, _new_field))(random, new)
    if isinstance(new.get("metadata"), dict):
        for field, value in (("deletionTimestamp", TIMES[0]), ("resourceVersion", "1")):
            if new["metadata"].get(field) is not None:
                new["metadata"][field] = value  # the server writes times anew, and fails on odd versions with 500
        new["metadata"]["name"] = name
        new["metadata"].pop("namespace", None)
        new["metadata"].pop("ownerReferences", None)
    else:
        new["metadata"] = {"name": name}
    return Case(kind, _without_empty_labels(old), False), Case(kind, _without_empty_labels(new), random.random() < 0.2)


def job_update(stored: Json, seed: int, is_yaml: bool) -> Case:
    """What a stored Job is to be replaced by: as the server returned it, apart from mutations of its spec and labels.

    A Job must be sent with all that the server added to it, its selector above all.
    """
    random = Random(f"job/{seed}")
    (kind,) = (one for one in KINDS if one.name == "Job")
    meta = {name: stored["metadata"][name] for name in ("name", "namespace", "resourceVersion", "uid")}
    data = {"metadata": {"labels": stored["metadata"].get("labels", {})}, "spec": stored["spec"]}
    for _ in range(random.choice((0, 1, 1, 2))):
        data = random.choice((_odd_value, _odd_value, _odd_value, _new_field))(random, data)
    spec = data.get("spec") or stored["spec"]
    data["spec"] = {**spec, "selector": spec.get("selector") or stored["spec"]["selector"]}
    changed_meta = data.get("metadata")
    labels = changed_meta.get("labels") if isinstance(changed_meta, dict) else None
    meta |= {"labels": labels} if labels else {}
    return Case(kind, {"apiVersion": kind.api_version, "kind": kind.name, **data, "metadata": meta}, is_yaml)


def kept_case(kind: Kind, seed: int) -> tuple[Case, Case]:
    """An object of a custom kind that may be wrong, and what it is to be replaced by, which has its name."""
    random = Random(f"kept/{kind.name}/{seed}")
    meta = {"name": f"k{seed}"}
    old = {"apiVersion": kind.api_version, "kind": kind.name, **kind.make(random), "metadata": meta}
    for _ in range(random.choice((1, 1, 2, 3))):
        old = {**_odd_value(random, old), "metadata": meta}
    new = old
    for _ in range(random.choice((0, 1, 1, 2))):
        new = {**_odd_value(random, new), "metadata": meta}
    return Case(kind, old, False), Case(kind, deepcopy(new), random.random() < 0.2)


def _without_empty_labels(data: Json) -> Json:
    """The server's words tell labels that are absent from `{}`; Haechi's objects do not."""
    if isinstance(data, Pairs):
        return Pairs([(key, _without_empty_labels(value)) for key, value in data])
    if isinstance(data, dict):
        items = ((key, _without_empty_labels(value)) for key, value in data.items())
        return {key: value for key, value in items if (key, value) != ("labels", {})}
    return [_without_empty_labels(item) for item in data] if isinstance(data, list) else data


def places(data: Json, path: Path = ()) -> Iterator[Path]:
    """Every field and item, from the outside to the inside."""
    if path:
        yield path
    is_mapping = isinstance(data, dict | Pairs)
    items = dict(data).items() if is_mapping else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def at(data: Json, path: Path) -> Json:
    """The value at a place; of a repeated key the last."""
    for step in path:
        data = dict(data)[str(step)] if isinstance(data, Pairs) else data[step]
    return data


def changed(data: Json, path: Path, change: Callable[[Json, str | int], None]) -> Json:
    """A copy in which `change` was applied to what holds the last step of the path, and that step."""
    copy = deepcopy(data)
    holder = at(copy, path[:-1])
    if not isinstance(holder, Pairs):
        change(holder, path[-1])
    return copy


def _is_read(path: Path) -> bool:
    return not any(step in UNREAD for step in path if path[:2] != ("metadata", "ownerReferences"))


def _odd_value(random: Random, data: Json) -> Json:
    """Another value of the same type, or none at all."""
    found = [one for one in places(data) if _is_read(one)]
    if not found:
        return data
    path = random.choice(found)
    value = at(data, path)
    roll = random.random()
    if roll < 0.15:
        return changed(data, path, lambda holder, step: holder.pop(step))
    if roll < 0.2:
        return _set(data, path, None)
    if isinstance(value, list) and value and roll < 0.6:
        return _set(data, path, [*value, deepcopy(random.choice(value))])
    if isinstance(value, dict) and path[-1] in ("labels", "matchLabels", "annotations"):
        return _set(data, path, {**value, random.choice(NAMES): random.choice(NAMES)})
    return _set(data, path, _odd(random, path, value))


def _odd(random: Random, path: Path, value: Json) -> Json:
    names = [step for step in path if isinstance(step, str)]
    name = names[-1] if names else ""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        words = WORDS.get(name, NAMES)
        if name == "port":
            return random.choice((*words, *NUMBERS))
        return random.choice(words)
    if isinstance(value, int):
        return random.choice((*NUMBERS, 80.0, *(("http", "80", "a--b") if name == "port" else ())))
    return type(value)() if isinstance(value, dict | list) else value


def _wrong_type(random: Random, data: Json) -> Json:
    path = random.choice([one for one in places(data) if one[0] not in ("apiVersion", "kind")] or [("metadata",)])
    if path[0] not in data:
        return data
    value = at(data, path)
    wrong: tuple[Json, ...] = ([1], {"a": 1}, "x", True, 5, 1.5)
    right = (dict, list) if isinstance(value, Pairs) else (type(value),)
    choices = [one for one in wrong if not isinstance(one, right) or isinstance(value, bool) != isinstance(one, bool)]
    return _set(data, path, random.choice(choices))


def _new_field(random: Random, data: Json) -> Json:
    holders = [(), *(path for path in places(data) if type(at(data, path)) is dict and path[-1] != "limits")]
    path = random.choice(holders)
    value: Json = random.choice((1, "x", {"a": {"b": 1}}, [], None, Pairs([("a", 1), ("a", 2)])))
    return changed(data, (*path, random.choice(UNKNOWN)), lambda holder, step: holder.__setitem__(step, value))


def misread(random: Random, data: Json) -> Json:
    """The data with a wrong type, a further field or a repeated key somewhere."""
    return dict(random.choice((_wrong_type, _new_field, _repeat_key))(random, {"it": data}))["it"]


def _repeat_key(random: Random, data: Json) -> Json:
    holders = [path for path in places(data) if type(at(data, path)) is dict and at(data, path)]
    if not holders:
        return data
    path = random.choice(holders)
    held = at(data, path)
    key = random.choice(list(held))
    again = random.choice((deepcopy(held[key]), "x", None, 5))
    pairs = [(key, again), *held.items()] if random.random() < 0.5 else [*held.items(), (key, again)]
    return _set(data, path, Pairs(pairs))


def _set(data: Json, path: Path, value: Json) -> Json:
    return changed(data, path, lambda holder, step: holder.__setitem__(step, value))


def _json_text(data: Json) -> str:
    if isinstance(data, Pairs | dict):
        items = data if isinstance(data, Pairs) else data.items()
        return "{" + ",".join(f"{_json_text(key)}:{_json_text(value)}" for key, value in items) + "}"
    if isinstance(data, list):
        return "[" + ",".join(map(_json_text, data)) + "]"
    return json.dumps(data, ensure_ascii=not isinstance(data, str) or max(data, default="") <= "\uffff")


def _yaml_text(data: Json, indent: int) -> str:
    start = "\n" + " " * indent
    if isinstance(data, Pairs | dict) and data:
        items = data if isinstance(data, Pairs) else data.items()
        return "".join(f"{start}{_json_text(key)}: {_yaml_text(value, indent + 1)}" for key, value in items)
    if isinstance(data, list) and data:
        return "".join(f"{start}- {_yaml_text(value, indent + 1)}" for value in data)
    return _json_text(data)
