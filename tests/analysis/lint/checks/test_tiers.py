"""The order of rules in tiers: what is reported can be deleted, alone and all at once, and idioms are not reported."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Finding, run_checks
from haechi.analysis.lint.checks.tiers import CHECKS, undefined_order
from haechi.model import Edit, NetworkPolicy, Path, TierPolicy, default, path_steps
from haechi.reference import allowed
from tests import clusters, tier_words
from tests.analysis.lint.fixing import edited
from tests.analysis.lint.linting import LARGE_EXAMPLES
from tests.building import namespace, pod, policy, tier_policy
from tests.generator import Object as _Object

Object = _Object | TierPolicy
WEB = pod("x/web", "10.0.0.1", marks="app=web")
DB = pod("y/db", "10.0.0.2", marks="app=db")
SPACES = namespace("x", "team=a"), namespace("y", "team=b")
EVERYONE, NETWORKS = "{namespaces: {}}", "{networks: [0.0.0.0/0, '::/0']}"
SSH = "protocols: [{tcp: {destinationPort: {number: 22}}}]"


def app(name: str) -> str:
    return f"{{pods: {{podSelector: {{matchLabels: {{app: {name}}}}}}}}}"


def team(name: str) -> str:
    return f"{{namespaces: {{matchLabels: {{team: {name}}}}}}}"


def tier(
    *rules: str, name: str = "t", kind: str = "Admin", priority: int = 1, subject: str = EVERYONE, to: str = "ingress"
) -> TierPolicy:
    spec = f"{{tier: {kind}, priority: {priority}, subject: {subject}, {to}: [{', '.join(rules)}]}}"
    return tier_policy(spec, name=name)


def rule(action: str, *peers: str, on: str = "", word: str = "from") -> str:
    return f"{{action: {action}, {word}: [{', '.join(peers)}]{f', {on}' if on else ''}}}"


def found(*objects: Object) -> tuple[Finding, ...]:
    return run_checks(Cluster.of([WEB, DB, *SPACES, *objects]), CHECKS)


def findings(*objects: Object) -> list[str]:
    return [f"{one.code} {one.subject} {one.path}: {one.message}" for one in found(*objects)]


IDIOMS = {
    "a denial with exceptions": [tier(rule("Accept", app("web")), rule("Deny", EVERYONE))],
    "exceptions of a lower priority number": [
        tier(rule("Accept", app("web")), name="a"),
        tier(rule("Deny", EVERYONE), name="b", priority=2),
    ],
    "no ssh, whatever else is accepted": [tier(rule("Deny", EVERYONE, on=SSH), rule("Accept", app("monitor")))],
    "tenants, who decide about themselves": [
        tier(rule("Pass", team("a")), rule("Deny", EVERYONE), subject=team("a"), name="a"),
        tier(rule("Pass", team("b")), rule("Deny", EVERYONE), subject=team("b"), name="b"),
    ],
    "namespaces that decide themselves": [tier(rule("Pass", EVERYONE), subject=team("a"))],
    "a default that policies override": [
        tier(rule("Deny", EVERYONE), kind="Baseline"),
        policy("{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {}}]}]}"),
    ],
    "a default with exceptions": [tier(rule("Pass", team("a")), rule("Deny", EVERYONE), kind="Baseline")],
    "pods, and then everything else": [
        tier(rule("Pass", EVERYONE, word="to"), rule("Deny", "{nodes: {}}", NETWORKS, word="to"), to="egress"),
    ],
    "DNS that policies allow as well": [
        tier(rule("Accept", EVERYONE, on=SSH)),
        policy("{ingress: [{from: [{podSelector: {}}], ports: [{port: 22}]}]}"),
    ],
    "one priority, and agreement": [
        tier(rule("Deny", EVERYONE, on=SSH), name="a"),
        tier(rule("Deny", app("db")), name="b"),
    ],
    "one priority, and different pods": [
        tier(rule("Accept", EVERYONE), name="a", subject=app("web")),
        tier(rule("Deny", EVERYONE), name="b", subject=app("db")),
    ],
    "names of hosts, which match nothing yet": [
        tier("{action: Accept, to: [{domainNames: [a.example]}]}", rule("Deny", NETWORKS, word="to"), to="egress")
    ],
}


@pytest.mark.parametrize("objects", IDIOMS.values(), ids=IDIOMS.keys())
def test_idioms_are_not_reported(objects: list[Object]) -> None:
    assert findings(*objects) == []


def test_a_rule_and_an_item_that_never_decide_are_reported_with_what_decides() -> None:
    first = tier(rule("Deny", app("web")), rule("Deny", app("web"), app("db")), rule("Pass", app("db")))
    assert findings(first) == [
        (
            "unreachable-rule ClusterNetworkPolicy/t spec.ingress[1].from[0]: this item never decides: "
            "spec.ingress[0] matches all of it before"
        ),
        (
            "unreachable-rule ClusterNetworkPolicy/t spec.ingress[2]: this rule never decides: "
            "spec.ingress[1] matches all of it before"
        ),
    ]
    baseline = tier(rule("Deny", app("web")), name="base", kind="Baseline")
    (message,) = findings(tier(rule("Accept", EVERYONE)), baseline)
    assert message.endswith(
        "this rule never decides: spec.ingress[0] of ClusterNetworkPolicy/t matches all of it before"
    )


def test_an_exception_after_a_denial_is_reported() -> None:
    late = tier(rule("Accept", app("web"), on=SSH), priority=2, name="late")
    assert findings(tier(rule("Deny", EVERYONE)), late) == [
        (
            "exception-after-deny ClusterNetworkPolicy/late spec.ingress[0]: this exception has no effect: "
            "spec.ingress[0] of ClusterNetworkPolicy/t denies all of it before"
        )
    ]
    some = tier(rule("Deny", team("a")), rule("Accept", team("a"), team("b")))
    assert [text.split(":")[0].split()[-1] for text in findings(some)] == ["spec.ingress[1].from[0]"]


def test_what_the_admin_tier_denies_of_a_policy_is_reported() -> None:
    one = policy(
        "{ingress: [{from: [{podSelector: {}}, {ipBlock: {cidr: 192.0.2.0/24}}]}, {from: [{podSelector: {}}]}]}"
    )
    name = "spec.ingress[0] of ClusterNetworkPolicy/t"
    assert findings(tier(rule("Deny", EVERYONE)), one) == [
        (
            "policy-without-effect NetworkPolicy/x/p spec.ingress[0].from[0]: this item has no effect: "
            f"{name} decides all of it before"
        ),
        (
            "policy-without-effect NetworkPolicy/x/p spec.ingress[1]: this rule has no effect: "
            f"{name} decides all of it before"
        ),
    ]


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (
            rule("Accept", EVERYONE),
            rule("Deny", app("db")),
            "y/db (10.0.0.2) may connect to x/web on TCP 1",
        ),
        (rule("Deny", EVERYONE, on=SSH), rule("Pass", team("b")), "y/db (10.0.0.2) may connect to x/web on TCP 22"),
    ],
)
def test_an_undefined_order_is_reported_with_a_connection(one: str, other: str, what: str) -> None:
    found = run_checks(Cluster.of([WEB, DB, *SPACES, tier(one, name="a"), tier(other, name="b")]), [undefined_order])
    (finding,) = found
    assert (finding.subject, finding.path) == ("ClusterNetworkPolicy/b", "spec.priority")
    assert finding.message == f"ClusterNetworkPolicy/a has the same priority, and their order decides whether {what}"


def test_an_order_that_decides_nothing_is_not_reported() -> None:
    one, other = rule("Accept", EVERYONE), rule("Deny", EVERYONE)
    pairs = {
        kind: [tier(text, name=name, kind=kind, priority=2) for name, text in (("a", one), ("b", other))]
        for kind in ("Admin", "Baseline")
    }
    assert findings(*pairs["Admin"]) != []
    assert findings(*pairs["Baseline"]) != []
    first = tier(rule("Deny", EVERYONE), name="first")
    codes = [{text.split()[0] for text in findings(first, *pair)} for pair in pairs.values()]
    assert not any("undefined-order" in some for some in codes)
    isolating = [policy("{ingress: []}"), policy("{ingress: []}", namespace="y")]
    assert findings(*pairs["Baseline"], *isolating) == []


def without(objects: Iterable[Object], findings: Iterable[Finding]) -> list[Object]:
    """The objects without what findings are about; a policy without any rule left still isolates."""
    paths: dict[str, set[Path]] = {}
    for one in findings:
        steps = path_steps(one.path)
        paths.setdefault(one.subject, set()).add(steps[:-1] if steps[-1] == "action" else steps)
    return [
        edited(default(one) if isinstance(one, NetworkPolicy) else one, map(Edit, paths[one.display_name]))
        if isinstance(one, NetworkPolicy | TierPolicy) and one.display_name in paths
        else one
        for one in objects
    ]


@LARGE_EXAMPLES
@given(
    st.lists(clusters.objects(), max_size=6),
    st.lists(tier_words.tier_policies() | tier_words.old_policies() | tier_words.nodes(), min_size=1, max_size=5),
    st.sampled_from(
        [
            [],
            [tier(rule("Deny", EVERYONE), name="all")],
            [tier(rule("Deny", team("a"), NETWORKS, word="to"), name="all", to="egress")],
        ]
    ),
    st.lists(clusters.pods() | clusters.namespaces, max_size=3),
    st.randoms(use_true_random=False),
)
def test_all_that_is_reported_can_be_deleted_now_and_for_pods_to_come(
    found: list[Object], tiers: list[Object], denials: list[Object], to_come: list[Object], random: Random
) -> None:
    cluster = Cluster.of([*found, *tiers, *denials])
    objects = [*cluster.objects]
    reported = [
        one
        for one in run_checks(cluster, CHECKS)
        if one.code != "undefined-order" and not (isinstance(one, NetworkPolicy) and not one.spec.policy_types)
    ]
    for code in {one.code for one in reported}:
        event(code)
    for some in (reported[:1], reported[-1:], reported):
        for more in ([], to_come):
            before = clusters.cluster([*objects, *more])
            after = clusters.cluster([*without(objects, some), *more])
            probes = clusters.probes(before, random)
            for packet in random.sample(probes, min(len(probes), 60)) if some else ():
                assert allowed(before, packet).allowed == allowed(after, packet).allowed
