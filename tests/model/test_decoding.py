"""Plain data to structs: Go's nulls, every mistake at once, strictness."""

from __future__ import annotations

import pytest

from haechi.model import Code, NetworkPolicy, Pod, Service
from haechi.model.base import Struct
from haechi.model.decoding import decode_struct
from haechi.model.networkpolicy import IPBlock, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort
from haechi.model.objects import KINDS
from haechi.model.tree import RepeatedKeys


def policy(spec: object) -> tuple[NetworkPolicy, list[str]]:
    struct, mistakes = decode_struct(NetworkPolicy, {"metadata": {"name": "x"}, "spec": spec}, strict=True)
    assert isinstance(struct, NetworkPolicy)
    return struct, [mistake.message for mistake in mistakes]


def test_null_is_absent_everywhere() -> None:
    """As `omitempty` pointers, lists and structs are in Go."""
    found, mistakes = policy({"podSelector": None, "ingress": None, "egress": [{"to": None}], "policyTypes": None})
    assert mistakes == []
    assert found == policy({"egress": [{}]})[0]


def test_null_in_a_list_or_map_is_the_zero_value() -> None:
    """An empty peer (which is invalid), and empty texts (which are, too)."""
    found, mistakes = policy(
        {
            "podSelector": {"matchLabels": {"a": None}},
            "policyTypes": [None],
            "ingress": [{"from": [None, {"ipBlock": {"cidr": None, "except": [None]}}]}, None],
        }
    )
    assert mistakes == []
    assert found.spec.pod_selector.match_labels == {"a": ""}
    assert found.spec.policy_types == ("",)
    peers = (NetworkPolicyPeer(), NetworkPolicyPeer(ip_block=IPBlock(except_=("",))))
    assert found.spec.ingress == (NetworkPolicyIngressRule(from_=peers), NetworkPolicyIngressRule())


@pytest.mark.parametrize(("value", "expected"), [(80, 80), (80.0, 80), ("80", "80"), ("", ""), (None, None)])
def test_a_port_is_a_number_or_a_name(value: object, expected: object) -> None:
    """80.0 is 80 as in kubectl; a text is a name even if it looks like a number."""
    found, mistakes = policy({"ingress": [{"ports": [{"port": value}]}]})
    assert mistakes == []
    assert found.spec.ingress[0].ports == (NetworkPolicyPort(port=expected),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"ingress": [{"ports": [{"port": True}]}]},
            "ports[0].port must be a number or a string, not the boolean true",
        ),
        ({"ingress": [{"ports": [{"port": 80.5}]}]}, "ports[0].port must be a whole number, not the number 80.5"),
        ({"ingress": [{"ports": [{"port": 2**31}]}]}, "must be a number of 32 bits, not the number 2147483648"),
        ({"ingress": [{"ports": [{"port": float("inf")}]}]}, "must be a whole number, not the number inf"),
        ({"ingress": [{"ports": [{"endPort": False}]}]}, "endPort must be a whole number, not the boolean false"),
        ({"ingress": [{"ports": [{"endPort": "80"}]}]}, 'endPort must be a whole number, not the string "80"'),
        ({"ingress": [{"ports": {}}]}, "spec.ingress[0].ports must be a list, not a mapping"),
        ({"ingress": [{"from": [{"ipBlock": {"cidr": 5}}]}]}, "ipBlock.cidr must be a string, not the number 5"),
        ({"ingress": [[]]}, "spec.ingress[0] must be a mapping, not a list"),
        ({"podSelector": "x"}, 'spec.podSelector must be a mapping, not the string "x"'),
        ({"podSelector": {"matchLabels": []}}, "spec.podSelector.matchLabels must be a mapping, not a list"),
        (
            {"podSelector": {"matchLabels": {"a": 1}}},
            "spec.podSelector.matchLabels.a must be a string, not the number 1",
        ),
        ({"podSelector": {"matchLabels": {"a": True}}}, "matchLabels.a must be a string, not the boolean true"),
        (5, "spec must be a mapping, not the number 5"),
    ],
)
def test_wrong_types_are_told_with_path_and_both_types(spec: object, message: str) -> None:
    """Python's bool is an int and its float has integers: neither must slip through."""
    _, mistakes = policy(spec)
    assert len(mistakes) == 1
    assert message in mistakes[0]


