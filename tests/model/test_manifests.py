"""Loading: namespaces, hostile input, and any bytes at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.files import load
from haechi.model import Code, Manifests, Namespace, NetworkPolicy, Node, check
from tests.model.reading import POD, POLICY, codes, policy, read, read_json


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


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_large_garbage_takes_bounded_time(tmp_path: Path, name: str) -> None:
    """Fifty megabytes of anything end in a problem; the suite's timeout is the judge."""
    (tmp_path / name).write_bytes(b"x: y\n\xff" + b"\x00\x01garbage" * 5_000_000)
    manifests = load([tmp_path])
    assert manifests.objects == ()
    assert manifests.errors


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
