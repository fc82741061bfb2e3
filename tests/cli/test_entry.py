"""From arguments to an exit code, whatever happens."""

from __future__ import annotations

import errno
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from haechi import __version__
from haechi.cli.app import app, version_text
from haechi.cli.entry import guarded, main
from haechi.cli.failure import CommandError, ExitCode
from tests.cli import manifests
from tests.cli.conftest import Haechi


def test_the_version(haechi: Haechi) -> None:
    outcome = haechi("--version")
    assert (outcome.code, outcome.out) == (0, f"{version_text()}\n")


@pytest.mark.parametrize("command", [[], ["lab"], ["lab", "run"], ["validate"], ["compile"]])
def test_every_command_has_help_with_an_example_and_the_exit_codes(haechi: Haechi, command: list[str]) -> None:
    outcome = haechi(*command, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: haechi {' '.join(command)}".rstrip())
    assert "Example" in outcome.out
    assert "    haechi " in outcome.out or "| haechi " in outcome.out
    assert "Exit codes: 0 good" in outcome.out


def examples() -> list[str]:
    """The lines of all help texts that run haechi; what comes from another program is a file."""
    helps = [app.help_epilogue or "", *(app[name].help_epilogue or "" for name in app if not name.startswith("-"))]
    lines = [line for text in helps for line in text.splitlines() if line.startswith("    ")]
    texts = [re.split(r"[|>](?!\()", re.sub(r"<\([^h].*?\)", "FILE", line)) for line in lines]
    return [found[1] for parts in texts for part in parts if (found := re.search(r"\bhaechi ([^)]*)", part))]


@pytest.mark.parametrize("arguments", dict.fromkeys(examples()))
def test_the_examples_of_the_help_are_accepted(arguments: str) -> None:
    app.parse_args(
        ["FILE" if one == "-" else one for one in shlex.split(arguments)], exit_on_error=False, print_error=False
    )


@pytest.mark.parametrize("command", [[], ["lab"]])
def test_without_a_command_there_is_help(haechi: Haechi, command: list[str]) -> None:
    outcome = haechi(*command)
    assert outcome.code == 0
    assert outcome.out == haechi(*command, "--help").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["validtae"], ['"validtae"', '"validate"']),
        (["lab", "rnu"], ['"rnu"']),
        (["validate"], ["PATH"]),
        (["compile", "x"], ["--node"]),
        (["validate", "x", "--ouptut", "json"], ["--ouptut", "--output"]),
        (["validate", "x", "-o", "jsn"], ["-o", '"json"']),
        (["validate", "x", "-o"], ["-o"]),
        (["lint", "x", "--lang", "ko"], ["--lang", "explain alone writes sentences in other languages"]),
        (["lab", "run", "--lang=ko", "x"], ["--lang", "haechi explain --lang ko"]),
        (["lab", "run", "x", "--nodes", "0"], ["--nodes", ">= 1"]),
        (["lab", "run", "x", "--nodes", "65"], ["--nodes", "<= 64"]),
        (["lab", "run", "x", "--nodes", "two"], ["--nodes", "two"]),
        (["lab", "run", "x", "--ip-family", "5"], ["--ip-family", "dual"]),
        (["validate", "x", "--kubernetes-version", "2.0"], ["--kubernetes-version", "1.30"]),
        (["validate", "x", "--feature-gates=SCTPSupport=no"], ["--feature-gates", "SCTPSupport"]),
    ],
)
def test_an_error_of_the_arguments_names_the_argument(haechi: Haechi, arguments: list[str], words: list[str]) -> None:
    outcome = haechi(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("haechi: error: ")
    for word in words:
        assert word in outcome.err


def _raise(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (CommandError("no", "--port", ["try"]), ExitCode.UNUSABLE, "haechi: error: --port: no\n  try\n"),
        (CommandError(""), ExitCode.UNUSABLE, ""),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, ""),
        (BrokenPipeError(), ExitCode.NOBODY_READS, ""),
        (MemoryError(), ExitCode.UNUSABLE, "haechi: error: out of memory\n  give it less input"),
        (OSError(errno.ENOSPC, "No space left on device", "x"), ExitCode.UNUSABLE, "haechi: error: x: No space left"),
        (
            RecursionError("deep\nvery"),
            ExitCode.UNUSABLE,
            "haechi: error: internal error: RecursionError: deep v",
        ),
    ],
)
def test_every_end_has_its_code_and_its_words(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: ExitCode, words: str
) -> None:
    assert guarded(lambda: _raise(error)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(words)
    assert bool(captured.err) == bool(words)


def test_main_reads_the_arguments_of_the_process(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["haechi", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith(f"haechi {__version__}")


def _process(
    *arguments: str, stdin: str = "", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "haechi", *arguments]
    return subprocess.run(command, input=stdin.encode(), env=environment, capture_output=True, check=False)


def test_as_a_process() -> None:
    assert _process("validate", "-", stdin=manifests.GOOD).returncode == 0
    assert _process("validate", "-", stdin=manifests.BAD).returncode == 1
    assert _process("validate", "/nonexistent").returncode == 2


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = [sys.executable, "-m", "haechi", "validate", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(manifests.BAD.encode())
        process.stdin.close()
        printed = process.stderr.read()
    assert process.returncode == ExitCode.NOBODY_READS
    assert b"Traceback" not in printed
    assert b"Exception ignored" not in printed


def test_a_locale_without_our_letters_is_no_error() -> None:
    process = _process("lab", "run", "/nonexistent/é→", environment={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"})
    assert process.returncode == 2
    assert b"Traceback" not in process.stderr
    assert b"/nonexistent/" in process.stderr


@pytest.mark.parametrize(
    ("streams", "code", "words"),
    [
        (">&-", 2, "haechi: error: standard output is closed: there is nowhere to write the answer\n"),
        (">&- 2>&-", 2, ""),
        (">/dev/null 2>&-", 0, ""),
        (">/dev/full", 2, "haechi: error: the output cannot be written: no space left on device\n"),
        (">/dev/full 2>/dev/full", 2, ""),
        ("2>/dev/full >/dev/null", 0, ""),
    ],
)
def test_output_that_goes_nowhere_is_an_error(streams: str, code: int, words: str) -> None:
    """A missing standard error is none: there may be nothing to write to it."""
    script = f"exec {sys.executable} -m haechi --version {streams}"
    done = subprocess.run(["/bin/sh", "-c", script], check=False, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.decode()) == (code, words)


@pytest.mark.parametrize("streams", [">/dev/full", ">/dev/full 2>/dev/full", "2>/dev/full", ">/dev/full 2>&-"])
def test_a_full_disk_ends_a_question_with_2(tmp_path: Path, streams: str) -> None:
    (tmp_path / "a.yaml").write_text(manifests.BAD)
    script = f"exec {sys.executable} -m haechi validate a.yaml {streams}"
    done = subprocess.run(["/bin/sh", "-c", script], check=False, cwd=tmp_path, capture_output=True)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_few_file_descriptors_are_enough(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifests.GOOD)
    script = f"ulimit -n 20; exec {sys.executable} -m haechi lint a.yaml"
    assert subprocess.run(["/bin/sh", "-c", script], check=False, cwd=tmp_path).returncode in (0, 1)


def test_help_needs_neither_the_engine_nor_the_lab() -> None:
    code = "import sys; from haechi.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = set(done.stderr.split())
    assert (
        not {"haechi.model", "haechi.engine", "haechi.lab", "haechi.nft", "haechi.report", "yaml", "pyroaring"} & loaded
    )
