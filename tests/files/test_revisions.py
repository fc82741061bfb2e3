"""A revision is read as its checkout would be, and nothing of a hostile repository is executed or led out of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from haechi import Cluster
from haechi.files import Revision, UnknownRevision, load, revisions
from haechi.model import Code, Manifests, Namespace, NetworkPolicy
from tests.files.repository import commit, commit_of, git, new_repository

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec: {podSelector: {}}\n"


def named(name: str) -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: a repository with one commit."""
    folder = new_repository(tmp_path / "repository")
    (folder / "policies").mkdir()
    (folder / "policies/one.yaml").write_text(named("one"))
    commit(folder)
    monkeypatch.chdir(folder)
    return folder


def names(found: Manifests) -> list[str]:
    return [namespace.name for namespace in found.all(Namespace)]


def problems(found: Manifests) -> list[str]:
    return [f"{problem.location}: {problem.message}" for problem in found.problems]


def test_a_revision_is_read_whatever_is_on_the_disk(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    shutil.rmtree(repository / "policies")
    found = load([Revision.of("main") / "policies"])
    assert (names(found), found.problems) == (["one"], ())
    assert str(found.objects[0].location("metadata.name")) == "main:policies/one.yaml:3:12"
    assert git(repository, "status", "--porcelain") == "D policies/one.yaml"
    assert [path.name for path in tmp_path.iterdir()] == ["repository"]


def test_paths_are_relative_to_the_current_directory(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "policies")
    main = Revision.of("main")
    for path in (".", "../policies", "one.yaml", "./one.yaml", "..", repository, repository / "policies/one.yaml"):
        assert names(load([main / path])) == ["one"]
    assert str(main / "one.yaml") == "main:policies/one.yaml"
    assert str(main / "..") == "main:"
    for path in ("../..", "/etc", "../../elsewhere"):
        assert not (main / path).exists()
        found = load([main / path, main / "one.yaml"])
        assert (names(found), [problem.message for problem in found.problems]) == (
            ["one"],
            ["is not in this repository"],
        )


@pytest.mark.parametrize("text", ["nothing", "", "--help", "-c", "main:policies", "HEAD~7", "a\0b", "@{u}"])
def test_what_is_no_revision_is_refused(repository: Path, text: str) -> None:
    with pytest.raises(UnknownRevision):
        Revision.of(text)


def test_outside_of_a_repository_git_has_the_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownRevision, match=r"^main: not a git repository"):
        Revision.of("main")


