"""What the sides of `haechi diff` may be: several paths, pipes, nothing, and revisions of a git repository."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli import manifests
from tests.cli.conftest import Haechi
from tests.files.repository import commit, new_repository

PODS = "---\n".join((manifests.POD, manifests.OTHER_POD))
NOTHING = "no connection changes between these pods and with outside addresses"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory with pods, a policy and the other things that a side may be."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pods.yaml").write_text(PODS)
    (tmp_path / "client.yaml").write_text(manifests.OTHER_POD)
    (tmp_path / "server.yaml").write_text(manifests.POD)
    (tmp_path / "policy.yaml").write_text(manifests.GOOD)
    (tmp_path / "comments.yaml").write_text("# nothing\n")
    (tmp_path / "empty").mkdir()
    return tmp_path


@contextmanager
def pipe(text: str) -> Iterator[str]:
    """A path such as a shell makes of `<(…)`, to which a process writes slowly."""
    end, start = os.pipe()
    written = threading.Thread(target=_write, args=(start, text.encode()))
    written.start()
    yield f"/dev/fd/{end}"
    written.join()
    os.close(end)


def _write(start: int, data: bytes) -> None:
    for part in (data[:9], data[9:]):
        os.write(start, part)
    os.close(start)


# -- paths -------------------------------------------------------------------------------------------------------------


def test_sides_of_several_paths(haechi: Haechi, files: Path) -> None:
    expected = haechi("diff", "pods.yaml", "-", stdin=manifests.CLUSTER).out
    assert expected
    for arguments in (
        ("pods.yaml", "--to", "pods.yaml", "policy.yaml"),
        ("client.yaml", "server.yaml", "--to", "server.yaml", "policy.yaml", "client.yaml"),
        ("--to", "policy.yaml", "--with", "pods.yaml"),
        ("empty", "policy.yaml", "--with", "client.yaml", "server.yaml"),
        ("--with", "pods.yaml", "--to", "policy.yaml", "--", "/dev/null"),
        ("empty", "/dev/null", "--to", "policy.yaml", "--with", "pods.yaml", "-q"),
    ):
        outcome = haechi("diff", *arguments)
        assert (outcome.code, outcome.out) == (1, expected)
        assert "error" not in outcome.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "needs two PATHs, --to or --git"),
        (["pods.yaml"], "needs two PATHs, --to or --git"),
        (["pods.yaml", "pods.yaml", "pods.yaml"], "needs two PATHs, --to or --git"),
        (["-", "--to", "-"], "standard input can be read once only"),
        (["-", "pods.yaml", "--with", "-"], "standard input can be read once only"),
        (["pods.yaml", "--git", "main..", "--to", "pods.yaml"], "--to: --git says what both sides are"),
        (["--git", "main.."], "--git: needs files or folders of the repository"),
        (["--git", "main..", "-"], "--git: needs files or folders of the repository"),
        (["empty", "/dev/null"], "both sides are empty: there is nothing to compare"),
    ],
)
def test_arguments_without_a_meaning(haechi: Haechi, files: Path, arguments: list[str], words: str) -> None:
    outcome = haechi("diff", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"haechi: error: {words}\n")


# -- nothing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", ["empty", "/dev/null"])
def test_an_empty_side_is_told_and_compared(haechi: Haechi, files: Path, nothing: str) -> None:
    outcome = haechi("diff", nothing, "pods.yaml")
    assert (outcome.code, outcome.out.splitlines()[0]) == (1, "OLD is empty")
    assert "+ shop/client[Pod] and shop/web[Pod] -> each other: everything by pods, labels or namespaces" in outcome.out
    assert "old: this side is empty\n" in outcome.err
    assert haechi("diff", "pods.yaml", nothing, "-o", "md").out.splitlines()[1] == "- NEW is empty"
    found = json.loads(haechi("diff", "pods.yaml", nothing, "--strict", "-o", "json").out)
    assert (found["partial"], found["notes"][-1]) == (False, "new: this side is empty")


def test_a_text_without_objects_is_no_empty_side(haechi: Haechi, files: Path) -> None:
    """It may be the output of a command that failed."""
    for arguments in (
        ("pods.yaml", "-"),
        ("pods.yaml", "comments.yaml"),
        ("pods.yaml", "--to", "-", "--with", "client.yaml"),
        ("pods.yaml", "policy.yaml", "--with", "-"),
    ):
        outcome = haechi("diff", *arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert ": error: holds no objects\n" in outcome.err
        assert outcome.err.count("holds no objects") == 1
    with pipe("") as path:
        assert haechi("diff", "pods.yaml", path).code == 2


def test_other_questions_about_nothing_are_refused(haechi: Haechi, files: Path) -> None:
    outcome = haechi("list", "/dev/null")
    assert (outcome.code, outcome.err.splitlines()[0]) == (2, "/dev/null: error: is empty")


# -- pipes -------------------------------------------------------------------------------------------------------------


def test_process_substitution(haechi: Haechi, files: Path) -> None:
    expected = haechi("diff", "pods.yaml", "-", stdin=manifests.CLUSTER).out
    with pipe(PODS) as old, pipe(manifests.CLUSTER) as new:
        assert haechi("diff", old, new).out == expected
    with pipe(PODS) as both:
        assert haechi("diff", "/dev/null", "policy.yaml", "--with", both).out == expected
    with pipe(manifests.CLUSTER) as path:
        assert haechi("list", path).out == haechi("list", "policy.yaml", "pods.yaml").out


def test_a_named_pipe_is_read_where_it_is_named(haechi: Haechi, files: Path) -> None:
    os.mkfifo(files / "pipe.yaml")
    outcome = haechi("validate", files)
    assert f"{files}/pipe.yaml: error: is not a regular file\n" in outcome.out
    outcome = haechi("validate", "pipe.yaml")
    assert (outcome.code, outcome.out) == (2, "pipe.yaml: error: nothing writes to this pipe\n")
    writer = threading.Thread(target=lambda: (files / "pipe.yaml").write_text(PODS))
    writer.start()
    try:
        reader = os.open(files / "pipe.yaml", os.O_RDONLY | os.O_NONBLOCK)  # lets the writer in, reads nothing
        writer.join()
        assert haechi("validate", "pipe.yaml").err == "2 objects, 0 errors, 0 warnings\n"
    finally:
        os.close(reader)


def test_a_pipe_is_read_to_the_limit(haechi: Haechi, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haechi.files.reading.MAX_BYTES", 100)
    with pipe("#" * 200) as path:
        assert "larger than 0 MiB; split it" in haechi("validate", path).out


# -- revisions ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(files: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: a repository whose topic adds a policy, and a file that is not committed."""
    folder = new_repository(files / "repository")
    (folder / "policies").mkdir()
    (folder / "policies/pods.yaml").write_text(PODS)
    commit(folder)
    (folder / "policies/web.yaml").write_text(manifests.GOOD)
    (folder / "more").mkdir()
    (folder / "more/secret.yaml").write_text(manifests.SECRET)
    commit(folder)
    (folder / "policies/web.yaml").unlink()
    monkeypatch.chdir(folder)
    return folder


