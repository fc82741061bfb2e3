"""The commit of a checkout, whatever form its repository has; git itself is the judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from haechi._commit import commit, commit_of_checkout
from tests.files.repository import git


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "src" / "haechi").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "feature/one")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return folder


def test_a_branch(checkout: Path) -> None:
    assert commit_of_checkout(checkout) == git(checkout, "rev-parse", "HEAD") != ""


def test_a_packed_branch(checkout: Path) -> None:
    git(checkout, "branch", "feature/one-more")
    git(checkout, "pack-refs", "--all")
    assert not (checkout / ".git/refs/heads/feature/one").exists()
    assert commit_of_checkout(checkout) == git(checkout, "rev-parse", "HEAD")


def test_a_packed_branch_that_moved(checkout: Path) -> None:
    git(checkout, "pack-refs", "--all")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "two")
    assert commit_of_checkout(checkout) == git(checkout, "rev-parse", "HEAD")


def test_a_detached_head(checkout: Path) -> None:
    git(checkout, "checkout", "-q", "--detach")
    assert commit_of_checkout(checkout) == git(checkout, "rev-parse", "HEAD")


@pytest.mark.parametrize("packed", [False, True])
def test_a_worktree(checkout: Path, tmp_path: Path, packed: bool) -> None:
    tree = tmp_path / "tree"
    git(checkout, "worktree", "add", "-q", "-b", "two", str(tree))
    git(tree, "commit", "-q", "--allow-empty", "-m", "two")
    if packed:
        git(checkout, "pack-refs", "--all")
    assert commit_of_checkout(tree) == git(tree, "rev-parse", "HEAD") != git(checkout, "rev-parse", "HEAD")


def test_names_of_sixty_four_digits(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")
    assert commit_of_checkout(tmp_path) == git(tmp_path, "rev-parse", "HEAD")


def test_a_branch_without_a_commit_has_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert commit_of_checkout(tmp_path) == ""


@pytest.mark.parametrize("head", [b"", b"ref: refs/heads/main", b"\xff\xfe", b"hello\n", b"abc123\n"])
def test_what_is_no_repository_has_none(tmp_path: Path, head: bytes) -> None:
    assert commit_of_checkout(tmp_path) == ""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_bytes(head)
    assert commit_of_checkout(tmp_path) == ""


def test_the_commit_of_a_package_in_a_checkout_is_that_of_the_checkout(checkout: Path) -> None:
    assert commit(checkout / "src" / "haechi") == git(checkout, "rev-parse", "HEAD")


def test_the_recorded_commit_counts_first(checkout: Path) -> None:
    recorded = "0123456789" * 4
    (checkout / "src" / "haechi" / "COMMIT").write_text(f"{recorded}\n")
    assert commit(checkout / "src" / "haechi") == recorded


def test_an_environment_inside_a_repository_does_not_take_its_commit(checkout: Path) -> None:
    site = checkout / "lib" / "haechi"
    site.mkdir(parents=True)
    assert commit(site) == ""
