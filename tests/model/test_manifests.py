"""Loading: what becomes an object, what becomes a problem, and that neither hides another."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.model import (
    Code,
    Deployment,
    ExternalHost,
    Manifests,
    Namespace,
    NetworkPolicy,
    Node,
    Pod,
    Problem,
    Severity,
    check,
    load,
)
from haechi.model.documents import MAX_ERRORS

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: NAME}\nspec: {podSelector: {}}\n"
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "status": {"podIP": "10.0.0.1"}}


def policy(name: str, **spec: object) -> dict[str, object]:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}


def read(text: str | bytes) -> Manifests:
    return load(["-"], io.BytesIO(text.encode() if isinstance(text, str) else text))


def read_json(data: object, indent: int | None = None) -> Manifests:
    return read(json.dumps(data, indent=indent))


def names(manifests: Manifests) -> list[str]:
    return [loaded.object.name for loaded in manifests.objects]


def where(problem: Problem) -> tuple[int, int]:
    return problem.location.line, problem.location.column


def codes(manifests: Manifests) -> list[Code]:
    return [problem.code for problem in manifests.problems]


def test_a_stream_of_documents_becomes_objects() -> None:
    """YAML and JSON documents in one stream, as kubectl reads it."""
    manifests = read(
        POLICY.replace("NAME", "a") + "---\n" + json.dumps(policy("b")) + json.dumps(POD) + "\n---\n" + POLICY
    )
    assert names(manifests) == ["a", "b", "p", "NAME"]
    assert manifests.problems == ()


@pytest.mark.parametrize("indent", [None, 2])
def test_lists_hold_objects(indent: int | None) -> None:
    """`List`, typed lists whose items do not say what they are, and lists in lists."""
    inner = {"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "q"}}]}
    data = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [policy("a"), POD, inner]}
    for manifests in (read_json(data, indent), read("# YAML now\n" + json.dumps(data, indent=indent))):
        assert names(manifests) == ["a", "p", "q"]
        assert manifests.problems == ()
        assert type(manifests.objects[2].object) is Pod


@pytest.mark.parametrize("items", [[], None])
def test_an_empty_list_is_said_to_be_empty(items: object) -> None:
    """It is no error of its own, but nothing is left to work with."""
    manifests = read_json({"apiVersion": "v1", "kind": "List", "items": items})
    assert [(p.severity, p.code) for p in manifests.problems] == [
        (Severity.WARNING, Code.EMPTY),
        (Severity.ERROR, Code.EMPTY),
    ]


def test_a_syntax_error_does_not_hide_the_other_documents() -> None:
    """And it is reported on its own line of the file."""
    manifests = read(POLICY.replace("NAME", "a") + "---\na: [\n---\n" + POLICY.replace("NAME", "b") + "---\n}\n")
    assert names(manifests) == ["a", "b"]
    assert [(p.code, p.location.line) for p in manifests.problems] == [(Code.SYNTAX, 7), (Code.SYNTAX, 13)]


@pytest.mark.parametrize("wrap", [json.dumps, lambda data: "# YAML\n" + json.dumps(data)])
def test_a_bad_item_does_not_hide_the_others(wrap: object) -> None:
    """Items that are no objects, of no kind, of a wrong kind, and with wrong fields."""
    assert callable(wrap)
    bad: list[object] = [
        5,
        {},
        {"kind": 5, "apiVersion": "v1"},
        {"apiVersion": "extensions/v1beta1", "kind": "NetworkPolicy"},
    ]
    bad += [{**POD, "metadata": {"name": "x", "labels": {"a": 1}}}]
    items = [item for index, each in enumerate(bad) for item in (each, policy(f"p{index}"))]
    manifests = read(wrap({"apiVersion": "v1", "kind": "List", "items": items}))
    assert names(manifests) == ["p0", "p1", "p2", "p3", "p4"]
    assert codes(manifests) == [Code.NOT_AN_OBJECT] * 3 + [Code.API_VERSION, Code.TYPE]


def test_a_bad_json_document_does_not_hide_the_ones_before_it() -> None:
    """What follows cannot be told apart, so the error stands for it."""
    manifests = read(json.dumps(policy("a")) + "\n{]\n")
    assert names(manifests) == ["a"]
    assert [(p.code, where(p)) for p in manifests.problems] == [(Code.SYNTAX, (2, 2))]


def test_what_is_not_ours_is_skipped_and_said() -> None:
    """With the place of the object."""
    manifests = read("apiVersion: v1\nkind: ConfigMap\n---\n" + POLICY)
    (problem,) = manifests.problems
    assert (problem.severity, problem.code, where(problem)) == (Severity.SKIPPED, Code.UNKNOWN_KIND, (1, 1))
    assert manifests.errors == ()


def test_the_first_of_two_objects_with_one_name_counts() -> None:
    """The absent namespace is `default`; both places are told."""
    second = POLICY.replace("{name: NAME}", "{name: NAME, namespace: default}")
    manifests = read(
        POLICY + "---\n" + second + "---\n" + POLICY.replace("NetworkPolicy", "Pod").replace("networking.k8s.io/", "")
    )
    assert [loaded.object.kind for loaded in manifests.objects] == ["NetworkPolicy", "Pod"]
    (problem,) = manifests.problems
    assert (problem.code, where(problem)) == (Code.DUPLICATE_OBJECT, (8, 12))
    assert "is already defined at <stdin>:1:1" in problem.message


def test_policies_with_generated_names_are_all_different() -> None:
    """The server would name each of them."""
    text = POLICY.replace("name: NAME", "generateName: x-")
    assert len(read(text + "---\n" + text).objects) == 2


@pytest.mark.parametrize("wrap", [json.dumps, lambda data: "# YAML\n" + json.dumps(data)])
def test_a_policy_that_cannot_be_decoded_is_closed(wrap: object) -> None:
    """It isolates its pods as far as it can be read, and allows nothing."""
    assert callable(wrap)
    selector = {"matchLabels": {"app": "x"}}
    manifests = read(wrap(policy("a", podSelector=selector, policyTypes=["Egress"], egress=[{"to": [{"ports": 1}]}])))
    (loaded,) = manifests.loaded(NetworkPolicy)
    assert loaded.problems == manifests.problems
    assert loaded.object.spec.pod_selector.match_labels == {"app": "x"}
    assert (loaded.object.spec.egress, loaded.object.spec.policy_types) == ((), ("Ingress", "Egress"))
    assert check(manifests) == ()


@pytest.mark.parametrize(
    ("spec", "labels", "types"),
    [
        ({"podSelector": {"matchLabels": {"a": "b"}}, "ingress": [{"form": []}]}, {"a": "b"}, ("Ingress",)),
        ({"podSelector": {"matchLabels": {"a": "b"}}, "ingress": 5}, {"a": "b"}, ("Ingress",)),
        ({"podSelector": {"matchLabels": {"a": 1}}}, {}, ("Ingress",)),
        ({"podSelectr": {"matchLabels": {"a": "b"}}}, {}, ("Ingress", "Egress")),
        ({"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": [5]}, {"a": "b"}, ("Ingress", "Egress")),
        (5, {}, ("Ingress", "Egress")),
    ],
)
def test_a_closed_policy_keeps_only_what_can_be_trusted(spec: object, labels: object, types: object) -> None:
    """Where its selector or directions may be meant otherwise, it selects all pods in both."""
    (loaded,) = read_json({**policy("a"), "spec": spec}).loaded(NetworkPolicy)
    assert loaded.problems
    assert loaded.object.spec.pod_selector.match_labels == labels
    assert loaded.object.spec.policy_types == types
    assert loaded.object.spec.ingress == ()


def test_a_status_from_an_old_cluster_is_only_warned_of() -> None:
    """kubectl get of 1.24 to 1.27 printed one."""
    manifests = read_json({**policy("a"), "status": {}})
    assert [p.severity for p in manifests.problems] == [Severity.WARNING]
    assert manifests.objects[0].problems == ()


def test_repeated_keys_are_errors_in_policies_and_warnings_elsewhere() -> None:
    """Where the last of them stands."""
    manifests = read(
        POLICY + "spec: {podSelector: {}}\n---\n" + "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n  name: z\n"
    )
    assert [(p.severity, p.code, where(p)) for p in manifests.problems] == [
        (Severity.ERROR, Code.DUPLICATE_FIELD, (5, 1)),
        (Severity.WARNING, Code.DUPLICATE_FIELD, (11, 3)),
    ]
    assert names(manifests) == ["NAME", "z"]
    repeated = json.dumps(policy("a")).replace('"spec": {}', '"spec": {"podSelector": {}, "podSelector": {}}')
    assert codes(read(repeated)) == [Code.DUPLICATE_FIELD]


def test_an_external_host_is_decoded_strictly() -> None:
    """It is Haechi's own kind, and as easy to misspell as any."""
    text = "apiVersion: haechi/v1alpha1\nkind: ExternalHost\nmetadata: {name: x}\nspec: {addresses: [1.1.1.1]}\n"
    assert read(text).all(ExternalHost)[0].addresses == ("1.1.1.1",)
    assert codes(read(text.replace("addresses", "adresses"))) == [Code.UNKNOWN_FIELD]


