"""Objects of a list of the API are those of a file, with places of their own."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model import Code, NetworkPolicy, Object, Pod, Source, StoredObjects, check_one, read_manifests
from tests.clusters import pods, policies


def without_type(one: Object) -> bytes:
    """As in a list: no kind, no apiVersion."""
    return msgspec.json.encode(one)


def with_type(one: Object) -> bytes:
    return msgspec.json.encode({"apiVersion": one.api_version, "kind": one.kind, **msgspec.to_builtins(one)})


def stored(kind: type[Object], *items: bytes) -> StoredObjects:
    found = StoredObjects("things", kind.api_version, kind.kind)
    found.add(items)
    return found


@given(st.one_of(pods(), policies(readable=False)))
def test_an_item_of_a_list_is_what_it_is_in_a_file(one: Object) -> None:
    listed = stored(type(one), without_type(one)).manifests
    read = read_manifests([Source("x.json", with_type(one))])
    assert [each.object for each in listed.objects] == [each.object for each in read.objects]
    assert [(p.severity, p.code, p.message, p.steps) for p in listed.problems] == [
        (p.severity, p.code, p.message, p.steps) for p in read.problems if p.code is not Code.EMPTY
    ]
    findings = [[(p.code, p.message) for each in found.objects for p in check_one(each)] for found in (listed, read)]
    assert findings[0] == findings[1]


@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        ('{"name": "a", "namespace": "x"}', "things/x/a"),
        ('{"name": "a"}', "things/a"),
        ("{}", "things"),
        ('{"name": "a\\nb"}', "things/a\\nb"),
    ],
)
def test_the_place_of_every_field_is_the_object(metadata: str, place: str) -> None:
    found = stored(NetworkPolicy, f'{{"metadata": {metadata}}}'.encode()).manifests
    (one,) = found.objects
    assert {str(one.location()), str(one.location("spec.ingress[0]"))} == {place}


def test_a_second_object_of_one_name_is_an_error_and_the_first_counts() -> None:
    item = b'{"metadata": {"name": "a", "namespace": "x"}}'
    found = stored(Pod, item, item).manifests
    assert len(found.objects) == 1
    assert [problem.code for problem in found.problems] == [Code.DUPLICATE_OBJECT]


def test_a_policy_of_another_kind_is_a_warning() -> None:
    found = StoredObjects("ciliumnetworkpolicies", "cilium.io/v2", "CiliumNetworkPolicy")
    found.add([b'{"metadata": {"name": "a", "namespace": "x"}}'])
    (problem,) = found.manifests.problems
    assert (problem.code, problem.subject) == (Code.OTHER_POLICY, "CiliumNetworkPolicy/x/a")
