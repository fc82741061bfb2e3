"""Ignores: what they suppress, and which of them suppress nothing."""

from __future__ import annotations

import pytest

from tests.analysis.lint.linting import found

CODE = "redundant-peer"
POLICY = """\
{top}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  annotations: {{note: "{quoted}"}}
spec:
  podSelector: {{}}  {other}
  ingress:
  - from:
    - podSelector: {{}}
    {above}
    - podSelector: {{matchLabels: {{app: a}}}}  {beside}
    {below}
  # the end {end}
"""
PLACES = ("top", "quoted", "other", "above", "beside", "below", "end")


def policy(**texts: str) -> str:
    return POLICY.format(**{place: texts.get(place, "") for place in PLACES})


def codes(text: str, *select: str) -> list[str]:
    return [one.code for one in found(text, *select)]


def test_the_policy_has_a_finding_to_suppress() -> None:
    assert codes(policy()) == [CODE]


@pytest.mark.parametrize("place", ["top", "above", "beside"])
@pytest.mark.parametrize(
    "text",
    [
        f"# haechi: ignore {CODE}",
        f"#haechi:ignore   {CODE}",
        f"# haechi: ignore dash-trap, {CODE} -- it is meant",
        f"# haechi: ignore {CODE} --",
        "# haechi: ignore redundant-*",
        "# haechi: ignore all -- whatever, it is",
        f"# meant # haechi: ignore {CODE}",
    ],
)
def test_a_comment_suppresses_at_its_place(place: str, text: str) -> None:
    assert CODE not in codes(policy(**{place: text}))


@pytest.mark.parametrize("place", ["quoted", "other", "below", "end"])
def test_a_comment_elsewhere_suppresses_nothing(place: str) -> None:
    assert CODE in codes(policy(**{place: f"# haechi: ignore {CODE}"}))


@pytest.mark.parametrize(
    "text", ["# haechi: ignored", "# haechi: ignore-all", "# ignore redundant-peer", "# haechi ignore redundant-peer"]
)
def test_other_comments_are_no_ignores(text: str) -> None:
    assert codes(policy(above=text)) == [CODE]


def test_comments_above_one_another_are_about_the_same_line() -> None:
    lines = ["# haechi: ignore redundant-peer", "# why", "# haechi: ignore selects-everything"]
    assert CODE not in codes(policy(above="\n    ".join(lines)))


@pytest.mark.parametrize("top", ["{}", "---\n{}", "{}\n---", "--- {}", "{}\n\n# and more\n---\n"])
def test_on_top_it_is_about_the_whole_document(top: str) -> None:
    ignore = f"# haechi: ignore {CODE}"
    assert codes(policy(top=top.format(ignore))) == []
    second = policy().replace("name: web", "name: web\n  namespace: other")
    assert codes(f"{policy(top=top.format(ignore))}---\n{second}") == [CODE]


def test_on_top_of_a_list_it_is_about_all_its_items() -> None:
    item = policy().replace("\n", "\n  ").strip().removeprefix("apiVersion")
    text = f"# haechi: ignore {CODE}\napiVersion: v1\nkind: List\nitems:\n- apiVersion{item}\n"
    assert codes(text.replace("# haechi: ignore", "# not:")) == [CODE]
    assert codes(text) == []


def test_a_block_scalar_may_hold_anything() -> None:
    block = f"|\n      # haechi: ignore {CODE}\n"
    assert codes(policy().replace('{note: ""}', f"\n    note: {block}")) == [CODE]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = "\ufeff" + policy(beside=f"# haechi: ignore {CODE}").replace("\n", "\r\n")
    assert codes(text) == []


def test_an_ignore_that_suppresses_nothing_is_reported_where_it_is() -> None:
    (one,) = found(policy(above=f"# haechi: ignore {CODE}, dash-trap"))
    assert (one.code, one.message) == ("unused-ignore", "dash-trap finds nothing here")
    assert one.location is not None
    assert (one.location.line, one.location.column) == (12, 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# haechi: ignore redundant-pear", "no check matches 'redundant-pear'"),
        ("# haechi: ignore redundant-peer it is meant", "no check matches 'redundant-peer it is meant'"),
        ("# haechi: ignore", "this names no check"),
        ("# haechi: ignore -- redundant-peer", "this names no check"),
    ],
)
def test_an_ignore_that_names_no_check_is_reported(text: str, message: str) -> None:
    first, second = found(policy(beside=text))
    assert {first.code, second.code} == {CODE, "unused-ignore"}
    assert message in {first.message, second.message}


def test_an_annotation_that_suppresses_nothing_is_reported_where_it_is() -> None:
    used = policy().replace('{note: ""}', f"{{haechi/lint-ignore: '{CODE}'}}")
    assert codes(used) == []
    (one,) = found(used.replace(CODE, f"{CODE}, dash-trap"))
    assert (one.code, one.path) == ("unused-ignore", "metadata.annotations.haechi/lint-ignore")
    assert one.location is not None
    assert one.location.line == 6


def test_checks_that_do_not_run_decide_whether_they_are_needed() -> None:
    text = policy(top="# haechi: ignore policy-types-implicit, internet-egress", beside=f"# haechi: ignore {CODE}")
    assert [one.message for one in found(text)] == ["internet-egress finds nothing here"]
    assert [one.message for one in found(text, "unused-ignore")] == ["internet-egress finds nothing here"]
    assert codes(text, CODE) == []


def test_each_unused_code_is_a_finding_of_its_own() -> None:
    findings = found(
        policy(above="# haechi: ignore dash-trap, one-family", end="# haechi: ignore all"), "unused-ignore"
    )
    assert [one.message.split()[0] for one in findings] == ["dash-trap", "one-family", "all"]
    assert len({one.fingerprint for one in findings}) == 3


def test_json_has_no_comments() -> None:
    text = '{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "# haechi: ignore x"}}'
    assert "unused-ignore" not in codes(text)
