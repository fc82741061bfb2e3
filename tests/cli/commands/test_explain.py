"""`haechi explain`."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.cli.commands.explain import spoken
from haechi.cli.explanation_text import write_descriptions
from haechi.cli.terminal import Terminal
from haechi.model import Direction
from haechi.report.document import NamespacedName, ObjectReference
from haechi.report.explanation import Explanation, SentenceJson
from tests.building import policy
from tests.cli.conftest import Haechi
from tests.cli.manifests import BAD, CLUSTER, POD

TEXT = """\
NetworkPolicy shop/web (<stdin>:1:1)
  It selects the pods in namespace shop that have label app=web. (<stdin>:7:3)
    Right now 1 pod: shop/web
  policyTypes is absent or empty: the API server sets it to Ingress.
  Incoming connections (ingress): the selected pods are isolated. Only connections that a rule
    allows are permitted. (<stdin>:6:1)
    Rule 1 of 1 allows an incoming connection if both of these match (AND): (<stdin>:10:5)
      from all pods in namespace shop (<stdin>:11:7)
        Right now 2 pods: shop/client, shop/web
      on the TCP port named http of the selected pod (<stdin>:13:7)
        Right now 8080
    All other incoming connections are denied, unless another policy that selects the same pod
      allows them.
  Outgoing connections (egress): not affected by this policy.

A connection between two pods is allowed only if the egress policies of its source and the ingress
  policies of its destination both allow it. Replies to an allowed connection are always allowed.
"""

KOREAN = """\
네트워크폴리시 shop/web (<stdin>:1:1)
  네임스페이스 shop에서 다음 조건의 파드를 선택한다: 레이블 app=web. (<stdin>:7:3)
    지금은 파드 1개: shop/web
  policyTypes가 없거나 비어 있다. API 서버가 다음 값을 채워 넣는다: Ingress.
  들어오는 연결(인그레스): 선택된 파드는 격리된다. 규칙이 허용하는 것만 들어온다. (<stdin>:6:1)
    규칙 1/1: 다음 두 조건을 모두(AND) 만족하는 연결을 들여보낸다. (<stdin>:10:5)
      출발지: 네임스페이스 shop의 모든 파드 (<stdin>:11:7)
        지금은 파드 2개: shop/client, shop/web
      포트: 선택된 파드에서 이름이 http인 TCP 포트 (<stdin>:13:7)
        지금은 8080
    그 밖에 들어오는 것은 모두 막힌다. 단, 같은 파드를 선택하는 다른 정책이 허용하면 들어온다.
  나가는 연결(이그레스): 이 정책은 관여하지 않는다.

두 파드 사이의 연결은 보내는 쪽의 이그레스와 받는 쪽의 인그레스가 모두 허용해야 통과한다. 허용된
  연결의 응답은 항상 통과한다.
"""

DESCRIBED = """\
Name:         web
Namespace:    shop
Created on:   0001-01-01 00:00:00 +0000 UTC
Labels:       <none>
Annotations:  <none>
Spec:
  PodSelector:     app=web
  Allowing ingress traffic:
    To Port: http/TCP
    From:
      PodSelector: <none>
  Not affecting egress traffic
  Policy Types: Ingress
