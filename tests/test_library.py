"""`import haechi`: the library's public door."""

from __future__ import annotations

import subprocess
import sys
import types
import typing
from dataclasses import is_dataclass
from inspect import getmembers
from pathlib import Path

import pytest

import haechi
from haechi import Cluster, HaechiError, UnknownName, UnknownPort, UnreadableInput
from haechi.model import objects as model_objects
from haechi.report import basis_of
from tests.building import pod, policy

KINDS = {getattr(model_objects, name) for name in model_objects.__all__}
LEAVES = {haechi.Engine, *(kind for kind in KINDS if isinstance(kind, type))}  # have documentation of their own


@pytest.mark.parametrize("name", haechi.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(haechi, name) is not None


def test_no_other_name_is() -> None:
    assert dir(haechi) == haechi.__all__
    with pytest.raises(AttributeError, match="module 'haechi' has no attribute 'Klaster'"):
        haechi.Klaster  # noqa: B018


def test_nothing_is_imported_before_it_is_used() -> None:
    program = "import sys, haechi; print(*(name for name in sys.modules if name.startswith('haechi.')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "haechi._version"


def classes(annotation: object) -> typing.Iterator[type]:
    """The classes of Haechi in an annotation."""
    for argument in typing.get_args(annotation):
        yield from classes(argument)
    if isinstance(annotation, type) and annotation.__module__.startswith("haechi"):
        yield annotation


def signature(member: object) -> dict[str, object]:
    function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    return typing.get_type_hints(function) if isinstance(function, types.FunctionType) else {}


def shown(kind: type) -> typing.Iterator[type]:
    """The classes that the public fields, properties and (of the cluster) methods of a class show."""
    if is_dataclass(kind) or hasattr(kind, "__struct_fields__") or hasattr(kind, "_fields"):
        for name, annotation in typing.get_type_hints(kind).items():
            if not name.startswith("_"):
                yield from classes(annotation)
    for name, member in getmembers(kind):
        if not name.startswith("_") and (kind is Cluster or isinstance(member, property)):
            for annotation in signature(member).values():
                yield from classes(annotation)


def test_every_type_that_a_public_signature_shows_can_be_imported_from_haechi() -> None:
    found: set[type] = set()
    ahead: list[type] = [Cluster]
    while ahead:
        kind = ahead.pop()
        if kind not in found:
            found.add(kind)
            ahead += [] if kind in LEAVES else shown(kind)
    assert len(found) > 30
    public = {getattr(haechi, name) for name in haechi.__all__}
    assert found - public - set(Cluster.__mro__) == set()


def test_errors_have_one_root() -> None:
    cluster = Cluster.of([pod("x/a"), pod("x/b")])
    words = r"^destination: 'x/c' does not match any pod, workload, Service or address; did you mean x/b or x/a\?$"
    with pytest.raises(UnknownName, match=words):
        cluster.can("x/a", "x/c")
    with pytest.raises(UnknownPort):
        cluster.can("x/a", "x/b", "sql")
    for error in (
        UnknownName,
        haechi.AmbiguousName,
        UnknownPort,
        haechi.UnusableService,
        UnreadableInput,
        haechi.UnknownCode,
    ):
        assert issubclass(error, HaechiError)


def test_a_path_that_does_not_exist_raises(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"missing\.yaml: no such file or directory") as caught:
        Cluster.load(tmp_path / "missing.yaml")
    assert len(caught.value.problems) == 1


def test_a_folder_without_objects_raises(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    for path in (tmp_path, tmp_path / "empty.yaml"):
        with pytest.raises(UnreadableInput, match="no objects found"):
            Cluster.load(path)
    with pytest.raises(TypeError):
        Cluster.load()


def test_a_document_says_that_its_cluster_is_partial(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\n---\n[\n")
    found = basis_of(Cluster.load(tmp_path))
    assert (found.partial, [one.location.line for one in found.unreadable]) == (True, [6])


def test_a_port_may_be_a_number() -> None:
    cluster = Cluster.of([pod("x/a"), pod("x/b"), policy("{podSelector: {}, ingress: [{ports: [{port: 6379}]}]}")])
    assert cluster.can("x/a", "x/b", 6379).allowed
    assert not cluster.can("x/a", "x/b", 80).allowed


def test_an_answer_is_true_exactly_if_it_is_allowed() -> None:
    """So that `assert cluster.can(...)` cannot pass for a denial."""
    cluster = Cluster.of([pod("x/a"), pod("x/b"), policy("{podSelector: {}, ingress: [{ports: [{port: 6379}]}]}")])
    for port in (6379, 80):
        answer = cluster.can("x/a", "x/b", port)
        packet = answer.pairs[0][0]
        assert [bool(each) for each in (answer, packet, packet.ingress)] == [port == 6379] * 3
        assert packet.egress


def test_equal_input_makes_equal_clusters_with_a_short_repr() -> None:
    objects: list[haechi.Object] = [pod("x/a"), pod("x/b"), policy("{podSelector: {}}")]
    assert Cluster.of(objects) == Cluster.of(list(objects))
    assert Cluster.of(objects) != Cluster.of(objects[:2])
    assert repr(Cluster.of(objects)) == "<Cluster pods=2 policies=1>"
