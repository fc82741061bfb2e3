"""Policies of tiers as custom resources: decoding, unknown fields, creates and updates."""

from __future__ import annotations

import json

import pytest

from haechi.model import (
    ClusterNetworkPolicy,
    Code,
    Gates,
    LabelSelector,
    Loaded,
    Manifests,
    Object,
    Problem,
    ReleaseChannel,
    Severity,
    Source,
    check_create,
    check_one,
    check_update,
    read_manifests,
)

RULE = {"action": "Accept", "to": [{"networks": ["10.0.0.0/8"]}]}
STANDARD = Gates(channel=ReleaseChannel.STANDARD)


def policy(*, version: str = "v1alpha2", meta: object = None, **spec: object) -> str:
    return json.dumps(
        {
            "apiVersion": f"policy.networking.k8s.io/{version}",
            "kind": "ClusterNetworkPolicy",
            "metadata": meta or {"name": "a"},
            "spec": {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, **spec},
        }
    )


def manifests(text: str, *, strict: bool = True) -> Manifests:
    return read_manifests([Source("x.json", text.encode())], strict=strict)


def loaded(text: str) -> Loaded[Object]:
    (one,) = manifests(text).objects
    return one


def matches(_selector: LabelSelector, _labels: object) -> bool:
    return True


def created(text: str, gates: Gates = Gates()) -> list[Problem]:  # noqa: B008
    read = manifests(text)
    return [*read.problems, *(found for one in read.objects for found in check_create(one, matches, gates=gates))]


def updated(old: str, new: str) -> list[str]:
    return [f"{one.severity}: {one.message}" for one in check_update(loaded(new), loaded(old), matches)]


def test_a_good_policy_is_taken() -> None:
    assert created(policy(egress=[RULE])) == []


def test_every_error_has_its_place() -> None:
    text = policy(tier="admin", egress=[{**RULE, "new": 1}, {"action": "Deny", "to": [{}]}])
    starts = {"spec.egress[0].new": '"new"', "spec.tier": '"tier"', "spec.egress[1].to[0]": "{}]}"}
    located = {problem.path: text[problem.location.column - 1 :] for problem in created(text)}
    assert located.keys() - {""} == starts.keys()
    assert all(located[path].startswith(start) for path, start in starts.items())


def test_wrong_types_outside_the_metadata_are_refused_by_the_schema_and_others_cannot_be_decoded() -> None:
    assert {one.code for one in created(policy(priority="1"))} == {Code.INVALID}
    assert next(one.code for one in created(policy(meta={"name": 5}))) is Code.TYPE


@pytest.mark.parametrize("field", ["nodes", "domainNames"])
def test_the_standard_channel_lacks_what_is_experimental(field: str) -> None:
    value: object = {} if field == "nodes" else ["example.com"]
    text = policy(egress=[{"action": "Accept", "to": [{field: value}]}])
    assert created(text) == []
    assert created(text, STANDARD)[0].message == f'strict decoding error: unknown field "spec.egress[0].to[0].{field}"'


def test_v1beta1_takes_masked_networks_only() -> None:
    rule = {"action": "Accept", "to": [{"networks": ["10.0.0.5/8"]}]}
    assert not any(one.severity is Severity.ERROR for one in created(policy(egress=[rule])))
    message = 'spec.egress[0].to[0].networks[0]: Invalid value: "10.0.0.5/8": Invalid CIDR format provided'
    assert [one.message for one in created(policy(version="v1beta1", egress=[rule]))] == [message]


def test_a_null_field_is_absent() -> None:
    """A label without value as well: what the server stores selects more than the text seems to."""
    text = policy(subject={"pods": None, "namespaces": {"matchLabels": {"a": None}}})
    assert created(text) == []
    resource = loaded(text).object
    assert isinstance(resource, ClusterNetworkPolicy)
    assert resource.spec.subject.namespaces == LabelSelector()


def test_commands_that_ask_questions_report_the_same_errors() -> None:
    text = policy(priority=2000, egress=[{**RULE, "new": 1}])
    (one,) = manifests(text, strict=False).objects
    assert [found.message for found in check_one(one)] == [found.message for found in created(text)]


def test_an_update_may_keep_what_is_wrong_and_is_warned_of_rules() -> None:
    wrong = policy(priority=2000, egress=[{"action": "Accept", "to": [{"networks": ["x/8"]}]}])
    labelled = wrong.replace('{"name": "a"}', '{"name": "a", "labels": {"a": "b"}}')
    message = 'spec.egress[0].to[0].networks[0]: Invalid value: "x/8": Invalid CIDR format provided'
    assert updated(wrong, labelled) == [f"warning: {message}"]
    more = wrong.replace('"x/8"', '"x/8", "10.0.0.0/8"')
    assert updated(wrong, more) == [f"error: {message}"]


def test_finalizers_may_be_called_anything_with_a_warning() -> None:
    text = policy(meta={"name": "a", "finalizers": ["x"]})
    (found,) = created(text)
    assert found.severity is Severity.WARNING
    assert found.message.startswith('metadata.finalizers: "x": prefer a domain-qualified finalizer name')
    assert updated(text, text) == []


@pytest.mark.parametrize("field", ["new", "tier", "egress"])
@pytest.mark.parametrize("depth", [190, 500, 800])
def test_nesting_has_a_limit(field: str, depth: int) -> None:
    data: object = 1
    for level in range(depth):
        data = {"a": data} if level % 2 and field == "new" else [data]
    text = json.dumps({field: data})[1:-1]
    found = created(policy().replace('"subject"', f'{text}, "subject"'))
    assert (Code.LIMIT in {one.code for one in found}) is (depth > 200)
    assert found
    twice = policy().replace('"subject"', f'{text}, "{field}": 1, "subject"')
    assert Code.DUPLICATE_FIELD in {one.code for one in created(twice)}


def test_every_repetition_of_a_key_is_reported() -> None:
    """In YAML with its line; in JSON a key once."""
    text = "\n".join(f"  tier: {tier}" for tier in ("Admin", "Admin", "Baseline"))
    yaml = f"apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nspec:\n{text}\n"
    found = read_manifests([Source("x.yaml", yaml.encode())]).problems
    messages = [one.message for one in found if one.code is Code.DUPLICATE_FIELD]
    assert messages == [f'strict decoding error: line {line}: key "tier" already set in map' for line in (5, 6)]
    twice = policy().replace('"tier"', '"tier": "a", "tier": "b", "tier"')
    found = manifests(twice).problems
    assert [one.message for one in found] == ['strict decoding error: duplicate field "spec.tier"']