"""


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def test_every_policy_is_explained_in_sentences_with_places(haechi: Haechi) -> None:
    found = haechi("explain", "-", stdin=CLUSTER)
    assert (found.code, found.out, found.err) == (0, TEXT, "")


def test_the_same_in_korean(haechi: Haechi, monkeypatch: pytest.MonkeyPatch) -> None:
    assert haechi("explain", "-", "--lang", "ko", stdin=CLUSTER).out == KOREAN
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert haechi("explain", "policy/web", "-", stdin=CLUSTER).out == KOREAN
    assert haechi("explain", "policy/web", "-", "--lang", "en", stdin=CLUSTER).out == TEXT


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko", "LC_ALL": ""}, "ko"),
    ],
)
def test_the_language_of_the_environment(environment: dict[str, str], language: str) -> None:
    assert spoken(environment) == language


def test_describe_prints_what_kubectl_prints(haechi: Haechi) -> None:
    other = CLUSTER.split("---\n")[0].replace("name: web", "name: zoo")
    found = haechi("explain", "-", "-o", "describe", stdin=f"{CLUSTER}---\n{other}")
    assert found.out == DESCRIBED + "\n\n" + DESCRIBED.replace("web\n", "zoo\n", 1)


def test_describe_prints_bytes_that_are_cut_out_of_a_character() -> None:
    annotated = policy()
    meta = msgspec.structs.replace(annotated.metadata, annotations={"a": "x" + "가" * 60})
    cluster = Cluster.of([msgspec.structs.replace(annotated, metadata=meta)])
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    write_descriptions(Terminal(stream), cluster.policies.values())
    cut = ("x" + "가" * 60).encode()[:138]
    assert b"Annotations:  a:\n                " + cut + b"...\n" in written.getvalue()


def test_describe_is_not_for_pods(haechi: Haechi) -> None:
    found = haechi("explain", "pod/web", "-", "-o", "describe", stdin=CLUSTER)
    assert (found.code, found.out) == (2, "")
    assert "describe is for policies only" in found.err


def test_a_pod_is_explained(haechi: Haechi) -> None:
    found = haechi("explain", "pod/web", "-", stdin=CLUSTER)
    assert found.code == 0
    assert found.out.startswith(
        "Pod shop/web\n  Incoming connections (ingress): the pod is isolated by shop/web.\n"
        "    In total, these are allowed:\n      on TCP port 8080, from all pods in namespace shop\n"
    )
    assert "      - shop/web, rule 1 of 1 (<stdin>:10:5)\n" in found.out
    assert "  Outgoing connections (egress): no policy selects the pod, so all are allowed.\n" in found.out


def test_a_pod_on_the_network_of_its_node_is_explained_too(haechi: Haechi) -> None:
    found = haechi("explain", "pod/web", "-", stdin=POD.replace("spec:\n", "spec:\n  hostNetwork: true\n"))
    assert found.code == 0
    assert "It uses the host network (hostNetwork)" in found.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("policy/wep", "-"), "'wep' is not a policy\n  did you mean web?"),
        (("policy/web", "-n", "other", "-"), "'other/web' is not a policy\n  did you mean shop/web?"),
        (("netpol/other/web", "-"), "'other/web' is not a policy"),
        (("pod/clint", "-"), "'clint' is not a pod\n  did you mean client?"),
        (("policy/web",), "needs a PATH"),
        (("-", "-n", "shp"), "--namespace: no namespace shp in the input\n  did you mean shop?"),
    ],
)
def test_an_unknown_name_is_reported_with_the_nearest(haechi: Haechi, arguments: tuple[str, ...], words: str) -> None:
    found = haechi("explain", *arguments, stdin=CLUSTER)
    assert (found.code, found.out) == (2, "")
    assert words in found.err


def test_a_folder_that_is_there_is_a_path_whatever_its_name(
    haechi: Haechi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "policy" / "web").mkdir(parents=True)
    (tmp_path / "policy" / "web" / "all.yaml").write_text(CLUSTER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert haechi("explain", "policy/web").out.startswith("NetworkPolicy shop/web (policy/web/all.yaml:1:1)\n")


def test_json_has_the_same_sentences(haechi: Haechi) -> None:
    found = msgspec.json.decode(haechi("explain", "-", "-o", "json", stdin=CLUSTER).out, type=Explanation)
    (one,) = found.policies
    web, reference = NamespacedName("shop", "web"), ObjectReference("NetworkPolicy", "shop", "web")
    assert (found.language, found.pods) == ("en", [])
    assert (one.policy, one.selected, one.isolates) == (reference, [web], [Direction.INGRESS])
    lines = [*_lines(one.explanation, 0), "", *found.notes, ""]
    assert "\n".join(lines).split() == TEXT.split()
    pods = msgspec.json.decode(haechi("explain", "po/web", "-", "-o", "json", stdin=CLUSTER).out, type=Explanation).pods
    assert [(one.pod, one.ingress, one.egress) for one in pods] == [(web, [reference], [])]


def _lines(sentence: SentenceJson, depth: int) -> list[str]:
    place = f" ({sentence.location})" if sentence.location else ""
    below = [line for each in sentence.below for line in _lines(each, depth + 1)]
    return ["  " * depth + sentence.text + place, *below]


def test_a_policy_with_an_error_is_explained_as_it_is_enforced(haechi: Haechi) -> None:
    found = haechi("explain", "-", "--lang", "en", stdin=BAD)
    assert found.code == 2
    assert "    Rule 1 of 1 cannot be read, so it allows nothing: spec.ingress[0].from[0]: " in found.out
    assert "<stdin>:11:9: error:" in found.err
    assert found.err.endswith("the unreadable parts of 1 policy are treated as deny\n")


def test_others_are_explained_as_without_it(haechi: Haechi) -> None:
    found = haechi("explain", "policy/web", "-", stdin=f"{CLUSTER}---\n{BAD}---\na: [\n")
    assert (found.code, found.out) == (2, TEXT)


def test_describe_leaves_out_what_no_server_would_store(haechi: Haechi) -> None:
    found = haechi("explain", "-", "-o", "describe", stdin=f"{CLUSTER}---\n{BAD}")
    assert (found.code, found.out) == (2, DESCRIBED)
    found = haechi("explain", "policy/bad", "-", "-o", "describe", stdin=f"{CLUSTER}---\n{BAD}")
    assert (found.code, found.out) == (2, "")
    assert "the API server would refuse all of these policies" in found.err


def _with_peers(count: int) -> str:
    peers = "".join(f"\n    - podSelector: {{matchLabels: {{app: a{number:03}}}}}" for number in range(count))
    return CLUSTER.replace("\n    - podSelector: {}", f"\n    - ipBlock: {{cidr: 0.0.0.0/0}}{peers}")


@pytest.mark.parametrize(
    ("lang", "more"), [("en", "and 11 more (-v lists them)"), ("ko", "그 밖에 11개 (-v로 모두 표시)")]
)
@pytest.mark.parametrize("target", [(), ("pod/web",)])
def test_of_many_peers_the_first_are_written(haechi: Haechi, target: tuple[str, ...], lang: str, more: str) -> None:
    question = ("explain", *target, "-", "--lang", lang)
    text = haechi(*question, stdin=_with_peers(30)).out
    assert text.count("app=a0") == 19
    assert "0.0.0.0" in text
    assert text.count(more) == 1
    assert haechi(*question, "-v", stdin=_with_peers(30)).out.count("app=a0") == 30
    assert haechi(*question, stdin=_with_peers(20)).out.count("app=a0") == 20  # an item is as long as "1 more"
    assert haechi(*question, "-o", "json", stdin=_with_peers(30)).out.count("app=a029") > 0