def test_namespaces_are_those_declared_and_those_used() -> None:
    """Each with its name as a label, which nobody else can set."""
    manifests = read_json(
        {
            "apiVersion": "v1",
            "kind": "List",
            "items": [
                {**POD, "metadata": {"name": "p", "namespace": "used"}},
                {
                    "apiVersion": "v1",
                    "kind": "Namespace",
                    "metadata": {"name": "x", "labels": {"kubernetes.io/metadata.name": "y"}},
                },
                {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}},
                policy("a"),
            ],
        }
    )
    assert [(n.name, n.labels) for n in manifests.namespaces()] == [
        (name, {"kubernetes.io/metadata.name": name}) for name in ("x", "default", "used")
    ]
    assert manifests.all(Namespace)[0].labels == {"kubernetes.io/metadata.name": "x"}
    assert manifests.all(NetworkPolicy)[0].metadata.namespace == "default"
    assert manifests.all(Node)[0].metadata.namespace == ""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.EMPTY),
        (b"\n# nothing\n---\n", Code.EMPTY),
        (b"\xff\xfek\x00i\x00", Code.ENCODING),
        (b"\xfe\xff\x00k\x00i", Code.ENCODING),
        (b"\x00" * 100, Code.SYNTAX),
        (b"\x7fELF\x02\x01\x01\x00\xff", Code.SYNTAX),
        (b"a: \xff", Code.SYNTAX),
        (b'{"a": "\xff"}', Code.SYNTAX),
        (b"just text", Code.NOT_AN_OBJECT),
        (b"- a\n- b\n", Code.NOT_AN_OBJECT),
        (b"~", Code.NOT_AN_OBJECT),
        (b"[1]", Code.NOT_AN_OBJECT),
        (b"a: 1", Code.NOT_AN_OBJECT),
        (b"kind: Pod", Code.NOT_AN_OBJECT),
        (b'{"kind": "Pod", "apiVersion": 5}', Code.NOT_AN_OBJECT),
        (b"[" * 100_000, Code.LIMIT),
        (b'{"a":' * 100_000, Code.LIMIT),
        (b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":NaN}}', Code.SYNTAX),
        (b'{"kind":"List","apiVersion":"v1","items":{}}', Code.NOT_AN_OBJECT),
        (b'{"kind":"List","apiVersion":"v1","items":[' * 6 + b"]}" * 6, Code.LIMIT),
        (b'{"kind":"Pod","apiVersion":"v1","spec":{"nodeName":' + b"9" * 5000 + b"}}", Code.SYNTAX),
    ],
)
def test_hostile_input_is_a_located_error(data: bytes, code: Code) -> None:
    """Neither an exception nor silence."""
    manifests = read(data)
    assert manifests.objects == ()
    assert code in codes(manifests)
    assert manifests.errors
    assert all(problem.location.file == "<stdin>" for problem in manifests.problems)


