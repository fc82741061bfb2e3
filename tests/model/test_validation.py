"""NetworkPolicy validation: every line of observed upstream output, then order, early exits and switches."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from haechi.model import Gates, KubernetesVersion, NetworkPolicy, validate, warnings

GOLDEN = Path(__file__).parent / "golden" / "validation.txt"
_VALUE = re.compile(r'(?:CIDR value|Invalid value:) "(.*?)"')


def sections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in GOLDEN.read_text().splitlines():
        if line.startswith("== "):
            current = found.setdefault(line[3:], [])
        elif not line.startswith("#"):
            current.append(line)
    return found


SECTIONS = sections()


def policy(spec: object = None, **metadata: object) -> NetworkPolicy:
    data = {"metadata": {"name": "x", "namespace": "default", **metadata}, "spec": spec or {}}
    return msgspec.convert(data, NetworkPolicy)


def with_port(**port: object) -> NetworkPolicy:
    return policy({"ingress": [{"ports": [port]}]})


def with_peer(**peer: object) -> NetworkPolicy:
    return policy({"ingress": [{"from": [peer]}]})


def said(subject: NetworkPolicy, version: str = "1.37", gates: Gates | None = None) -> list[str]:
    return [str(error) for error in validate(subject, KubernetesVersion.parse(version), gates or Gates())]


def judged(cidr: str, *, strict: bool) -> list[str]:
    """What the golden file prints for a block; an empty one is put where it is not merely missing."""
    block = {"cidr": cidr} if cidr else {"cidr": "::/0", "except": [""]}
    gates = Gates(strict_cidrs=strict)
    subject = with_peer(ipBlock=block)
    errors = [f"E {text}".replace("except[0]", "cidr") for text in said(subject, gates=gates)]
    doubts = [f"W {text}" for _, text in warnings(subject, KubernetesVersion(37), gates)]
    return errors or doubts or [f"OK {cidr}"]


def cidr_of(line: str) -> str:
    found = _VALUE.search(line)
    return found[1] if found else line.removeprefix("OK ")


@pytest.mark.parametrize("strict", [False, True])
def test_cidr_blocks_are_judged_as_observed(strict: bool) -> None:
    """Both sections of the golden file, whole: no line missing, none more."""
    lines = SECTIONS[f"strict {str(strict).lower()}"]
    cidrs = dict.fromkeys(cidr_of(line) for line in lines)
    assert [line for cidr in cidrs for line in judged(cidr, strict=strict)] == lines


_TWO: list[dict[str, object]] = [{"podSelector": {}}, {"podSelector": {}}]
PORTS: list[tuple[NetworkPolicy, int]] = [
    (with_port(port=0), 1),
    (with_port(port=-1), 1),
    (with_port(port=65536), 1),
    (with_port(port=""), 2),
    (with_port(port="80"), 1),
    (with_port(port="Http"), 1),
    (with_port(port="a_b"), 1),
    (with_port(port="-a"), 1),
    (with_port(port="a-"), 1),
    (with_port(port="a--b"), 1),
    (with_port(port="averyveryverylongname"), 1),
    (with_port(port="!@#$"), 2),
    (with_port(port="é"), 2),
    (with_port(port="a\n"), 1),
    (with_port(port=80, endPort=79), 1),
    (with_port(protocol="ICMP"), 1),
    (with_port(protocol=""), 1),
    (with_port(protocol="<a&b>"), 1),
    (policy({"policyTypes": ["Ingress", "Egress", "Ingress"]}), 1),
    (policy({"policyTypes": ["ingress"]}), 1),
    (with_peer(ipBlock={"cidr": ""}), 1),
    (policy({"egress": [{}, {"to": [*_TWO, {}]}]}), 1),
    (policy({"egress": [{}, {"to": [*_TWO, {"podSelector": {}, "ipBlock": {"cidr": "::/0"}}]}]}), 1),
    (policy({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Foo"}]}}), 1),
]


def test_ports_and_shapes_are_judged_as_observed() -> None:
    """The section `ports` of the golden file, whole."""
    found = [said(subject) for subject, _ in PORTS]
    assert [len(errors) for errors in found] == [count for _, count in PORTS]
    assert [error for errors in found for error in errors] == SECTIONS["ports"]


@pytest.mark.parametrize("section", ["label keys", "label values"])
def test_labels_are_judged_as_observed(section: str) -> None:
    """Keys and values of matchLabels."""
    lines = SECTIONS[section]
    found = []
    for text in dict.fromkeys(cidr_of(line) for line in lines):
        key, _, value = ("k", "", text) if section == "label values" else (text, "", "v")
        found += said(policy({"podSelector": {"matchLabels": {key: value}}}))
    assert found == lines


@pytest.mark.parametrize("line", SECTIONS["names"])
def test_names_are_judged_as_observed(line: str) -> None:
    """Names and namespaces."""
    field = "namespace" if line.startswith("metadata.namespace") else "name"
    assert line in said(policy(**{field: cidr_of(line)}))


def test_every_section_of_the_golden_file_is_used() -> None:
    """A new section would need a new test; the last three are about printing, not about validation."""
    used = {"strict false", "strict true", "ports", "label keys", "label values", "names"}
    assert set(SECTIONS) - used == {"agg", "labels.NewRequirement errs"}


def test_errors_come_in_the_order_of_the_server() -> None:
    """Metadata, pod selector, ingress (ports before peers), egress, policyTypes."""
    subject = policy(
        {
            "policyTypes": ["x"],
            "egress": [{"to": [{}], "ports": [{"port": 0}]}],
            "ingress": [{"from": [{}], "ports": [{"port": 0, "protocol": "x"}]}],
            "podSelector": {"matchLabels": {"-": "v"}},
        },
        name="X",
        annotations={"-": ""},
    )
    assert [error.field for error in validate(subject)] == [
        "metadata.name",
        "metadata.annotations",
        "spec.podSelector.matchLabels",
        "spec.ingress[0].ports[0].protocol",
        "spec.ingress[0].ports[0].port",
        "spec.ingress[0].from[0]",
        "spec.egress[0].ports[0].port",
        "spec.egress[0].to[0]",
        "spec.policyTypes[0]",
    ]


def test_three_policy_types_are_one_error_whatever_they_are() -> None:
    """The early exit: unknown values are not told then."""
    assert len(said(policy({"policyTypes": ["a", "b", "c"]}))) == 1


@pytest.mark.parametrize(("cidr", "expected"), [("", ["Required value"]), ("bad", ["Invalid value"])])
def test_an_unusable_cidr_hides_its_excepts(cidr: str, expected: list[str]) -> None:
    """Early exit of an ipBlock."""
    errors = validate(with_peer(ipBlock={"cidr": cidr, "except": ["also bad"]}))
    assert [error.type.words for error in errors] == expected


@pytest.mark.parametrize(
    ("cidr", "inside", "outside"),
    [
        ("10.0.0.0/8", ["10.0.0.0/9", "10.1.2.3/32"], ["10.0.0.0/8", "0.0.0.0/0", "11.0.0.0/9", "::/96", "2001::/9"]),
        ("2001:db8::/32", ["2001:db8::/33", "2001:db8:ffff::/48"], ["2001:db8::/32", "2001:db9::/33", "10.0.0.0/33"]),
        ("::/0", ["::/1"], ["10.0.0.0/8"]),
    ],
)
def test_except_must_be_a_strict_subset(cidr: str, inside: list[str], outside: list[str]) -> None:
    """Equal, wider, disjoint and of the other family are refused."""
    errors = validate(with_peer(ipBlock={"cidr": cidr, "except": [*inside, *outside]}))
    assert {error.path[-1] for error in errors} == set(range(len(inside), len(inside) + len(outside)))


def test_a_bad_except_does_not_hide_the_next() -> None:
    """Only its own subset check is skipped."""
    errors = said(with_peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["", " ", "11.0.0.0/9"]}))
    assert [error.split(":")[0][-9:] for error in errors] == ["except[0]", "except[1]", "except[2]"]
    assert errors[2].endswith("must be a strict subset of `cidr`")


@pytest.mark.parametrize(
    ("port", "detail"),
    [
        ({"endPort": 90}, "may not be specified when `port` is not specified"),
        ({"port": "web", "endPort": 90}, "may not be specified when `port` is non-numeric"),
        ({"port": 80, "endPort": 70000}, "must be between 1 and 65535, inclusive"),
    ],
)
def test_end_port_needs_a_number_before_it(port: dict[str, object], detail: str) -> None:
    """Each way in which endPort can be out of place."""
    assert [error.detail for error in validate(with_port(**port))] == [detail]


def test_end_port_zero_is_a_value_and_wrong_twice() -> None:
    """Zero is not absent: it is below port and outside the range."""
    assert len(validate(with_port(port=80, endPort=0))) == 2


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"podSelector": {}, "ingress": [], "egress": []},
        {"ingress": [{}], "egress": [{"to": [], "ports": []}]},
        {"policyTypes": ["Ingress", "Ingress"]},
        {"policyTypes": ["Egress"], "ingress": [{"from": [{"podSelector": {}, "namespaceSelector": {}}]}]},
        {
            "ingress": [
                {"ports": [{}, {"protocol": "UDP"}, {"port": 80}, {"port": "web"}, {"protocol": "SCTP", "port": 7777}]}
            ]
        },
        {"ingress": [{"ports": [{"port": 80, "endPort": 80}, {"port": 1, "endPort": 65535}]}]},
        {"egress": [{"to": [{"ipBlock": {"cidr": "fe80::/10", "except": ["fe80:1::/32", "fe80:2::/32"]}}]}]},
        {"podSelector": {"matchExpressions": [{"key": "a.b/c", "operator": "In", "values": ["", "x"]}]}},
        {"podSelector": {"matchExpressions": [{"key": "c", "operator": "DoesNotExist"}]}},
    ],
)
def test_good_policies_have_neither_errors_nor_warnings(spec: dict[str, object]) -> None:
    """The good cases of upstream's own tests, and the quirks that it accepts."""
    assert said(policy(spec)) == []
    assert warnings(policy(spec)) == ()


