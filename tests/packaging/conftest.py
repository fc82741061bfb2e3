"""One wheel and one environment for all tests of the installed program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.files.repository import commit, git
from tests.packaging.builds import Environment, build, checkout, installed, unpacked


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A checkout and its commit."""
    folder = checkout(tmp_path_factory.mktemp("repository"))
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder, commit(folder)


@pytest.fixture(scope="session")
def sdist(repository: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the repository."""
    return build(repository[0], "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="session")
def wheel(repository: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the repository."""
    return build(repository[0], "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def unpacked_sdist(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in the sdist."""
    return unpacked(sdist, tmp_path_factory.mktemp("unpacked"))


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """With the wheel and what it requires."""
    return installed(wheel, tmp_path_factory.mktemp("environment") / "venv")