def test_a_byte_order_mark_is_no_text() -> None:
    """In YAML as in JSON; columns do not count it twice."""
    assert names(read(b"\xef\xbb\xbf" + POLICY.encode())) == ["NAME"]
    assert names(read(b"\xef\xbb\xbf" + json.dumps(policy("a")).encode())) == ["a"]


def test_windows_line_ends_are_fine() -> None:
    """And lines are counted once."""
    manifests = read((POLICY + "---\na: [\n").replace("\n", "\r\n"))
    assert names(manifests) == ["NAME"]
    assert manifests.problems[0].location.line in (6, 7)


def test_reading_stops_after_too_many_problems() -> None:
    """With a problem that says so; memory and output stay bounded."""
    manifests = read("---\n}\n" * 5000)
    assert len(manifests.problems) == MAX_ERRORS + 1
    assert manifests.problems[-1].code is Code.LIMIT


def test_flow_yaml_that_begins_like_json_is_read_in_a_yaml_file(tmp_path: Path) -> None:
    """Trailing commas and comments are good YAML."""
    text = '{"apiVersion": v1, "kind": Pod, "metadata": {"name": p,}} # comment\n'
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "a.json").write_text(text)
    assert names(load([tmp_path / "a.yaml"])) == ["p"]
    assert codes(load([tmp_path / "a.json"])) == [Code.SYNTAX]


