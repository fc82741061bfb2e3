"""Problems on standard error, and what is left of input that has some."""

from __future__ import annotations

import io
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from haechi import Cluster
from haechi.cli.arguments import InputOptions, Verbosity
from haechi.cli.failure import CommandError, ExitCode, unknown_name
from haechi.cli.input import (
    answered,
    read,
    read_each,
    read_on,
    skipped_as_errors,
    write_problem,
    write_skipped,
)
from haechi.cli.rules import Rules
from haechi.cli.terminal import Terminal
from haechi.model import Code, Location, ObjectName, Problem, Severity
from tests.cli import manifests

Captured = pytest.CaptureFixture[str]


def problem(severity: Severity, message: str = "words") -> Problem:
    return Problem(severity, Code.INVALID, message, Location("a b.yaml", 3, 7), ObjectName("Pod", "a", "b"))


@pytest.mark.parametrize(("severity", "colour"), [(Severity.ERROR, 31), (Severity.WARNING, 33)])
def test_the_severity_is_coloured_in_a_window_only(severity: Severity, colour: int) -> None:
    window, file = io.StringIO(), io.StringIO()
    write_problem(Terminal(window, interactive=True, colours=True, width=80), problem(severity))
    write_problem(Terminal(file), problem(severity))
    assert window.getvalue() == f"a b.yaml:3:7: \x1b[{colour}m{severity}:\x1b[0m Pod/a/b: words\n"
    assert file.getvalue() == f"a b.yaml:3:7: {severity}: Pod/a/b: words\n"


def test_skipped_documents_are_one_line_or_with_verbose_a_line_each() -> None:
    foreign = [problem(Severity.SKIPPED, f"{kind} of v1 is not used") for kind in ("Secret", "ConfigMap", "Secret")]
    again = replace(problem(Severity.SKIPPED, "the file was read already"), code=Code.ALREADY_READ)
    skipped = [replace(one, code=Code.UNKNOWN_KIND) for one in foreign]
    written = {}
    for verbosity in Verbosity:
        text = io.StringIO()
        write_skipped(Terminal(text), [*skipped, again], verbosity)
        written[verbosity] = text.getvalue().splitlines()
    assert written[Verbosity.QUIET] == []
    assert written[Verbosity.NORMAL] == [
        str(again),
        "skipped: 3 documents of 2 kinds that Haechi does not use (-v lists them)",
    ]
    assert written[Verbosity.VERBOSE] == [*map(str, skipped), str(again)]


def test_feature_gates_may_be_given_apart_or_together() -> None:
    apart = Rules.parse("1.33", ["SCTPSupport=false", "StrictIPCIDRValidation=true"])
    assert apart == Rules.parse("v1.33.1", ["SCTPSupport=false,StrictIPCIDRValidation=true"])
    assert (apart.version.minor, apart.gates.sctp, apart.gates.strict_cidrs) == (33, False, True)


@pytest.mark.parametrize(
    ("version", "gates", "argument"), [("3", [], "--kubernetes-version"), (None, ["x"], "--feature-gates")]
)
def test_rules_that_say_nothing_are_refused_by_their_argument(
    version: str | None, gates: list[str], argument: str
) -> None:
    with pytest.raises(CommandError) as caught:
        Rules.parse(version, gates)
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    ("known", "hint"),
    [
        (["node-1", "node-2", "x"], "did you mean node-2 or node-1?"),
        (["x", "y"], "there is: x, y"),
        ([f"x{number}" for number in range(10, 30)], "there is: x10, x11, x12, x13, x14, x15, x16, x17 and 12 more"),
        ([], "there is none"),
    ],
)
def test_an_unknown_name_comes_with_what_there_is(known: list[str], hint: str) -> None:
    assert unknown_name("--node", "node-", known, "a node").hints == (hint,)


# -- reading on --------------------------------------------------------------------------------------------------------

GOOD = {
    "a policy": manifests.GOOD,
    "a server": manifests.POD,
    "a client": manifests.OTHER_POD,
    "a namespace": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n",
    "another policy": """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: quiet, namespace: shop}
spec: {podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{ports: [{port: 8080}]}]}
""",
}


def _policy(name: str, spec: str, namespace: str = "shop") -> str:
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
    return f"{head}metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"


BROKEN = {
    "no YAML": ("a: [\n", ""),
    "no object": ("just text\n", ""),
    "no kind": ("apiVersion: v1\nmetadata: {name: a}\n", ""),
    "a removed version": ("apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: a}\n", ""),
    "a pod whose labels are a list": ("apiVersion: v1\nkind: Pod\nmetadata: {name: b, labels: [a]}\n", ""),
    "a pod at no address": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: shop}\nstatus: {podIPs: [{ip: 10.0.0.999}]}\n",
        "",
    ),
    "a host with an unknown field": (
        "apiVersion: haechi/v1alpha1\nkind: ExternalHost\nmetadata: {name: h}\nspec: {address: [1.2.3.4]}\n",
        "",
    ),
    "a policy with an unknown field": (
        _policy("typo", "{podSelector: {}, ingres: []}"),
        _policy("typo", "{podSelector: {}, policyTypes: [Ingress, Egress]}"),
    ),
    "a policy with a port that is a list": (
        _policy("odd", "{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: [80]}]}, {}]}"),
        _policy("odd", "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}"),
    ),
    "a policy with a CIDR that is none": (
        _policy(
            "block", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}, {ports: [{port: 9}]}]}"
        ),
        _policy("block", "{podSelector: {}, ingress: [{ports: [{port: 9}]}]}"),
    ),
    "a policy with a selector that is none": (
        _policy("some", "{podSelector: {matchExpressions: [{key: app, operator: Is}]}, ingress: [{}]}"),
        _policy("some", "{podSelector: {}, policyTypes: [Ingress]}"),
    ),
}
"""Documents with errors, and what each must count as: nothing, or a policy that the API server would take."""


