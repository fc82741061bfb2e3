"""What people install: an sdist, a wheel, and the command in an environment that has nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from haechi import __version__
from haechi.report import DOCUMENTS
from tests.cli.test_docs import COMMANDS, options
from tests.packaging.builds import ROOT, Environment, build, checkout, requirements

POLICIES = str(ROOT / "examples" / "test-network-policy")


def contents(wheel: Path) -> dict[str, bytes]:
    """The files; the lines of RECORD sorted, as their order means nothing."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: b"".join(sorted(archive.read(name).splitlines(True)))
            if name.endswith("/RECORD")
            else archive.read(name)
            for name in archive.namelist()
        }


def test_a_wheel_has_every_file_of_the_package_the_commit_and_the_licence_and_no_tests(wheel: Path) -> None:
    packed = contents(wheel)
    names = {name for name in packed if name.startswith("haechi/")}
    walked = os.walk(ROOT / "src" / "haechi", followlinks=True)
    files = (Path(folder, name).relative_to(ROOT / "src").as_posix() for folder, _, found in walked for name in found)
    assert names == {name for name in files if "__pycache__" not in name} | {"haechi/COMMIT"}
    assert {name.split("/")[0] for name in packed} <= {
        "haechi",
        f"haechi-{__version__}.dist-info",
        f"haechi-{__version__}.data",
    }
    assert packed[f"haechi-{__version__}.dist-info/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()


def test_the_wheel_of_an_sdist_is_the_wheel_of_the_checkout(wheel: Path, unpacked_sdist: Path, tmp_path: Path) -> None:
    assert contents(build(unpacked_sdist, "wheel", tmp_path)) == contents(wheel)


def test_a_wheel_is_the_same_every_time(repository: tuple[Path, str], wheel: Path, tmp_path: Path) -> None:
    assert build(repository[0], "wheel", tmp_path).read_bytes() == wheel.read_bytes()


def test_the_image_has_all_that_the_wheel_requires_and_nothing_that_builds_it(wheel: Path) -> None:
    (removed,) = re.findall(r"uninstall --yes (.*)", (ROOT / "Containerfile").read_text(encoding="utf-8"))
    assert {"hatchling", "editables", "pip"} <= set(removed.split())
    assert requirements(wheel).isdisjoint(removed.split())


def test_the_installed_command_says_its_version_and_the_commit(
    environment: Environment, repository: tuple[Path, str], tmp_path: Path
) -> None:
    done = environment.run("haechi", "--version", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"haechi {__version__} ({repository[1][:12]})\n"


def test_a_wheel_built_without_a_repository_has_no_commit(tmp_path: Path) -> None:
    wheel = build(checkout(tmp_path / "source"), "wheel", tmp_path / "wheel")
    assert "haechi/COMMIT" not in contents(wheel)
    unzipped = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unzipped)
    program = "import sys; sys.path.insert(0, sys.argv.pop(1)); from haechi.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, str(unzipped), "--version"], check=True, capture_output=True, text=True
    )
    assert done.stdout == f"haechi {__version__}\n"


def test_the_installed_command_lints_from_any_folder(environment: Environment, tmp_path: Path) -> None:
    done = environment.run("haechi", "lint", POLICIES, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n"
        "spec: {podSelector: {}, policyTypes: [Ingress], egress: [{}]}\n"
    )
    done = environment.run("haechi", "lint", "policy.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "rules-without-policy-type" in done.stdout


def test_the_installed_command_explains_a_check(environment: Environment, tmp_path: Path) -> None:
    done = environment.run("haechi", "rule", "dash-trap", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# dash-trap\n")


@pytest.mark.parametrize(("source", "verdict", "code"), [("frontend", "allowed", 0), ("other", "denied", 1)])
def test_the_installed_command_answers_from_any_folder(
    environment: Environment, tmp_path: Path, source: str, verdict: str, code: int
) -> None:
    done = environment.run("haechi", "can", f"default/{source}", "default/db", "6379", POLICIES, cwd=tmp_path)
    assert done.returncode == code
    assert done.stdout.startswith(f"{verdict}\n")


def test_the_installed_library_has_the_schema_of_every_document(environment: Environment, tmp_path: Path) -> None:
    program = (
        "import json; from haechi import report; print(json.dumps({k: report.schema(k) for k in report.DOCUMENTS}))"
    )
    done = environment.run("python", "-I", "-c", program, cwd=tmp_path)
    assert done.stderr == ""
    schemas = json.loads(done.stdout)
    assert set(schemas) == set(DOCUMENTS)
    for kind, schema in schemas.items():
        assert schema == json.loads((ROOT / "docs" / "schemas" / f"{kind}.json").read_text(encoding="utf-8"))


def test_the_module_is_the_command(environment: Environment, tmp_path: Path) -> None:
    done = environment.run("python", "-I", "-m", "haechi", "--version", cwd=tmp_path)
    assert done.stdout == environment.run("haechi", "--version", cwd=tmp_path).stdout


def page(environment: Environment) -> Path:
    return environment.root / "share" / "man" / "man1" / "haechi.1"


def test_the_manual_page_has_every_command_and_every_option(environment: Environment) -> None:
    text = page(environment).read_text(encoding="utf-8").replace("\\-", "-")
    assert f'.TH HAECHI 1 "" "haechi {__version__}"' in text
    for command in (*COMMANDS, "completion"):
        assert f".SS haechi {command} " in text
        assert [option for option in options(command) if f"\\fB{option}" not in text] == []


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_mandoc_finds_nothing_in_the_manual_page_but_that_it_has_no_date(environment: Environment) -> None:
    command = ["mandoc", "-T", "lint", "-W", "warning", str(page(environment))]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_shows_the_manual_page(environment: Environment) -> None:
    command = ["man", "--warnings", "-E", "UTF-8", "-l", str(page(environment))]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    )
    assert done.stderr == ""
    assert "haechi lint PATH..." in done.stdout