@pytest.mark.parametrize("selector", [{"matchLabels": {"NoUppercaseOrSpecialCharsLike=Equals": "b"}}])
@pytest.mark.parametrize("place", ["podSelector", "namespaceSelector"])
def test_selectors_of_peers_are_checked_like_the_policys(selector: dict[str, object], place: str) -> None:
    """Same rules, other path."""
    assert [e.field for e in validate(with_peer(**{place: selector}))] == [
        f"spec.ingress[0].from[0].{place}.matchLabels"
    ]


def test_sctp_is_refused_where_its_gate_is_off() -> None:
    """What API servers before 1.19 said."""
    gates = Gates(sctp=False)
    assert said(with_port(protocol="SCTP", port=80), gates=gates) == [
        'spec.ingress[0].ports[0].protocol: Unsupported value: "SCTP": supported values: "TCP", "UDP"'
    ]
    assert said(with_port(protocol="UDP", port=80), gates=gates) == []


def test_doubtful_blocks_become_errors_in_1_36() -> None:
    """The version decides where no gate is given; older warnings speak of a future release."""
    subject = with_peer(ipBlock={"cidr": "010.0.0.0/8"})
    assert said(subject, "1.35") == []
    (_, text), *others = warnings(subject, KubernetesVersion(35))
    assert text.endswith('"010.0.0.0/8" will be considered invalid in a future Kubernetes release: use "10.0.0.0/8"')
    assert not others
    assert len(said(subject, "1.36")) == 1
    assert warnings(subject, KubernetesVersion(36)) == ()


def test_a_policy_without_a_name_needs_one_unless_it_is_generated() -> None:
    """generateName is enough, and may end in a dash."""
    assert said(policy(name="")) == ["metadata.name: Required value: name or generateName is required"]
    assert said(policy(name="", generateName="x-")) == []
    assert [e.field for e in validate(policy(name="", generateName="Xy-"))] == [
        "metadata.generateName",
        "metadata.name",
    ]
    (error,) = said(policy(name="", generateName="--"))
    assert error.startswith('metadata.name: Invalid value: "--xxxxx"')
