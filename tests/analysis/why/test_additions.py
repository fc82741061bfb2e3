"""What to add so that a denied connection becomes possible, and what else it opens."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

import msgspec
import pytest
import yaml

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.difference import Difference, compare
from haechi.analysis.why.additions import Proposal, proposals, with_additions
from haechi.analysis.why.answer import PacketAnswer, can
from haechi.analysis.why.patches import yaml_text
from haechi.engine import verdict
from haechi.files import load
from haechi.model import AnyPolicyKey, Object
from tests.analysis import small
from tests.analysis.why.test_whatif import way_of
from tests.building import namespace, pod, policy

WEB = pod("x/web", "10.0.0.1", marks="app=web,pod-template-hash=7d4b9")
DB = pod("x/db", "10.0.0.2", marks="app=db")
FROM_API = "{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}"


def subject(rules: str, name: str = "p") -> Object:
    return policy(f"{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{rules}]}}", name=name)


def answered(*objects: Object, port: str = "5432", source: str = "x/web") -> tuple[Cluster, PacketAnswer]:
    cluster = Cluster.of([WEB, DB, *objects])
    return cluster, can(cluster, source, "x/db", port).pairs[0][0]


def found(*objects: Object, port: str = "5432", source: str = "x/web") -> list[Proposal]:
    return list(proposals(*answered(*objects, port=port, source=source)))


def touched(one: Proposal) -> list[AnyPolicyKey]:
    return [each.policy for each in one.additions]


def words(one: Proposal) -> list[str]:
    return list(map(str, one.additions))


def lines(some: Iterable[Difference]) -> list[tuple[object, ...]]:
    return [(one.source, one.destination, one.before, one.after) for one in some]


def test_a_peer_is_added_to_the_rule_with_the_port() -> None:
    (one,) = found(subject(FROM_API))
    assert words(one) == ["add a peer to spec.ingress[0].from of policy x/p"]
    assert yaml.safe_load(yaml_text(one.additions[0])) == [{"podSelector": {"matchLabels": {"app": "web"}}}]
    assert one.further == ()
    assert [(each.source, each.destination) for each in one.exposed] == [("pods app=web in namespace x", "x/db[Pod]")]


def test_a_port_is_added_to_the_rule_with_the_peer() -> None:
    (one,) = found(subject("{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}"))
    assert words(one) == ["add a port to spec.ingress[0].ports of policy x/p"]
    assert yaml.safe_load(yaml_text(one.additions[0])) == [{"protocol": "TCP", "port": 5432}]
    assert one.further == ()


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 80}, {port: 5432}]}",
        "{from: [{podSelector: {matchLabels: {app: api}}}]}",
        "{from: [{podSelector: {}}], ports: [{port: 80}]}",
        "{ports: [{port: 80}]}",
    ],
)
def test_where_no_rule_fits_a_rule_is_added(rules: str) -> None:
    (one,) = found(subject(rules))
    assert [word.split(" of ")[0] for word in words(one)] == ["add a rule to spec.ingress"]
    assert one.further == ()


def test_a_policy_of_more_pods_gets_a_rule_only_after_a_policy_of_their_own() -> None:
    deny = policy("{podSelector: {}}", name="deny")
    own, existing = found(deny, pod("x/other", "10.0.0.3", marks="app=other"))
    assert words(own) == ["create policy x/allow-ingress-db"]
    assert own.further == ()
    assert words(existing) == ["add a rule to spec.ingress of policy x/deny"]
    assert [(one.source, one.destination) for one in existing.further] == [("x/web[Pod]", "x/other[Pod]")]


def test_each_side_that_denies_gets_its_addition() -> None:
    deny = policy("{podSelector: {}, policyTypes: [Egress, Ingress]}", name="deny")
    own, existing = found(deny)[0], found(deny)[-1]
    assert words(existing) == [
        "add a rule to spec.egress of policy x/deny",
        "add a rule to spec.ingress of policy x/deny",
    ]
    assert words(own) == ["create policy x/allow-egress-web", "create policy x/allow-ingress-db"]


def test_pods_of_other_namespaces_are_named_with_theirs() -> None:
    (one,) = found(subject(FROM_API), namespace("y"), pod("y/job", "10.0.0.9", marks="app=job"), source="y/job")
    assert one.additions[0].value == {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "y"}},
        "podSelector": {"matchLabels": {"app": "job"}},
    }


@pytest.mark.parametrize(("source", "cidr"), [("8.8.8.8", "8.8.8.8/32"), ("2001:db8::1", "2001:db8::1/128")])
def test_outside_addresses_are_an_ip_block(source: str, cidr: str) -> None:
    dual = pod("x/db", "10.0.0.2", "fd00::2", marks="app=db")
    (one,) = found(subject(FROM_API), dual, source=source)
    assert one.additions[0].value == {"ipBlock": {"cidr": cidr}}
    assert one.further == ()


def test_icmp_needs_a_rule_without_ports_and_what_else_that_opens_is_told() -> None:
    (one,) = found(subject(FROM_API), port="ICMP")
    assert one.additions[0].value == {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}
    assert [(each.source, each.destination) for each in one.further] == [("x/web[Pod]", "x/db[Pod]")]


def test_a_policy_that_cannot_be_read_is_not_added_to() -> None:
    broken = policy("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{}]}]}", name="broken")
    (one,) = found(broken)
    assert words(one) == ["create policy x/allow-ingress-db"]


@pytest.mark.parametrize("peer", ["{podSelector: {matchLabels: {app: yes}}}", "{podSelector: {}, nodeSelector: {}}"])
def test_a_policy_that_is_not_read_whole_is_not_added_to(peer: str, tmp_path: Path) -> None:
    """The addition would replace what was not read."""
    file = tmp_path / "all.yaml"
    file.write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: x, labels: {app: web}}\n---\n"
        "apiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: x, labels: {app: db}}\n---\n"
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\nspec:\n"
        "  podSelector: {matchLabels: {app: db}}\n  ingress:\n"
        f"  - from: [{{podSelector: {{matchLabels: {{app: backup}}}}}}, {peer}]\n"
    )
    cluster = Cluster.of(load([str(file)]))
    answer = can(cluster, "x/web", "x/db", "5432").pairs[0][0]
    assert {key.name for one in proposals(cluster, answer) for key in touched(one)} == {"allow-ingress-db"}


def test_names_of_new_policies_are_free() -> None:
    deny = policy("{podSelector: {}}", name="deny")
    taken = policy("{podSelector: {matchLabels: {app: none}}}", name="allow-ingress-db")
    assert words(found(deny, taken)[0]) == ["create policy x/allow-ingress-db-2"]


def test_an_address_of_several_pods_cannot_be_opened() -> None:
    cluster, answer = answered(subject(FROM_API), pod("x/twin", "10.0.0.1", marks="app=twin"))
    assert not answer.allowed
    assert proposals(cluster, answer) == ()


def written(objects: Iterable[Object], flow: bool | None) -> str:
    """The objects as a YAML stream."""
    documents = [
        {"apiVersion": one.api_version, "kind": one.kind, **msgspec.json.decode(msgspec.json.encode(one))}
        for one in objects
    ]
    return yaml.safe_dump_all(documents, default_flow_style=flow, sort_keys=False)


def patched(text: str, patch: str) -> str:
    """A text after a unified diff."""
    old, new, position = text.splitlines(keepends=True), [], 0
    for line in patch.splitlines(keepends=True)[2:]:
        if line.startswith("@@"):
            start = int(line.split()[1][1:].partition(",")[0]) - 1
            new += old[position:start]
            position = start
        elif line[0] in " -":
            assert old[position] == line[1:]
            new += [line[1:]] if line[0] == " " else []
            position += 1
        elif line[0] == "+":
            new.append(line[1:])
    return "".join([*new, *old[position:]])


def test_after_each_proposal_the_packet_passes_and_what_differs_is_what_it_claims(tmp_path: Path) -> None:
    """The patch, applied to the text that was read: read again, and compared."""
    file, seen, exact = tmp_path / "cluster.yaml", 0, 0
    for seed in range(70):
        random = Random(seed)
        file.write_text(written(small.objects(random), random.choice((False, None))), encoding="utf-8")
        old = Cluster.of(load([str(file)]))
        for packet in random.sample(small.PACKETS, 12):
            answer = way_of(old, packet)
            for one in () if answer.allowed else proposals(old, answer, lambda name: name == str(file)):
                text = file.read_text(encoding="utf-8")
                assert one.patch
                text = patched(text, one.patch)
                after = tmp_path / "after.yaml"
                after.write_text(text, encoding="utf-8")
                new = Cluster.of(load([str(after)]))
                assert verdict(new.engine, packet).allowed
                assert new.engine.policies == with_additions(old, one.additions).engine.policies
                difference = compare(old, new)
                assert lines(difference.connections) == lines(one.opened)
                assert lines(difference.exposures) == lines(one.exposed)
                assert not any(each.removes for each in one.opened)
                assert len(one.opened) - len(one.further) <= 1
                seen += 1
                exact += not one.further
    assert seen > 100
    assert exact > seen / 3  # in so small a world pods share their labels
