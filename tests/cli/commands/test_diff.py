"""`haechi diff`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli import manifests
from tests.cli.conftest import Haechi

PODS = "---\n".join((manifests.POD, manifests.OTHER_POD))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The pods without a policy."""
    path = tmp_path / "old.yaml"
    path.write_text(PODS)
    return path


NOTHING = "no connection changes between these pods and with outside addresses"


def test_what_a_new_policy_takes_away(haechi: Haechi, old: Path) -> None:
    outcome = haechi("diff", old, "-", stdin=manifests.CLUSTER)
    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        "- outside -> shop/web[Pod]: everything by shop/web (added)",
        "~ shop/client[Pod] -> shop/web[Pod]: everything, now TCP 8080 by shop/web (added)",
        "exposure to pods that need not exist:",
        "- any pod -> shop/web[Pod]: everything by shop/web (added)",
        "~ all pods in namespace shop -> shop/web[Pod]: everything, now TCP 8080 by shop/web (added)",
    ]


def test_policies_alone_are_compared_by_the_pods_that_they_select(haechi: Haechi, tmp_path: Path) -> None:
    """A database that is opened to every namespace, without the database."""
    text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: db, namespace: shop}\nspec:\n"
    text += "  podSelector: {matchLabels: {app: db}}\n  ingress: [{from: [%s], ports: [{port: 5432}]}]\n"
    (tmp_path / "old.yaml").write_text(text % "{podSelector: {matchLabels: {app: api}}}")
    (tmp_path / "new.yaml").write_text(text % "{namespaceSelector: {}}")
    outcome = haechi("diff", tmp_path / "old.yaml", tmp_path / "new.yaml", "--fail-on", "added")
    assert (outcome.code, outcome.out.splitlines()) == (
        1,
        [
            "no connection changes between these pods and with outside addresses",
            "exposure to pods that need not exist:",
            "+ any pod -> pods app=db in namespace shop (none here): TCP 5432 (was: pods app=api in namespace",
            "    shop) by shop/db (changed)",
        ],
    )


@pytest.mark.parametrize(("fail_on", "code"), [("added", 0), ("removed", 1), ("any", 1)])
def test_which_differences_fail(haechi: Haechi, old: Path, fail_on: str, code: int) -> None:
    assert haechi("diff", old, "-", "--fail-on", fail_on, stdin=manifests.CLUSTER).code == code


def test_no_difference_is_good(haechi: Haechi, old: Path) -> None:
    outcome = haechi("diff", old, old)
    assert (outcome.code, outcome.out) == (0, f"{NOTHING}\n")
    assert haechi("diff", old, old, "-o", "md").out == "<!-- haechi diff -->\nNo connection changes.\n"


def test_forms_for_programs_and_comments(haechi: Haechi, old: Path) -> None:
    found = json.loads(haechi("diff", old, "-", "-o", "json", stdin=manifests.CLUSTER).out)
    assert [one["change"] for one in found["changes"]] == ["changed", "removed", "removed"]
    assert found["changes"][0]["policies"] == [
        {"policy": {"kind": "NetworkPolicy", "namespace": "shop", "name": "web"}, "change": "added"}
    ]
    assert haechi("diff", old, "-", "-o", "csv", stdin=manifests.CLUSTER).out.count("\n") == 6
    table = haechi("diff", old, "-", "-o", "md", stdin=manifests.CLUSTER).out
    assert table.startswith("<!-- haechi diff -->\n**Connections: 2 removed, 1 changed**\n")


def test_standard_input_cannot_be_both(haechi: Haechi) -> None:
    outcome = haechi("diff", "-", "-", stdin=PODS)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "haechi: error: standard input can be read once only\n"


def test_an_error_on_one_side_is_told_and_the_rest_is_compared(haechi: Haechi, old: Path) -> None:
    outcome = haechi("diff", old, "-", stdin="---\n".join((PODS, "a: [\n", manifests.BAD)))
    assert outcome.code == 2
    assert outcome.out.startswith("- shop/client[Pod] and shop/web[Pod] -> each other: everything by shop/bad")
    assert outcome.err.splitlines()[-1] == (
        "haechi: error: 3 errors in NEW, see above: the answer excludes unreadable input; "
        "the unreadable parts of 1 policy are treated as deny"
    )


def test_errors_make_the_exit_code_even_where_nothing_differs(haechi: Haechi, old: Path) -> None:
    outcome = haechi("diff", old, "-", stdin="---\n".join((PODS, "a: [\n")))
    assert (outcome.code, outcome.out) == (2, f"{NOTHING}\n")
    assert "an error in NEW, see above: the answer excludes" in outcome.err


def test_a_side_that_cannot_be_used_refuses_the_whole_with_the_errors_of_both(haechi: Haechi, tmp_path: Path) -> None:
    outcome = haechi("diff", "-", tmp_path / "nothing.yaml", stdin=manifests.BAD)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count(": error: NetworkPolicy/shop/bad: ") == 2
    assert f"{tmp_path}/nothing.yaml: error: no such file or directory" in outcome.err
    assert outcome.err.endswith("haechi: error: an error in NEW, see above; nothing was answered\n")


@pytest.mark.parametrize("side", ["OLD", "NEW"])
def test_strict_is_about_both_sides(haechi: Haechi, old: Path, side: str) -> None:
    text = "---\n".join((PODS, manifests.SECRET))
    sides = ["-", old] if side == "OLD" else [old, "-"]
    assert haechi("diff", *sides, stdin=text).code == 0
    outcome = haechi("diff", *sides, "--strict", stdin=text)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"an error in {side}, see above; nothing was answered" in outcome.err