def test_revisions_are_compared_with_each_other_and_with_the_disk(haechi: Haechi, repository: Path) -> None:
    (repository.parent / "cluster.yaml").write_text(manifests.CLUSTER)
    expected = haechi("diff", "../pods.yaml", "../cluster.yaml").out
    assert haechi("diff", "--git", "main~1..main", "policies").out == expected
    assert haechi("diff", "--git", "main~1..", "--", "policies/").out == expected
    assert haechi("diff", "--git", "main~1...main", "policies").out == expected
    assert haechi("diff", "policies", "--git", "HEAD~1..HEAD").out == expected
    assert haechi("diff", "--git", "HEAD~1", "policies").out == f"{NOTHING}\n"
    back = haechi("diff", "--git", "HEAD", "policies").out
    assert back.count("(removed)") == expected.count("(added)") > 0


def test_places_of_a_revision(haechi: Haechi, repository: Path) -> None:
    (repository / "policies/bad.yaml").write_text(manifests.BAD)
    commit(repository)
    outcome = haechi("diff", "--git", "HEAD~1..HEAD", "policies", "-o", "json")
    assert outcome.code == 2
    assert "HEAD:policies/bad.yaml:11:9: error: " in outcome.err
    assert {(one["side"], one["location"]["file"]) for one in json.loads(outcome.out)["unreadable"]} == {
        ("new", "HEAD:policies/bad.yaml")
    }


