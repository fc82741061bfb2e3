"""An sdist, a wheel and an environment with nothing but the wheel and what it declares, made without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
BUILT_FROM = ("src", "docs", "examples", "pyproject.toml", "hatch_build.py", "man_page.py", "README.md", "LICENSE")
"""What a build of the wheel reads, and the examples."""


def checkout(folder: Path) -> Path:
    """A copy of what builds need, without a repository."""
    for name in BUILT_FROM:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def build(folder: Path, target: str, into: Path) -> Path:
    """The `wheel` or `sdist` of a checkout."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (built,) = into.iterdir()
    return built


def unpacked(sdist: Path, into: Path) -> Path:
    """The folder that an sdist unpacks to."""
    with tarfile.open(sdist) as archive:
        archive.extractall(into, filter="data")
    (folder,) = into.iterdir()
    return folder


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    root: Path

    def run(self, *arguments: str, cwd: Path, path: str = "/nonexistent") -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, with no other on the PATH and no settings for Python."""
        program, *rest = arguments
        environment = {"PATH": path, "LC_ALL": "C.UTF-8", "HOME": str(self.root)}
        command = [str(self.root / "bin" / program), *rest]
        return subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True)


def installed(wheel: Path, root: Path) -> Environment:
    """An environment with a wheel and the packages that it requires, taken from the environment of the tests.

    pip installs the wheel and refuses if a requirement is missing or too old. It asks no registry.
    """
    venv.create(root, with_pip=False, symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(root), "platbase": str(root)}))
    for required in requirements(wheel):
        _copy(distribution(required), site)
    command = [sys.executable, "-m", "pip", "--python", str(root / "bin/python"), "install", "--quiet", "--no-index"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    subprocess.run([*command, str(wheel)], check=True, env=clean)
    return Environment(root)


def requirements(wheel: Path) -> set[str]:
    """The names of all packages that a wheel requires, directly or not."""
    found: set[str] = set()
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (one for one in zipfile.Path(archive).iterdir() if one.name.endswith(".dist-info"))
        waiting = _needs(PathDistribution(metadata))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _needs(distribution(name))
    return found


def _needs(package: Distribution) -> list[str]:
    requirements = [Requirement(text) for text in package.requires or ()]
    return [one.name for one in requirements if one.marker is None or one.marker.evaluate({"extra": ""})]


def _copy(package: Distribution, site: Path) -> None:
    """Copy the modules and the metadata of a package; its commands and manual pages stay behind."""
    for file in package.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = site / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file.locate(), target)
