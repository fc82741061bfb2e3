"""`haechi list`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli import manifests
from tests.cli.conftest import Haechi


def test_connections_between_pods(haechi: Haechi) -> None:
    outcome = haechi("list", "-", "--no-external", stdin=manifests.CLUSTER)
    assert outcome.out == (
        "shop/client[Pod] -> shop/web[Pod]: TCP 8080 (http)\nshop/web[Pod] -> shop/client[Pod]: everything\n"
    )
    assert outcome.code == 0
    assert "assumed: own-node, ipblock-matches-pods, either-family (-v explains)\n" in outcome.err


def test_json_is_the_same(haechi: Haechi) -> None:
    outcome = haechi("list", "-", "--no-external", "-o", "json", stdin=manifests.CLUSTER)
    connections = json.loads(outcome.out)["connections"]
    assert [(one["source"], one["destination"]) for one in connections] == [
        ("shop/client[Pod]", "shop/web[Pod]"),
        ("shop/web[Pod]", "shop/client[Pod]"),
    ]


def test_classes_tell_who_is_in_them(haechi: Haechi) -> None:
    outcome = haechi("list", "-", "--by", "class", "-o", "json", stdin=manifests.CLUSTER)
    assert json.loads(outcome.out)["groups"] == [
        {"name": "shop/client[Pod]", "members": ["shop/client[Pod]"]},
        {"name": "shop/web[Pod]", "members": ["shop/web[Pod]"]},
    ]


@pytest.mark.parametrize("text", ["web", "shop/web", "po/web", "shop/pod/web", "app=web", "shop:app=web", "10.0.0.1"])
def test_focus_by_name_labels_or_address(haechi: Haechi, text: str) -> None:
    outcome = haechi("list", "-", "--focus", text, stdin=manifests.CLUSTER)
    assert outcome.out
    assert all("shop/web[Pod]" in line for line in outcome.out.splitlines())


def test_focus_on_an_outside_address(haechi: Haechi) -> None:
    outcome = haechi("list", "-", "--focus", "8.8.8.8", stdin=manifests.CLUSTER)
    assert outcome.out.splitlines() == [
        "shop/client[Pod] and shop/web[Pod] -> outside IPv4: everything",
        "outside IPv4 -> shop/client[Pod]: everything",
    ]


def test_focus_on_nobody_is_refused(haechi: Haechi) -> None:
    outcome = haechi("list", "-", "--focus", "shop/webb", stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.out) == (2, "")
    assert "did you mean shop/web" in outcome.err


def test_exposure(haechi: Haechi) -> None:
    outcome = haechi("list", "-", "--exposure", stdin=manifests.CLUSTER)
    assert outcome.out.splitlines() == [
        "shop/client[Pod] and shop/web[Pod] Egress: not isolated, open to everyone",
        "shop/client[Pod] Ingress: not isolated, open to everyone",
        "shop/web[Pod] Ingress: isolated, open only",
        "  from all pods in namespace shop: TCP 8080 (shop/web spec.ingress[0] at <stdin>:10:5)",
    ]
    outcome = haechi("list", "-", "--exposure", "-o", "json", stdin=manifests.CLUSTER)
    assert [one["isolated"] for one in json.loads(outcome.out)["exposures"]] == [False, False, False, True]


def test_a_policy_that_allows_everything_is_not_called_a_limit(haechi: Haechi, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\n---\n"
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\n"
        "spec: {podSelector: {}, ingress: [{}]}\n"
    )
    assert "x/a[Pod] Ingress: isolated, but everything is allowed\n" in haechi("list", tmp_path, "--exposure").out


def test_policies_alone_have_an_exposure_and_no_connections(haechi: Haechi) -> None:
    text = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: db, namespace: shop}\n"
        "spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}\n"
    )
    warning = "haechi: warning: there are no pods in the input"
    outcome = haechi("list", "-", "--exposure", "-q", stdin=text)
    assert outcome.out.splitlines() == [
        "pods app=db in namespace shop (none here) Egress: not isolated, open to everyone",
        "pods app=db in namespace shop (none here) Ingress: isolated, open only",
        "  from the Internet 0.0.0.0/0: everything (shop/db spec.ingress[0] at <stdin>:4:57)",
    ]
    assert outcome.err == f"{warning}\n"
    assert haechi("list", "-", "--exposure", "-q", "-n", "shop", stdin=text).out == outcome.out
    document = json.loads(haechi("list", "-", "--exposure", "-o", "json", stdin=text).out)
    assert [one["name"] for one in document["exposures"]] == ["pods app=db in namespace shop (none here)"] * 2
    outcome = haechi("list", "-", "-q", stdin=text)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"{warning}, see --exposure for what policies allow\n")


def test_exposure_has_no_graph(haechi: Haechi) -> None:
    outcome = haechi("list", "-", "--exposure", "-o", "dot", stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.out) == (2, "")


@pytest.mark.parametrize(
    ("output", "begin"),
    [("csv", "source,destination,"), ("md", "| from |"), ("dot", "digraph "), ("mermaid", "flowchart LR\n")],
)
def test_other_forms(haechi: Haechi, output: str, begin: str) -> None:
    outcome = haechi("list", "-", "-o", output, stdin=manifests.CLUSTER)
    assert outcome.code == 0
    assert outcome.out.startswith(begin)


def test_what_bad_input_leaves_is_listed(haechi: Haechi) -> None:
    outcome = haechi("list", "-", "--no-external", stdin="---\n".join((manifests.CLUSTER, manifests.BAD, "a: [\n")))
    assert outcome.code == 2
    assert outcome.out == "shop/client[Pod] -> shop/web[Pod]: TCP 8080 (http)\n"  # shop/bad closes all pods
    assert outcome.err.count(": error: ") == 4
    assert outcome.err.splitlines()[-1].startswith(
        "haechi: error: 3 errors in the input, see above: the answer excludes "
    )


def test_the_document_names_what_it_excludes_assumes_and_synthesized(haechi: Haechi) -> None:
    bare = "apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\n"
    text = "---\n".join((manifests.CLUSTER, manifests.BAD, manifests.SECRET, bare))
    document = json.loads(haechi("list", "-", "-o", "json", stdin=text).out)
    assert document["partial"]
    assert [one["object"]["name"] for one in document["unreadable"]] == ["bad", "bad"]
    assert [one["code"] for one in document["skipped"]] == ["unknown-kind"]
    assert [(one["object"]["name"], one["inInput"]) for one in document["synthesized"]] == [("bare", True)]
    assert [one["name"] for one in document["assumptions"]] == [
        "own-node",
        "ipblock-matches-pods",
        "unreadable-rule",
        "synthetic-address",
        "either-family",
    ]
    assert document["notes"] == ["1 pod without an address: given one outside every ipBlock narrower than /0"]
    exposure = json.loads(haechi("list", "-", "--exposure", "-o", "json", stdin=text).out)
    assert [exposure[key] for key in list(document)[2:8]] == [document[key] for key in list(document)[2:8]]


def test_text_fits_a_hundred_columns_and_csv_has_every_connection(haechi: Haechi) -> None:
    pods = [
        manifests.OTHER_POD.replace("name: client", f"name: client-with-a-rather-long-name-{number}").replace(
            "10.0.0.2", f"10.0.1.{number}"
        )
        for number in range(1, 13)
    ]
    text = "---\n".join((manifests.CLUSTER, *pods))
    outcome = haechi("list", "-", stdin=text)
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) < 20
    assert "and 10 more" in " ".join(outcome.out.split())
    assert haechi("list", "-", "-o", "csv", stdin=text).out.count("\n") > 150
    verbose = haechi("list", "-", "-v", stdin=text).out
    assert "more" not in verbose
    assert "client-with-a-rather-long-name-12" in verbose


def test_a_listing_beyond_all_use_is_refused_with_what_to_do(haechi: Haechi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haechi.cli.commands.list.MAX_LINES", 3)
    outcome = haechi("list", "-", stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.out) == (2, "")
    assert "haechi: error: --by: 2 names could make 4 lines, more than 3\n  --by class " in outcome.err
    assert haechi("list", "-", "--focus", "shop/web", stdin=manifests.CLUSTER).code == 0


def test_of_many_peers_of_an_exposure_the_first_are_written(haechi: Haechi) -> None:
    """Those with the same ports; groups with other peers after the first ones stay apart."""

    def text(name: str, last: str) -> str:
        peers = "".join(f"\n    - podSelector: {{matchLabels: {{app: a{n:03}}}}}" for n in range(29))
        policy = manifests.GOOD.replace("name: web", f"name: {name}").replace("app: web", f"app: {name}")
        rule = f"{peers}\n    - podSelector: {{matchLabels: {{app: {last}}}}}\n    ports: [{{port: 80}}]\n"
        pod = manifests.OTHER_POD.replace("client", name).replace(
            "10.0.0.2", "10.0.0.3" if name == "one" else "10.0.0.4"
        )
        return f"{policy.partition('    - podSelector')[0].rstrip()}{rule}---\n{pod}---\n"

    both = text("one", "b1") + text("two", "b2")
    outcome = haechi("list", "-", "--exposure", "-q", stdin=both)
    assert outcome.out.count("app=a0") == 2 * 20
    assert outcome.out.count("  and 10 more: TCP 80 (-v lists them)\n") == 2
    whole = haechi("list", "-", "--exposure", "-v", stdin=both).out
    assert (whole.count("app=a0"), whole.count("app=b"), whole.count(" more")) == (2 * 29, 2, 0)
    document = json.loads(haechi("list", "-", "--exposure", "-o", "json", stdin=both).out)
    assert max(len(one["peers"]) for one in document["exposures"]) == 30