def _cluster(documents: list[str]) -> tuple[Cluster, int]:
    """The cluster of some documents as a question has it, and the number of errors."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "input.yaml")
        path.write_text("---\n".join(documents))
        found = read_on([str(path)], InputOptions())
    return Cluster.of(found.manifests), len(found.errors)


@given(st.lists(st.sampled_from(sorted(BROKEN)), unique=True), st.randoms(use_true_random=False))
def test_what_cannot_be_used_changes_nothing_but_what_it_is_said_to(broken: list[str], random: object) -> None:
    texts = [*GOOD.values(), *(BROKEN[name][0] for name in broken)]
    assert hasattr(random, "shuffle")
    random.shuffle(texts)
    expected, none = _cluster([*GOOD.values(), *(text for name in broken if (text := BROKEN[name][1]))])
    found, errors = _cluster(texts)
    event(f"{len(broken)} broken")
    assert none == 0
    assert errors >= len(broken)
    assert found.connections() == expected.connections()


@pytest.mark.parametrize("name", BROKEN)
def test_every_broken_document_is_told_with_its_place(tmp_path: Path, capsys: Captured, name: str) -> None:
    path = tmp_path / "input.yaml"
    path.write_text("---\n".join((manifests.GOOD, BROKEN[name][0], manifests.POD)))
    begin, end = manifests.GOOD.count("\n") + 2, manifests.GOOD.count("\n") + 3 + BROKEN[name][0].count("\n")
    found = read_on([str(path)], InputOptions())
    assert found.errors
    assert capsys.readouterr().err.splitlines() == [str(error) for error in found.errors]
    for error in found.errors:
        assert error.location.file == str(path)
        assert begin <= error.location.line <= end
        assert error.location.column


def test_the_first_of_two_objects_with_one_name_counts(tmp_path: Path) -> None:
    path = tmp_path / "input.yaml"
    path.write_text("---\n".join((manifests.POD, manifests.POD.replace("10.0.0.1", "10.0.0.7"))))
    found = read_on([str(path)], InputOptions())
    assert [one.code for one in found.errors] == [Code.DUPLICATE_OBJECT]
    assert Cluster.of(found.manifests).engine.endpoints


@pytest.mark.parametrize("metadata", ["{generateName: a-, namespace: shop}", "{namespace: shop}"])
def test_objects_without_a_name_do_not_stand_for_one_another(tmp_path: Path, metadata: str) -> None:
    path = tmp_path / "input.yaml"
    policies = [
        _policy("x", f"{{podSelector: {{matchLabels: {{app: {app}}}}}}}").replace(
            "{name: x, namespace: shop}", metadata
        )
        for app in ("web", "client")
    ]
    pods = (manifests.POD, manifests.OTHER_POD)
    path.write_text("---\n".join([*policies, *pods, *(pod.replace("name: ", "generateName: ", 1) for pod in pods)]))
    cluster = Cluster.of(read_on([str(path)], InputOptions()).manifests)
    assert len(cluster.policies) == 2
    assert len(cluster.pods) == 4
    assert cluster.connections(external=False) == ()  # both policies close what they select


def test_sound_input_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "input.yaml"
    path.write_text(manifests.CLUSTER)
    found = read_on([str(path)], InputOptions())
    assert found.objects == read([str(path)], InputOptions()).objects
    assert answered(ExitCode.FOUND, found) is ExitCode.FOUND


MISSPELT_TIER = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: closed}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  egress: [{action: Deny, to: [{namespacez: {}}]}, {action: Accept, to: [{namespaces: {}}]}]
"""


def test_a_policy_of_a_tier_with_an_error_stays_and_fails_closed(tmp_path: Path) -> None:
    path = tmp_path / "input.yaml"
    path.write_text("---\n".join([MISSPELT_TIER, manifests.POD, manifests.OTHER_POD]))
    found = read_on([str(path)], InputOptions())
    cluster = Cluster.of(found.manifests)
    (policy,) = cluster.engine.tier_policies.values()
    assert [(rule.action, rule.peers.anywhere) for rule in policy.egress] == [("Deny", True), ("Accept", False)]
    with pytest.raises(CommandError, match="the unreadable parts of 1 policy are treated as deny"):
        answered(ExitCode.GOOD, found)