def test_without_git_there_is_no_revision(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(UnknownRevision, match="git is not on the PATH"):
        Revision.of("main")


def test_a_range_means_what_git_means_by_it(repository: Path) -> None:
    base = git(repository, "rev-parse", "main")
    git(repository, "checkout", "-q", "-b", "topic")
    topic = commit(repository)
    git(repository, "checkout", "-q", "main")
    main = commit(repository)

    def sides(text: str) -> list[tuple[str, str] | None]:
        return [None if side is None else (side.name, side.commit) for side in Revision.of_range(text)]

    assert sides("topic..main") == [("topic", topic), ("main", main)]
    assert sides("topic..") == [("topic", topic), ("HEAD", main)]
    assert sides("..topic") == [("HEAD", main), ("topic", topic)]
    assert sides("main...topic") == [(base[:12], base), ("topic", topic)]
    assert sides("topic...") == [(base[:12], base), ("HEAD", main)]
    assert sides("HEAD~1") == [("HEAD~1", base), None]
    alone = commit_of(repository)
    with pytest.raises(UnknownRevision, match="have no merge base"):
        Revision.of_range(f"main...{alone}")


# -- as a checkout -----------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c.yaml", "d.json", ".h", "e.txt"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TARGETS = st.lists(st.one_of(NAMES, st.just("..")), min_size=1, max_size=4).map("/".join)
TREES = st.tuples(st.lists(PATHS, max_size=8), st.lists(st.tuples(PATHS, TARGETS), max_size=4))


def _grow(folder: Path, files: list[str], links: list[tuple[str, str]]) -> None:
    for number, path in enumerate(files):
        _at(folder / path, lambda place, number=number: place.write_text(named(f"n{number}")))
    for path, target in links:
        _at(folder / path, lambda place, target=target: place.symlink_to(target))


def _at(place: Path, make: object) -> None:
    """Make it, unless something in the way is no folder, or a link."""
    assert callable(make)
    if any(parent.is_symlink() for parent in place.parents) or os.path.lexists(place):
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        make(place)
    except (FileExistsError, NotADirectoryError):
        return


@settings(max_examples=15, deadline=None)
@given(TREES, PATHS)
@example((["b/a", "c.yaml/c.yaml"], [("a", "b/../c.yaml")]), "a")
@example((["b/a"], [("a", "b/..")]), "a")
def test_a_revision_is_read_as_its_checkout(tree: tuple[list[str], list[tuple[str, str]]], path: str) -> None:
    """The same objects at the same places, the same problems, except for links that leave the repository."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as top:
        folder = new_repository(Path(top) / "r")
        _grow(folder, *tree)
        commit(folder)
        os.chdir(folder)
        try:
            if any(_leaves(place, folder) for place in folder.rglob("*")):
                return  # a checkout would be followed to wherever that is, the whole disk even
            for each in (".", path):
                found, expected = load([Revision.of("HEAD") / each]), load([each])
                assert sorted(names(found)) == sorted(names(expected))
                assert sorted(_places(found)) == sorted(_places(expected))
                assert sorted(problem.code for problem in found.problems) == sorted(
                    problem.code for problem in expected.problems
                )
        finally:
            os.chdir(here)


def _leaves(place: Path, folder: Path) -> bool:
    return place.is_symlink() and not f"{os.path.realpath(place)}/".startswith(f"{os.path.realpath(folder)}/")


def _places(found: Manifests) -> list[str]:
    return [str(loaded.location()).removeprefix("HEAD:") for loaded in found.objects]


def test_a_link_to_elsewhere_in_the_repository_is_followed(repository: Path) -> None:
    (repository / "shared/deep").mkdir(parents=True)
    (repository / "shared/deep/two.yaml").write_text(named("two"))
    (repository / "policies/more").symlink_to("../shared/deep")
    (repository / "policies/three.yaml").symlink_to("more/two.yaml")
    (repository / "way").symlink_to("policies")
    commit(repository)
    shutil.rmtree(repository / "shared")
    head = Revision.of("HEAD")
    assert names(load([head / "policies"])) == ["two", "one"]
    assert names(load([head / "way/more/two.yaml"])) == ["two"]


@pytest.fixture
def overlay(repository: Path) -> Path:
    for name in ("base", "prod"):
        (repository / "app" / name).mkdir(parents=True)
    (repository / "app/base/policy.yaml").write_text(POLICY)
    (repository / "app/base/kustomization.yaml").write_text("resources: [policy.yaml]\n")
    (repository / "app/prod/kustomization.yaml").write_text("namespace: prod\nresources: [../base]\n")
    commit(repository)
    shutil.rmtree(repository / "app")
    return repository


def test_a_kustomization_of_a_revision_is_recognised(overlay: Path) -> None:
    found = load([Revision.of("main") / "app"])
    (problem,) = found.problems
    assert (str(problem.location), problem.code, problem.hint) == ("main:app/prod", Code.UNBUILT, "use --build")


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
@pytest.mark.parametrize("path", ["app", "app/prod", "app/prod/kustomization.yaml"])
def test_and_built_with_what_it_refers_to(overlay: Path, path: str) -> None:
    found = load([Revision.of("main") / path], build=True)
    assert found.problems == ()
    (policy,) = found.loaded(NetworkPolicy)
    assert policy.object.namespace == "prod"
    assert policy.location().file == "main:app/prod (kustomization)"


# -- hostile repositories ----------------------------------------------------------------------------------------------


def test_nothing_that_the_repository_configures_is_run(repository: Path, tmp_path: Path) -> None:
    """Hooks, filters, textconv, external diffs, monitors, pagers, remote helpers: none leaves its mark."""
    mark = tmp_path / "mark"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho $0 >> {mark}\ncat\n")
    script.chmod(0o755)
    (repository / ".gitattributes").write_text(
        "policies/* filter=evil diff=evil export-subst working-tree-encoding=UTF-16\n"
    )
    (repository / "policies/two.yaml").write_text(named("two"))
    git(repository, "add", ".gitattributes")
    git(repository, "commit", "-qm", "attributes")
    hooks = repository / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"):
        shutil.copy(script, hooks / hook)
    lost = git(repository, "rev-parse", "HEAD:policies/one.yaml")
    for key, value in {
        "core.fsmonitor": script,
        "core.pager": script,
        "core.editor": script,
        "core.sshCommand": script,
        "core.askPass": script,
        "core.gitProxy": script,
        "credential.helper": f"!{script}",
        "diff.external": script,
        "diff.evil.textconv": script,
        "diff.evil.command": script,
        "filter.evil.smudge": script,
        "filter.evil.clean": script,
        "filter.evil.process": script,
        "gpg.program": script,
        "log.showSignature": "true",
        "alias.rev-parse": f"!{script}",
        "alias.cat-file": f"!{script}",
        "alias.ls-tree": f"!{script}",
        "pager.cat-file": script,
        "pager.ls-tree": script,
        "extensions.partialClone": "evil",
        "remote.evil.url": f"ext::{script}",
        "remote.evil.promisor": "true",
        "remote.evil.uploadpack": script,
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
    }.items():
        git(repository, "config", key, str(value))
    git(repository, "config", "core.repositoryFormatVersion", "1")
    (repository / ".git/objects" / lost[:2] / lost[2:]).unlink()
    found = load([Revision.of("HEAD") / "."])
    assert [Path(problem.split(":")[1]).name for problem in problems(found)][:1] == ["one.yaml"]
    assert "is not in this repository: a partial clone lacks it" in problems(found)[0]
    assert not mark.exists()


def test_no_entry_leads_out_of_the_tree(repository: Path, tmp_path: Path) -> None:
    """Neither links, however they are chained, nor names that a checkout refuses."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.yaml").write_text(named("secret"))
    inner = commit_of(
        repository,
        ("120000", "absolute", bytes(secret)),
        ("120000", "up.yaml", b"../../secret/a.yaml"),
        ("120000", "here", b".."),
        ("120000", "chain", b"here/../../secret"),
        ("120000", "long", b"x" * 5000),
        ("100644", "fine.yaml", named("fine").encode()),
    )
    tree = git(repository, "rev-parse", f"{inner}^{{tree}}")
    evil = git(repository, "rev-parse", f"{commit_of(repository, ('100644', 'a.yaml', b'x'))}^{{tree}}")
    odd = f"040000 tree {evil}\t..\0" + f"040000 tree {evil}\t.git\0" + f"040000 tree {tree}\tgood\0"
    odd += f"120000 blob {git(repository, 'rev-parse', f'{inner}:absolute')}\tgood2\0"
    top = git(repository, "mktree", "-z", given=odd.encode())
    hostile = git(repository, "commit-tree", top, "-m", "x")
    found = load([Revision.of(hostile) / "."])
    assert names(found) == ["fine"]
    told = {problem.location.file.partition(":")[2]: problem.message for problem in found.problems}
    assert told == {
        "../a.yaml": "is not a name that a file of a repository can have",
        ".git/a.yaml": "is not a name that a file of a repository can have",
        **{
            f"good{name}": "is a link that leads out of the repository"
            for name in ("2", "/absolute", "/up.yaml", "/chain", "/long")
        },
    }
    assert not (tmp_path / "a.yaml").exists()