def test_pods_share_what_is_equal_and_drop_annotations() -> None:
    """A dump of many pods stays small."""
    items = [
        {
            **POD,
            "metadata": {"name": f"p{i}", "labels": {"app": "x"}, "annotations": {"a": "b"}},
            "spec": {"nodeName": "n", "containers": [{"ports": [{"containerPort": 80}]}]},
        }
        for i in range(3)
    ]
    pods = read_json({"apiVersion": "v1", "kind": "PodList", "items": items}).all(Pod)
    assert len({id(pod.labels) for pod in pods}) == len({id(pod.spec.containers) for pod in pods}) == 1
    assert pods[0].metadata.annotations == {}
    assert [pod.name for pod in pods] == ["p0", "p1", "p2"]


def test_a_workload_says_how_many_pods_it_wants() -> None:
    """One where nothing is said."""
    text = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {metadata: {labels: {a: b}}}}\n"
    )
    (found,) = read(text).all(Deployment)
    assert (found.pod_count, found.pod_template.metadata.labels) == (1, {"a": "b"})


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_large_garbage_takes_bounded_time(tmp_path: Path, name: str) -> None:
    """Fifty megabytes of anything end in a problem; the suite's timeout is the judge."""
    (tmp_path / name).write_bytes(b"x: y\n\xff" + b"\x00\x01garbage" * 5_000_000)
    manifests = load([tmp_path])
    assert manifests.objects == ()
    assert manifests.errors


def test_deep_recursion_is_not_needed_at_the_limit() -> None:
    """A caller that is deep in the stack itself may load a document of the greatest depth."""
    text = "kind: Pod\napiVersion: v1\nmetadata: {name: x}\na: " + "[" * 120 + "]" * 120

    def deeper(levels: int) -> Manifests:
        return deeper(levels - 1) if levels else read(text)

    assert names(deeper(sys.getrecursionlimit() // 3)) == ["x"]


MUTATIONS = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.sampled_from(
            [
                b"",
                b"\x00",
                b"\xff",
                b"[",
                b"{",
                b"}",
                b"]",
                b":",
                b"\n",
                b"- ",
                b"---\n",
                b"*a",
                b"&a ",
                b"<<: ",
                b'"',
                b"'",
                b"~",
                b"|",
                b"\t",
                b"5",
                b"true",
                b"!!int ",
            ]
        ),
        st.integers(0, 5),
    ),
    max_size=6,
)
SEED = (
    POLICY + "---\n" + json.dumps({"apiVersion": "v1", "kind": "List", "items": [POD, policy("b")]}) + "\n"
).encode()


@settings(max_examples=300, deadline=None)
@given(MUTATIONS)
def test_mutated_manifests_never_raise(mutations: list[tuple[float, bytes, int]]) -> None:
    """Every one ends in objects and problems, all with places."""
    data = SEED
    for at, what, length in mutations:
        index = int(at * len(data))
        data = data[:index] + what + data[index + length :]
    everything_has_a_place(read(data), data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_random_bytes_never_raise(data: bytes) -> None:
    """Whatever they are."""
    everything_has_a_place(read(data), data)


def everything_has_a_place(manifests: Manifests, data: bytes) -> None:
    assert manifests.objects or manifests.problems
    for problem in (*manifests.problems, *check(manifests)):
        assert str(problem).isprintable()
        assert problem.location.line <= data.count(b"\n") + 1
    for loaded in manifests.objects:
        assert loaded.location("spec.podSelector").line >= 1