def test_a_path_may_be_on_one_side_only(haechi: Haechi, repository: Path) -> None:
    outcome = haechi("diff", "--git", "main~1..main", "policies", "more")
    assert outcome.code == 1
    assert "old: more is not in main~1\n" in outcome.err
    outcome = haechi("diff", "--git", "main", "policies/web.yaml")
    assert (outcome.code, outcome.out.splitlines()[0]) == (1, "NEW is empty")
    assert "new: policies/web.yaml is not in the files on disk\n" in outcome.err
    assert haechi("diff", "--git", "main~1..main", "policies/web.yaml", "--with", "../pods.yaml").code == 1


def test_a_path_on_neither_side_is_refused(haechi: Haechi, repository: Path) -> None:
    outcome = haechi("diff", "--git", "main~1..main", "policies", "polices")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "haechi: error: PATH: polices is neither in main~1 nor in main\n"
    outcome = haechi("diff", "--git", "nothing..main", "policies")
    assert (outcome.code, outcome.err.splitlines()[0]) == (2, "haechi: error: --git: nothing: is not known")


# -- what each side rests on -------------------------------------------------------------------------------------------


def test_each_entry_of_a_document_has_its_side(haechi: Haechi, files: Path) -> None:
    (files / "old.yaml").write_text("---\n".join((manifests.POD, manifests.SECRET)))
    arguments = ("old.yaml", "--to", "server.yaml", "-", "--with", "client.yaml", "-o", "json")
    found = json.loads(haechi("diff", *arguments, stdin="a: [\n").out)
    assert [(one["side"], one["location"]["file"]) for one in found["skipped"]] == [("old", "old.yaml")]
    assert [(one["side"], one["location"]["file"]) for one in found["unreadable"]] == [("new", "<stdin>")]
    assert found["partial"]
    (files / "new.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: new}\n")
    outcome = haechi(
        "diff", "--to", "new.yaml", "--with", "-", "-o", "json", stdin=manifests.POD.partition("status")[0]
    )
    assert [(one["side"], one["object"]["name"]) for one in json.loads(outcome.out)["synthesized"]] == [
        ("both", "web"),
        ("new", "new"),
    ]
    table = haechi("diff", "server.yaml", "-", "-o", "md", stdin="---\n".join((PODS, "a: [\n"))).out
    assert "\n- new: partial: the answer excludes unreadable input\n- new: " in table


@pytest.mark.parametrize(
    "revisions", ["main..", "..main", "main...topic", "v1.0..v1.1", "feature/x..", "HEAD~1", "HEAD"]
)
def test_revisions_among_the_paths_are_an_error_that_names_git(haechi: Haechi, revisions: str) -> None:
    outcome = haechi("diff", revisions, "policies/")
    assert (outcome.code, outcome.out) == (2, "")
    assert f"PATH: {revisions} is no file; revisions are given by --git\n" in outcome.err
    assert f"  haechi diff --git '{revisions}' policies/\n".replace("'", "'" * ("~" in revisions)) in outcome.err


@pytest.mark.parametrize("path", ["../x", "a/../b", "..", "./..", "main", "a/.."])
def test_other_paths_are_not_taken_for_revisions(
    haechi: Haechi, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "above" / "here"  # so that `..` is not whatever holds the checkout
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert "--git" not in haechi("diff", path, inner).err.replace(str(tmp_path), "")


def test_a_file_with_the_name_of_revisions_is_a_file(
    haechi: Haechi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main..").mkdir()
    assert "--git" not in haechi("diff", "main..", tmp_path).err


SERVICE_ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n"


def test_what_is_said_of_both_sides_is_said_once(haechi: Haechi, tmp_path: Path) -> None:
    deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {selector: {}, template: {}}\n"
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text("---\n".join((SERVICE_ACCOUNT, deployment)))
    new.write_text("---\n".join((SERVICE_ACCOUNT, deployment, manifests.POD.replace("Running", "Failed"))))
    lines = haechi("diff", old, new).err.splitlines()
    assert lines == [
        "skipped: 2 documents of 1 kind that Haechi does not use (-v lists them)",
        "both: 1 pod without an address: given one outside every ipBlock narrower than /0",
        "both: assumed: synthetic-address (-v explains)",
    ]
    new.write_text(SERVICE_ACCOUNT)
    lines = haechi("diff", old, new).err.splitlines()
    assert lines[1:] == [
        "old: 1 pod without an address: given one outside every ipBlock narrower than /0",
        "old: assumed: synthetic-address (-v explains)",
        "new: this side is empty",
    ]
    assert len(haechi("diff", old, "/dev/null", "--with", old, "-v").err.splitlines()) == len(
        set(haechi("diff", old, "/dev/null", "--with", old, "-v").err.splitlines())
    )