def test_a_name_that_is_link_and_folder_at_once_is_refused(repository: Path, tmp_path: Path) -> None:
    inner = git(repository, "rev-parse", "HEAD:policies")
    blob = git(repository, "hash-object", "-w", "--stdin", given=bytes(tmp_path))
    inside = git(repository, "hash-object", "-w", "--stdin", given=b"policies")
    raw = b"".join(mode + b" x\0" + bytes.fromhex(each) for mode, each in ((b"120000", inside), (b"40000", inner)))
    for content in (raw, raw.replace(bytes.fromhex(inside), bytes.fromhex(blob))):
        tree = git(repository, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=content)
        found = load([Revision.of(git(repository, "commit-tree", tree, "-m", "x")) / "."])
        assert found.errors
        assert not (tmp_path / "one.yaml").exists()


def test_a_submodule_is_an_error_within_the_path_only(repository: Path) -> None:
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},policies/vendor")
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},elsewhere")
    git(repository, "commit", "-qm", "submodules")
    found = load([Revision.of("HEAD") / "policies"])
    assert names(found) == ["one"]
    assert problems(found) == ["HEAD:policies/vendor: is a submodule: its files are not in this repository"]


def test_odd_names_are_names(repository: Path) -> None:
    odd = ("-rf.yaml", "--help.yaml", "a b\n\t.yaml", ":(glob)*.yaml", "ö\udcff.yaml", "*.yaml")
    for number, name in enumerate(odd):
        (repository / name).write_text(named(f"n{number}"))
    commit(repository)
    head = Revision.of("HEAD")
    for number, name in enumerate(odd):
        assert names(load([head / name])) == [f"n{number}"]
    assert r"HEAD:a b\n\t.yaml:1:1" in _all_places(load([head / "."]))


def _all_places(found: Manifests) -> list[str]:
    return [str(loaded.location()) for loaded in found.objects]


def test_files_above_the_limits_are_refused(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "policies/big.yaml").write_text(named("big") + "#" * 5000)
    commit(repository)
    head = Revision.of("HEAD")
    monkeypatch.setattr(revisions, "_MOST", 1000)
    found = load([head / "policies"])
    assert (names(found), [problem.code for problem in found.problems]) == (["one"], [Code.LIMIT])
    monkeypatch.setattr(revisions, "_MOST", 10_000)
    monkeypatch.setattr(revisions, "_BATCH", 100)
    assert names(load([head / "policies"])) == ["big", "one"]
    monkeypatch.setattr(revisions, "MAX_TREE", 1000)
    assert Code.LIMIT in [problem.code for problem in load([head / "policies"]).problems]


def test_a_broken_repository_is_an_error(repository: Path) -> None:
    head = Revision.of("HEAD")
    tree = git(repository, "rev-parse", "HEAD:policies")
    (repository / ".git/objects" / tree[:2] / tree[2:]).unlink()
    assert [problem.code for problem in load([head / "policies"]).problems] == [Code.UNREADABLE]


def test_the_library_compares_revisions(repository: Path) -> None:
    (repository / "policies/two.yaml").write_text(POLICY)
    commit(repository)
    old, new = Revision.of_range("HEAD~1..HEAD")
    assert new is not None
    found = Cluster.load(old / "policies").compare(Cluster.load(new / "policies"))
    assert {str(cause) for one in found.exposures for cause in one.causes} == {"default/web (added)"}