HOST_BITS = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: bits, namespace: shop}
spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.5/8}}]}]}
"""


def test_the_last_word_is_what_the_answer_is_without(tmp_path: Path) -> None:
    for name, text in (
        ("good", manifests.GOOD),
        ("one", "a: [\n"),
        ("two", manifests.BAD),
        ("three", manifests.MISSPELT),
        ("four", HOST_BITS),
    ):
        (tmp_path / f"{name}.yaml").write_text(text)
    words = "the answer excludes unreadable input"
    one = "the unreadable parts of 1 policy are treated as deny"
    two = "the unreadable parts of 2 policies are treated as deny"
    for names, message in (
        (["good", "one"], f"an error in the input, see above: {words}"),
        (
            ["good", "two"],
            f"2 errors in the input, see above: {words}; {one}",
        ),
        (
            ["one", "two", "three"],
            f"4 errors in the input, see above: {words}; {two}",
        ),
        (
            ["good", "four"],
            "an error in the input, see above: 1 policy that the API server rejects is read as written",
        ),
    ):
        found = read_on([str(tmp_path / f"{name}.yaml") for name in names], InputOptions())
        with pytest.raises(CommandError) as caught:
            answered(ExitCode.GOOD, found)
        assert str(caught.value) == message


@pytest.mark.parametrize("what", ["nothing", "a folder without manifests", "a pipe", "UTF-16 text"])
def test_a_path_that_cannot_be_read_at_all_refuses_the_whole(tmp_path: Path, capsys: Captured, what: str) -> None:
    good, path = tmp_path / "good.yaml", tmp_path / "input.yaml"
    good.write_text(manifests.CLUSTER)
    match what:
        case "a folder without manifests":
            path.mkdir()
        case "a pipe":
            os.mkfifo(path)
        case "UTF-16 text":
            path.write_bytes(manifests.POD.encode("utf-16"))
    with pytest.raises(CommandError, match=r"^an error in the input, see above; nothing was answered$"):
        read_on([str(good), f"{tmp_path}/./input.yaml"], InputOptions())
    assert capsys.readouterr().err.startswith(f"{path}: error: ")


def test_a_file_of_a_folder_that_cannot_be_read_is_an_error_like_others(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(manifests.CLUSTER)
    os.mkfifo(tmp_path / "pipe.yaml")
    found = read_on([str(tmp_path)], InputOptions())
    assert (len(found.objects), [one.code for one in found.errors]) == (3, [Code.UNREADABLE])


@pytest.mark.parametrize("text", ["", "a: [\n", BROKEN["a pod at no address"][0]])
def test_input_of_which_no_object_is_left_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "input.yaml"
    path.write_text(text)
    with pytest.raises(CommandError, match="nothing was answered"):
        read_on([str(path)], InputOptions())


def test_both_inputs_are_told_before_either_is_refused(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "new.yaml").write_text(manifests.BAD)
    with pytest.raises(CommandError, match=r"^an error in OLD, see above; nothing was answered$"):
        read_each({"OLD": [str(tmp_path / "old.yaml")], "NEW": [str(tmp_path / "new.yaml")]}, InputOptions())
    assert capsys.readouterr().err.count(": error: ") == 3


# -- strict ------------------------------------------------------------------------------------------------------------


def test_strict_makes_every_skipped_document_an_error_with_its_place(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "input.yaml"
    path.write_text("---\n".join([manifests.CLUSTER, *[manifests.SECRET] * (25)]))
    assert not read_on([str(path)], InputOptions()).errors
    capsys.readouterr()
    with pytest.raises(CommandError, match=f"^{25} errors in the input, see above; nothing was answered$"):
        read_on([str(path)], InputOptions(strict=True))
    lines = capsys.readouterr().err.splitlines()
    first = manifests.CLUSTER.count("\n") + 2
    assert lines == [
        f"{path}:{first + number * 5}:1: error: Secret of v1 is not used (skipped without --strict)"
        for number in range(25)
    ]


def test_strict_refuses_errors_too_and_tells_all_in_order_of_place(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "input.yaml"
    path.write_text("---\n".join([manifests.SECRET, manifests.CLUSTER, "a: [\n", manifests.SECRET]))
    with pytest.raises(CommandError, match=r"^3 errors in the input"):
        read_on([str(path)], InputOptions(strict=True))
    words = [line.split(": ")[2].split()[0] for line in capsys.readouterr().err.splitlines()]
    assert words == ["Secret", "while", "Secret"]


def test_a_file_that_was_read_already_is_no_skipped_document(tmp_path: Path) -> None:
    path = tmp_path / "input.yaml"
    path.write_text(manifests.CLUSTER)
    found = read_on([str(path), str(tmp_path)], InputOptions(strict=True))
    assert [one.code for one in found.skipped] == [Code.ALREADY_READ]
    refused, rest = skipped_as_errors([*found.skipped, problem(Severity.SKIPPED)])
    assert ([one.severity for one in refused], rest) == ([Severity.ERROR], found.skipped)


def test_strict_takes_input_that_is_sound_even_if_doubtful(tmp_path: Path) -> None:
    path = tmp_path / "input.yaml"
    path.write_text(manifests.DOUBTFUL)
    assert read_on([str(path)], InputOptions(strict=True)).objects