def test_a_label_that_is_no_string_gets_a_hint() -> None:
    """The most common mistake of all."""
    _, (mistake,) = decode_struct(Pod, {"metadata": {"labels": {"a": True}}}, strict=False)
    assert mistake.hint == 'in quotes it is a string: "true"'
    assert mistake.path == ("metadata", "labels", "a")


def test_unknown_fields_are_mistakes_in_the_words_of_the_server() -> None:
    """At any depth, with the field that was probably meant."""
    _, mistakes = decode_struct(
        NetworkPolicy,
        {"foo": 1, "spec": {"ingresss": [], "egress": [{"To": []}]}, "metadata": {"lables": {}}},
        strict=True,
    )
    assert {(m.message, m.hint) for m in mistakes} == {
        ('strict decoding error: unknown field "foo"', ""),
        ('strict decoding error: unknown field "spec.ingresss"', 'did you mean "ingress"?'),
        ('strict decoding error: unknown field "spec.egress[0].To"', 'did you mean "to"?'),
        ('strict decoding error: unknown field "metadata.lables"', 'did you mean "labels"?'),
    }


def test_repeated_fields_are_mistakes_in_maps_too() -> None:
    """Structs and label maps alike."""
    labels = RepeatedKeys.of({"a": "1"}, ["a"])
    spec = RepeatedKeys.of({"podSelector": {"matchLabels": labels}}, ["podSelector"])
    _, mistakes = decode_struct(NetworkPolicy, {"spec": spec}, strict=True)
    assert [mistake.code for mistake in mistakes] == [Code.DUPLICATE_FIELD] * 2
    assert {mistake.message for mistake in mistakes} == {
        'strict decoding error: duplicate field "spec.podSelector"',
        'strict decoding error: duplicate field "spec.podSelector.matchLabels.a"',
    }


def test_metadata_that_every_object_has_is_known() -> None:
    """A policy as kubectl get prints it decodes strictly."""
    metadata = {
        "name": "x",
        "generation": 2**40,
        "creationTimestamp": None,
        "selfLink": "/x",
        "deletionGracePeriodSeconds": 0,
        "managedFields": [{"manager": "x", "fieldsV1": {"f:spec": {}}}],
        "ownerReferences": [{"apiVersion": "v1", "kind": "A", "name": "a", "uid": "u", "blockOwnerDeletion": True}],
        "finalizers": ["a/b"],
    }
    struct, mistakes = decode_struct(NetworkPolicy, {"apiVersion": "a", "kind": "b", "metadata": metadata}, strict=True)
    assert mistakes == ()
    assert isinstance(struct, NetworkPolicy)
    assert struct.metadata.generation == 2**40


def test_projections_ignore_what_they_do_not_hold() -> None:
    """Without strictness, unknown fields are the rule."""
    struct, mistakes = decode_struct(
        Service, {"spec": {"sessionAffinity": "None", "ports": [{"targetPort": "web"}]}}, strict=False
    )
    assert mistakes == ()
    assert isinstance(struct, Service)
    assert struct.spec.ports[0].target_port == "web"


def test_surrogates_become_the_replacement_character() -> None:
    r"""JSON can write "\ud800"; Go reads U+FFFD, and Python could not print it."""
    struct, _ = decode_struct(Pod, {"metadata": {"name": "a\ud800b", "labels": {"\ud800": "\U0001f600"}}}, strict=False)
    assert isinstance(struct, Pod)
    assert struct.metadata.name == "a\ufffdb"
    assert struct.metadata.labels == {"\ufffd": "\U0001f600"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [None, {}, {"metadata": None, "spec": None, "status": None}])
def test_every_kind_has_a_zero_value(kind: type[Struct], data: object) -> None:
    """All fields of all kinds have defaults."""
    assert decode_struct(kind, data, strict=True)[0] == kind()
