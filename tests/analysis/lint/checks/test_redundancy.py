"""Redundant items, rules and policies: all can be deleted at once without changing a verdict, in any cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from haechi import Cluster
from haechi.analysis.lint import Finding, Fix
from haechi.analysis.lint.checks.redundancy import CHECKS
from haechi.model import Edit, Namespace, NetworkPolicy, Object, Pod, path_steps
from haechi.model.verdict import PacketVerdict
from haechi.reference import ClusterObjects, allowed
from tests import clusters
from tests.analysis.lint import overlapping
from tests.analysis.lint.fixing import all_fixed
from tests.analysis.lint.linting import LARGE_EXAMPLES
from tests.analysis.lint.linting import found as found_in
from tests.building import policy

CODES = tuple(one.code for one in CHECKS)
WHOLE = ("redundant-policy", "duplicate-policy")
WEB = "podSelector: {matchLabels: {app: web}}"
NOBODY = "{matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}"
ALL = "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"


def found(*objects: Object, code: str = "") -> tuple[Finding, ...]:
    return Cluster.of(objects).lint([code] if code else CODES)


def findings(*objects: Object) -> list[tuple[str, str, str]]:
    """Subject, code and path of each finding."""
    return [(one.subject.removeprefix("NetworkPolicy/"), one.code, one.path) for one in found(*objects)]


# -- redundant-peer --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (
            "[{podSelector: {matchLabels: {app: web}}}, {podSelector: {}}]",
            "spec.ingress[0].from[1] allows everything that this item allows",
        ),
        (
            "[{podSelector: {}}, {podSelector: {matchLabels: {app: web}}}, {namespaceSelector: {}}]",
            "spec.ingress[0].from[2] allows everything that this item allows",
        ),
        (
            "[{podSelector: {}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}}]",
            "spec.ingress[0].from[0] allows everything that this item allows",
        ),
        (
            "[{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 10.1.0.0/16}}]",
            "spec.ingress[0].from[0] allows everything that this item allows",
        ),
        (
            "[{ipBlock: {cidr: '::/8', except: ['::/9']}}, {ipBlock: {cidr: '::/9'}}, {ipBlock: {cidr: '::2/128'}}]",
            "spec.ingress[0].from[1] allows everything that this item allows",
        ),
        (
            "[{ipBlock: {cidr: 10.0.0.0/25}}, {ipBlock: {cidr: 10.0.0.128/25}}, {ipBlock: {cidr: 10.0.0.64/24}}]",
            "spec.ingress[0].from[2] allows everything that this item allows",
        ),
    ],
)
def test_items_within_others(items: str, message: str) -> None:
    assert message in [one.message for one in found(policy(f"{{ingress: [{{from: {items}}}]}}"), code="redundant-peer")]


@pytest.mark.parametrize(
    "items",
    [
        "[{podSelector: {matchLabels: {app: web}}}, {podSelector: {matchLabels: {app: db}}}]",
        "[{podSelector: {}}, {namespaceSelector: {matchLabels: {team: a}}}]",
        "[{podSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}]",
        "[{ipBlock: {cidr: 10.0.0.0/25}}, {ipBlock: {cidr: 10.0.0.128/25}}]",
        "[{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}, {ipBlock: {cidr: 10.1.0.0/16}}]",
        # a peer that selects no pod has a check of its own
        f"[{{podSelector: {{}}}}, {{podSelector: {NOBODY}}}]",
        "[{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 10.0.0.0/24, except: [10.0.0.0/25, 10.0.0.128/25]}}]",
        "[{podSelector: {}}, {podSelector: {}}, {}]",
    ],
)
def test_items_that_allow_something_of_their_own(items: str) -> None:
    assert not found(policy(f"{{ingress: [{{from: {items}}}]}}"), code="redundant-peer")


def test_of_equal_items_one_stays() -> None:
    three = policy("{egress: [{to: [{podSelector: {}}, {podSelector: {}}, {podSelector: {}}]}]}")
    findings = found(three)
    assert [one.path for one in findings] == ["spec.egress[0].to[1]", "spec.egress[0].to[2]"]
    assert len(all_fixed(three, findings).spec.egress[0].to) == 1
    assert not found(all_fixed(three, findings))


def test_where_a_dash_may_be_too_many_no_item_is_deleted() -> None:
    items = "{podSelector: {matchLabels: {app: web}}}, {podSelector: {}}"
    (half,) = found(policy("{ingress: [{from: [{namespaceSelector: {}}, {podSelector: {matchLabels: {app: web}}}]}]}"))
    assert (half.path, half.fix, half.hint) == (
        "spec.ingress[0].from[1]",
        None,
        "delete it, or merge the two items into one",
    )
    (plain,) = found(policy(f"{{ingress: [{{from: [{items}]}}]}}"))
    assert (plain.path, plain.hint) == ("spec.ingress[0].from[0]", "delete it")
    assert plain.fix is not None


def test_items_of_rules_that_are_redundant_or_not_in_force_are_not_reported() -> None:
    twice = "{from: [{podSelector: {}}, {podSelector: {}}]}"
    dead = policy(f"{{policyTypes: [Egress], ingress: [{twice}]}}")
    assert findings(dead) == []
    assert findings(policy(f"{{ingress: [{{}}, {twice}]}}")) == [("x/p", "redundant-rule", "spec.ingress[1]")]


# -- redundant-rule --------------------------------------------------------------------------------------------------


def test_a_rule_within_another_one_of_its_policy() -> None:
    (one,) = found(
        policy("{ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}, {ports: [{port: 80, endPort: 90}]}]}")
    )
    assert (one.code, one.path) == ("redundant-rule", "spec.ingress[0]")
    assert one.message == "spec.ingress[1] allows everything that this rule allows"


def test_a_rule_within_another_policy() -> None:
    one = policy(f"{{{WEB}, policyTypes: [Ingress, Egress], ingress: [{{from: [{{{WEB}}}]}}], egress: []}}")
    (finding,) = found(one, policy(ALL, name="all"))
    assert (finding.code, finding.path) == ("redundant-rule", "spec.ingress[0]")
    assert finding.message == "spec.ingress[0] of x/all allows everything that this rule allows"


def test_rules_that_cover_it_together() -> None:
    pairs = ("{port: 80}, {port: 81}", "{port: 81}, {port: 82}", "{port: 80}, {port: 82}")
    (finding,) = found(policy(f"{{ingress: [{', '.join(f'{{ports: [{pair}]}}' for pair in pairs)}]}}"))
    assert finding.path == "spec.ingress[2]"
    assert finding.message == "spec.ingress[0] and spec.ingress[1] allow everything that this rule allows"


@pytest.mark.parametrize(
    "rules",
    [
        "[{ports: [{port: 80}]}, {ports: [{port: 80, protocol: UDP}]}]",
        "[{ports: [{port: web}]}, {ports: [{port: 80}]}]",
        "[{ports: [{port: web}]}, {ports: [{port: web, protocol: UDP}]}]",
        "[{from: [{podSelector: {}}], ports: [{port: 80}]}, {from: [{namespaceSelector: {}}], ports: [{port: 81}]}]",
        "[{from: [{podSelector: {}}]}, {ports: [{protocol: TCP}, {protocol: UDP}, {protocol: SCTP}]}]",
        "[{from: [{podSelector: {}}]}, {from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]",
        "[{ports: [{port: 80}]}, {from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}]}]",
    ],
)
def test_rules_that_allow_something_of_their_own(rules: str) -> None:
    assert not found(policy(f"{{ingress: {rules}}}"))


def test_a_port_name_is_covered_by_all_ports_and_by_itself() -> None:
    name = "{from: [{podSelector: {}}], ports: [{port: web}]}"
    for wide in ("{ports: [{port: web}]}", "{ports: [{port: 1, endPort: 65535}]}", "{}"):
        assert findings(policy(f"{{ingress: [{name}, {wide}]}}")) == [("x/p", "redundant-rule", "spec.ingress[0]")]


def test_in_egress_everyone_on_a_name_means_the_pods_that_have_it() -> None:
    spec = "{{egress: [{{ports: [{{port: web}}]}}, {{to: [{}], ports: [{{port: web}}]}}]}}"
    assert findings(policy(spec.format("{namespaceSelector: {}}"))) == [("x/p", "redundant-rule", "spec.egress[1]")]
    assert findings(policy(spec.format("{podSelector: {}}"))) == [("x/p", "redundant-rule", "spec.egress[1]")]
    spec = "{{egress: [{{to: [{}], ports: [{{port: web}}]}}, {{ports: [{{port: web}}]}}]}}"
    assert findings(policy(spec.format("{namespaceSelector: {}}"))) == [("x/p", "redundant-rule", "spec.egress[1]")]
    assert findings(policy(spec.format("{podSelector: {}}"))) == [("x/p", "redundant-rule", "spec.egress[0]")]


def test_single_addresses_and_ports_are_covered() -> None:
    block = "from: [{ipBlock: {cidr: 10.0.0.3/32}}]"
    rules = f"[{{{block}, ports: [{{port: 80}}]}}, {{{block}, ports: [{{port: 80}}, {{port: 81}}]}}]"
    assert findings(policy(f"{{ingress: {rules}}}")) == [("x/p", "redundant-rule", "spec.ingress[0]")]


def test_only_a_repeated_rule_is_deleted_by_a_fix() -> None:
    same = "{from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}}]}"
    (twice,) = found(policy(f"{{ingress: [{{from: [{{{WEB}}}]}}, {same}]}}"))
    assert twice.fix == Fix("delete the rule", (Edit(("spec", "ingress", 1)),))
    (wider,) = found(policy(f"{{ingress: [{{from: [{{{WEB}}}]}}, {{}}]}}"))
    assert (wider.path, wider.fix) == ("spec.ingress[0]", None)


def test_a_rule_that_another_policy_covers_is_reported_without_a_fix() -> None:
    one = policy(f"{{{WEB}, ingress: [{{ports: [{{port: 80}}]}}], egress: [{{to: [{{{WEB}}}]}}, {{to: [{{{WEB}}}]}}]}}")
    findings = found(one, policy("{podSelector: {}, policyTypes: [Egress], egress: [{}]}", name="all"))
    assert [(finding.path, finding.fix) for finding in findings] == [("spec.egress[0]", None), ("spec.egress[1]", None)]
    assert {finding.hint for finding in findings} == {"delete it and write policyTypes, or narrow what covers it"}


def test_with_policy_types_nothing_needs_to_be_written() -> None:
    one = policy(f"{{{WEB}, policyTypes: [Egress], egress: [{{}}]}}", name="a")
    both = policy(f"{{{WEB}, policyTypes: [Ingress, Egress], egress: [{{}}]}}", name="b")
    (finding,) = found(one, both)
    assert (finding.subject, finding.code) == ("NetworkPolicy/x/a", "redundant-policy")
    two = policy(f"{{{WEB}, policyTypes: [Ingress], ingress: [{{}}, {{}}]}}")
    assert all_fixed(two, found(two)).spec.policy_types == ("Ingress",)


# -- redundant-policy, duplicate-policy ------------------------------------------------------------------------------


def test_a_policy_within_another() -> None:
    (one,) = found(policy(f"{{{WEB}, ingress: [{{from: [{{{WEB}}}]}}]}}"), policy(ALL, name="all"))
    assert (one.code, one.path, one.fix) == ("redundant-policy", "", None)
    assert one.message == (
        "deleting this policy changes nothing: x/all isolates the same pods and allows everything that it allows"
    )


def test_a_policy_within_several() -> None:
    one = policy(f"{{{WEB}, ingress: [{{ports: [{{port: 80}}]}}, {{ports: [{{port: 81}}]}}]}}")
    others = [policy(f"{{ingress: [{{ports: [{{port: {port}}}]}}]}}", name=f"p{port}") for port in (80, 81)]
    (finding,) = found(one, *others)
    assert finding.message == (
        "deleting this policy changes nothing: "
        "x/p80 and x/p81 isolate the same pods and allow everything that it allows"
    )


@pytest.mark.parametrize(
    "spec",
    [
        "{podSelector: {}, policyTypes: [Ingress, Egress]}",
        "{podSelector: {}, policyTypes: [Ingress]}",
        f"{{{WEB}, policyTypes: [Ingress]}}",
    ],
)
def test_default_denies_are_not_reported(spec: str) -> None:
    assert findings(policy(spec), policy(ALL, name="all")) == []


def test_an_equivalent_policy_is_a_duplicate() -> None:
    one = f"{{{WEB}, ingress: [{{from: [{{podSelector: {{}}}}], ports: [{{port: 80}}, {{port: 81}}]}}]}}"
    here = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}}"
    other = (
        "{podSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}, policyTypes: [Ingress],"
        f" ingress: [{{from: [{here}], ports: [{{port: 80, endPort: 81}}]}}]}}"
    )
    (finding,) = found(policy(one, name="a"), policy(other, name="b"))
    assert (finding.subject, finding.code, finding.path) == ("NetworkPolicy/x/b", "duplicate-policy", "")
    assert finding.message == "this policy is equivalent to x/a"


def test_duplicate_default_denies_are_reported() -> None:
    deny = "{podSelector: {}, policyTypes: [Ingress]}"
    assert findings(policy(deny, name="a"), policy(deny, name="b")) == [("x/b", "duplicate-policy", "")]


@pytest.mark.parametrize(
    "other",
    [
        policy(ALL, name="q", namespace="y"),
        policy(ALL.replace("podSelector: {}, ", f"{WEB}, "), name="q", namespace="y"),
        policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}", name="q"),
        policy("{podSelector: {}, ingress: [{from: [{podSelector: {}}, {}]}]}", name="q"),
    ],
)
def test_policies_that_have_nothing_to_do_with_each_other(other: NetworkPolicy) -> None:
    assert findings(policy(ALL), other) == []


# -- all -------------------------------------------------------------------------------------------------------------


def test_findings_have_places() -> None:
    text = "\n".join(
        [
            "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a},",
            " spec: {podSelector: {}, ingress: [",
            "  {from: [{podSelector: {}},",
            "    {podSelector: {matchLabels: {app: web}}}]},",
            "  {from: [{podSelector: {}}], ports: [{port: 80}]}]}}",
        ]
    )
    places = [(one.code, one.location and (one.location.line, one.location.column)) for one in found_in(text, *CODES)]
    assert places == [("redundant-peer", (4, 5)), ("redundant-rule", (5, 3))]


def without(literal: ClusterObjects, findings: Iterable[Finding]) -> ClusterObjects:
    """The cluster after all that is found has been deleted."""
    findings = [one if one.fix else replace(one, fix=deletion(one)) for one in findings]
    gone = {one.subject for one in findings if one.code in WHOLE}
    kept = [one for one in literal.policies if one.display_name not in gone]
    return replace(literal, policies=tuple(all_fixed(one, findings) for one in kept))


def deletion(finding: Finding) -> Fix | None:
    """What a reader does after a finding without a fix."""
    path = path_steps(finding.path)
    types = [Edit(("spec", "policyTypes"), ["Ingress", "Egress"])] if "write policyTypes" in finding.hint else []
    return Fix("delete the item", (Edit(path), *types)) if path else None


def passes(verdict: PacketVerdict) -> tuple[bool, ...]:
    """What pods notice of a verdict: not which policies are responsible."""
    sides = (verdict.egress, verdict.ingress)
    return tuple(answer for side in sides for answer in (side.allowed, side.isolated))


@LARGE_EXAMPLES
@given(
    st.lists(clusters.pods() | clusters.namespaces, max_size=8),
    overlapping.policies(),
    st.randoms(use_true_random=False),
)
def test_all_that_is_reported_can_be_deleted_without_changing_a_verdict(
    objects: list[Namespace | Pod], policies: list[NetworkPolicy], random: Random
) -> None:
    before = clusters.cluster([*objects, *policies])
    findings = Cluster.of([*objects, *policies]).lint(CODES)
    for code in {one.code for one in findings}:
        event(code)
    afters = [without(before, findings), *(without(before, [one]) for one in findings[:3])]
    for packet in clusters.probes(before, random):
        expected = passes(allowed(before, packet))
        assert all(passes(allowed(after, packet)) == expected for after in afters)


@LARGE_EXAMPLES
@given(overlapping.policies())
def test_nothing_more_is_found_after_that_in_whatever_order(policies: list[NetworkPolicy]) -> None:
    before = clusters.cluster([*policies])
    findings = Cluster.of(before.policies).lint(CODES)
    assert list(map(str, findings)) == list(map(str, Cluster.of(before.policies[::-1]).lint(CODES)))
    assert not Cluster.of(without(before, findings).policies).lint(CODES)
