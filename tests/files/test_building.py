"""Kustomizations and Helm charts are built by their tools or reported, never read as plain files."""

from __future__ import annotations

import os
import select
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from haechi import Cluster, UnreadableInput
from haechi.files import building, load, running
from haechi.model import Code, NetworkPolicy, Severity

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec: {podSelector: {}}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: prod}\n"
HELM = """#!/bin/sh
[ "$1" = template ] || exit 1
printf 'apiVersion: v1\\nkind: Namespace\\nmetadata: {name: made-by-helm}\\n'
"""


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """A base without a namespace, and an overlay that sets one."""
    for folder in ("base", "prod"):
        (tmp_path / "app" / folder).mkdir(parents=True)
    (tmp_path / "app/base/policy.yaml").write_text(POLICY)
    (tmp_path / "app/base/kustomization.yaml").write_text("resources: [policy.yaml]\n")
    (tmp_path / "app/prod/kustomization.yaml").write_text("namespace: prod\nresources: [../base]\n")
    return tmp_path / "app"


@pytest.fixture
def real_kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kubectl of the development environment alone on the PATH."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    (tmp_path / "chart/templates").mkdir(parents=True)
    (tmp_path / "chart/Chart.yaml").write_text("name: c\n")
    (tmp_path / "chart/values.yaml").write_text("a: 1\n")
    (tmp_path / "chart/templates/policy.yaml").write_text("{{ if .Values.a }}\n" + POLICY)
    return tmp_path / "chart"


def test_an_overlay_is_never_answered_about_the_wrong_namespace(overlay: Path) -> None:
    found = load([overlay])
    assert found.objects == ()
    assert [(problem.code, str(problem.location)) for problem in found.problems] == [
        (Code.UNBUILT, str(overlay / "prod"))  # the base is a part of it
    ]
    assert found.problems[0].hint == f"use --build, or kubectl kustomize {overlay / 'prod'} | haechi … -"


@pytest.mark.usefixtures("real_kubectl")
@pytest.mark.parametrize("path", [".", "prod", "prod/kustomization.yaml"])
def test_kubectl_builds_an_overlay(overlay: Path, path: str) -> None:
    found = load([overlay / path], build=True)
    assert found.problems == ()
    (policy,) = found.all(NetworkPolicy)
    assert (policy.namespace, policy.name) == ("prod", "web")


@pytest.mark.usefixtures("real_kubectl")
def test_plain_files_beside_a_kustomization_are_read(overlay: Path) -> None:
    (overlay / "pods.yaml").write_text(POD)
    found = load([overlay], build=True)
    assert [str(loaded.object.object_name) for loaded in found.objects] == ["Pod/prod/web", "NetworkPolicy/prod/web"]


@pytest.mark.usefixtures("real_kubectl")
def test_a_kustomization_that_cannot_be_built_is_an_error_in_the_words_of_its_tool(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    (problem,) = (one for one in load([tmp_path], build=True).problems if one.code is Code.UNBUILT)
    assert problem.message.startswith("kubectl kustomize failed: ")
    assert "missing.yaml" in problem.message
    assert len(problem.message) < 300


def test_a_chart_is_an_error_and_its_templates_are_not_read(chart: Path) -> None:
    (problem, *_) = load([chart]).problems
    assert (problem.code, problem.message) == (Code.UNBUILT, "is a Helm chart: its files are not what it deploys")
    assert problem.hint == f"use --build, or helm template {chart} | haechi … -"
    assert [problem.code for problem in load([chart.parent]).problems] == [Code.UNBUILT]


@pytest.mark.parametrize("path", ["templates", "templates/policy.yaml", "templates/sub", "templates/sub/p.yaml"])
@pytest.mark.parametrize("build", [True, False])
def test_a_template_by_itself_is_an_error_with_the_command(
    chart: Path, monkeypatch: pytest.MonkeyPatch, path: str, build: bool
) -> None:
    (chart / "templates/sub").mkdir()
    (chart / "templates/sub/p.yaml").write_text(POLICY)
    (problem,) = (one for one in load([chart / path], build=build).problems if one.code is not Code.EMPTY)
    assert (problem.code, problem.severity) == (Code.UNBUILT, Severity.ERROR)
    assert problem.message == f"is a template of the Helm chart {chart}, and not what it deploys"
    assert problem.hint == f"give the folder with --build, or helm template {chart} | haechi … -"
    monkeypatch.chdir(chart / "templates")
    (problem, *_) = load(["."], build=build).problems
    assert problem.hint == "give the folder with --build, or helm template ./.. | haechi … -"


def test_other_files_of_a_chart_are_plain(chart: Path) -> None:
    (chart / "crds").mkdir()
    (chart / "crds/policy.yaml").write_text(POLICY)
    assert len(load([chart / "crds/policy.yaml"]).objects) == 1
    assert load([chart / "crds/policy.yaml"]).problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "resources: [policy.yaml, ../other]",
        "components: [./policy.yaml]",
        "patches: [{path: policy.yaml}, {patch: x}]",
        "patchesStrategicMerge: [policy.yaml]",
    ],
)
def test_a_file_that_a_kustomization_lists_is_read_with_a_warning(overlay: Path, text: str) -> None:
    base = overlay / "base"
    (base / "kustomization.yaml").write_text(text)
    (base / "second.yaml").write_text(POLICY.replace("web", "second"))
    assert load([base / "second.yaml"]).problems == ()
    found = load([base / "policy.yaml", base / "second.yaml"])
    assert len(found.objects) == 2
    (problem,) = found.problems
    assert (problem.code, problem.severity) == (Code.UNBUILT, Severity.WARNING)
    assert str(problem.location) == str(base / "policy.yaml")
    assert problem.message == f"is listed in the kustomization {base}, and not what it deploys"
    assert problem.hint == f"give the folder with --build, or kubectl kustomize {base} | haechi … -"
    assert Cluster.of(found).notes == (f"{base / 'policy.yaml'} {problem.message}",)


def test_each_kustomization_is_one_warning_also_for_files_and_folders_below_it(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    for name in ("a", "b"):
        (tmp_path / f"policies/{name}.yaml").write_text(POLICY.replace("web", name))
    (tmp_path / "kustomization.yaml").write_text("resources: [policies/a.yaml, policies/b.yaml]")
    for paths in (["policies"], ["policies/a.yaml", "policies/b.yaml"]):
        found = load([tmp_path / path for path in paths])
        assert len(found.objects) == 2
        assert [problem.code for problem in found.problems] == [Code.UNBUILT]


def test_a_chart_is_built_by_helm(chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "helm").write_text(HELM)
    (tools / "helm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/bin:/usr/bin")
    found = load([chart], build=True)
    assert [loaded.object.name for loaded in found.objects] == ["made-by-helm"]
    assert str(found.objects[0].location()) == f"{chart} (Helm chart):1:1"


def test_a_missing_tool_is_named(chart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (problem, *_) = load([chart], build=True).problems
    assert problem.message == "is a Helm chart, and helm is not on the PATH"


def _tool(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """A shell script alone in the place of a tool, with the programs of the system."""
    (folder / "tools").mkdir()
    (folder / "tools" / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / "tools" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}/tools:/bin:/usr/bin")


def test_a_tool_that_does_not_end_is_an_error(chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _tool(tmp_path, monkeypatch, "helm", "read line < /dev/zero")
    monkeypatch.setattr(running, "TIMEOUT", 0.2)
    (problem, *_) = load([chart], build=True).problems
    assert problem.message == "helm did not end within 0 seconds"


@pytest.mark.parametrize("end", ["exit 0", "exit 1", "cat /dev/zero", "sleep 60"])
def test_no_process_of_a_tool_is_left(chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    os.mkfifo(tmp_path / "alive")
    alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    _tool(tmp_path, monkeypatch, "helm", f"exec 9> {tmp_path}/alive; sleep 60 >/dev/null 2>&1 & {end}")
    monkeypatch.setattr(running, "TIMEOUT", 0.5)
    load([chart], build=True)
    assert select.select([alive], [], [], 10)[0]  # no process has it open any more
    assert os.read(alive, 1) == b""
    os.close(alive)


def test_a_tool_that_writes_without_end_is_stopped(
    chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tool(tmp_path, monkeypatch, "helm", "exec cat /dev/zero")
    for module in (building, running):
        monkeypatch.setattr(module, "MAX_BYTES", 2**20)
    (problem, *_) = load([chart], build=True).problems
    assert problem.message == "helm made more than 1 MiB of it"


def test_only_the_end_of_what_a_tool_complains_about_is_kept(
    chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tool(tmp_path, monkeypatch, "helm", "head -c 1000000 /dev/zero >&2; echo >&2; echo the reason >&2; exit 3")
    (problem, *_) = load([chart], build=True).problems
    assert problem.message == "helm template failed: the reason"


def test_a_tool_that_cannot_be_started_is_an_error(
    chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tool(tmp_path, monkeypatch, "helm", "")
    (tmp_path / "tools/helm").write_text("#!/does/not/exist\n")
    (problem, *_) = load([chart], build=True).problems
    assert problem.message == "helm cannot be started: No such file or directory"


@pytest.mark.parametrize("name", ["-f", "--enable-helm", "github.com", "$(touch x)", "a b"])
def test_the_name_of_a_folder_is_only_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Neither an option of the tool, nor a repository elsewhere, nor a command of the shell that the hint is put to."""
    _tool(tmp_path, monkeypatch, "kubectl", f'printf "%s " "$PWD" "$@" > {tmp_path}/called')
    (tmp_path / "in" / name).mkdir(parents=True)
    (tmp_path / "in" / name / "kustomization.yaml").write_text("resources: []\n")
    monkeypatch.chdir(tmp_path / "in")
    load([name], build=True)
    assert (tmp_path / "called").read_text() == f"{tmp_path}/in/{name} kustomize . "
    (problem,) = load([name]).problems
    command = problem.hint.removeprefix("use --build, or ").removesuffix(" | haechi … -")
    assert shlex.split(command) == ["kubectl", "kustomize", f"./{name}"]


def test_without_kubectl_kustomize_builds(overlay: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _tool(tmp_path, monkeypatch, "kustomize", f'[ "$*" = "build ." ] && cat {overlay}/base/policy.yaml')
    assert [loaded.object.name for loaded in load([overlay], build=True).objects] == ["web"]


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
@pytest.mark.parametrize("field", ["resources", "bases", "components"])
def test_what_a_kustomization_builds_on_is_a_part_of_it(overlay: Path, name: str, field: str) -> None:
    (overlay / "prod/kustomization.yaml").unlink()
    (overlay / "prod" / name).write_text(f"namespace: prod\n{field}: [../base]\n")
    assert [str(problem.location) for problem in load([overlay]).problems] == [str(overlay / "prod")]


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


@pytest.mark.parametrize("make", [_fifo, _device, _loop, _huge])
@pytest.mark.parametrize("name", ["kustomization.yml", "Kustomization"])
def test_nothing_beside_a_kustomization_can_block(overlay: Path, make: Callable[[Path], None], name: str) -> None:
    make(overlay / "prod" / name)
    assert [problem.code for problem in load([overlay]).problems] == [Code.UNBUILT]


@pytest.mark.usefixtures("real_kubectl")
@pytest.mark.parametrize("make", [_fifo, _device, os.mkdir])
def test_the_tool_is_not_left_waiting_for_it(overlay: Path, make: Callable[[Path], None]) -> None:
    make(overlay / "prod/Kustomization")
    (problem,) = load([overlay], build=True).problems
    assert problem.message == "is a kustomization, but Kustomization in it is not a regular file"


@pytest.mark.parametrize("entry", [r"a\0b", "loop", "x" * 5000, r"\uD800", "../../../../.."])
def test_a_kustomization_may_refer_to_anything(overlay: Path, entry: str) -> None:
    (overlay / "prod/loop").symlink_to("loop")
    (overlay / "prod/kustomization.yaml").write_text(f'resources: [../base, "{entry}"]\n')
    assert {problem.code for problem in load([overlay]).problems} == {Code.UNBUILT}


@pytest.mark.usefixtures("real_kubectl")
def test_the_library_builds_as_well(overlay: Path) -> None:
    with pytest.raises(UnreadableInput, match="is a kustomization"):
        Cluster.load(overlay)
    assert [str(key) for key in Cluster.load(overlay, build=True).policies] == ["prod/web"]


@pytest.mark.usefixtures("real_kubectl")
def test_kustomizations_in_a_circle_are_not_lost(tmp_path: Path) -> None:
    for name, other in (("a", "../b"), ("b", "../a"), ("c", ".")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text(f"resources: ['{other}']\n")
    problems = load([tmp_path], build=True).problems
    assert [str(one.location) for one in problems if one.code is Code.UNBUILT] == [str(tmp_path / n) for n in "abc"]


def test_what_only_looks_like_a_chart_or_cannot_be_read_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").mkdir()
    (tmp_path / "k").mkdir()
    (tmp_path / "k/kustomization.yaml").write_bytes(b"resources: [\xff\n")
    (tmp_path / "pods.yaml").write_text(POD)
    found = load([tmp_path])
    assert [loaded.object.name for loaded in found.objects] == ["web"]
    assert [problem.code for problem in found.problems] == [Code.UNBUILT]
