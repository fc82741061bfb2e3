"""docs/cli.md says what the program does."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from haechi.cli.app import app
from haechi.cli.configuration import ConfigurationTable, LintConfiguration
from haechi.cli.failure import ExitCode
from haechi.model import Code
from haechi.report import DOCUMENTS, schema
from tests.cli.conftest import Haechi
from tests.report.documents import checked

TEXT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
COMMANDS = ("lab run", "validate", "compile", "verify", "can", "list", "diff", "explain", "lint", "rule", "test")
WITH_INPUT = tuple(command for command in COMMANDS if command != "rule")


def sections(text: str, level: int) -> dict[str, str]:
    """The text under each heading of a level."""
    parts = re.split(rf"^{'#' * level} (.*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def options(command: str) -> set[str]:
    """The long options of a command, as the program knows them."""
    found = app
    for word in command.split():
        found = found[word]
    names = {name for argument in found.assemble_argument_collection() for name in argument.names}
    return {name for name in names if name.startswith("--")}


def test_every_command_has_a_heading_and_no_other() -> None:
    headings = {heading for heading in sections(TEXT, 2) if heading.startswith("haechi ")}
    assert headings == {f"haechi {command}" for command in (*COMMANDS, "completion")}


SHARED = {
    "--quiet", "--verbose", "--build", "--kubernetes-version", "--feature-gates",
    "--context", "--kubeconfig", "--namespace", "--all-namespaces", "--strict",
}  # fmt: skip


def test_options_of_all_commands_are_described_once() -> None:
    assert set(sections(sections(TEXT, 2)["Options of all commands"], 3)) == SHARED
    assert all(options(command) >= SHARED for command in WITH_INPUT)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_a_heading_and_no_other(command: str) -> None:
    section = sections(TEXT, 2)[f"haechi {command}"]
    assert set(sections(section, 3)) == options(command) - SHARED


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_in_the_usage(command: str) -> None:
    usage = sections(TEXT, 2)[f"haechi {command}"].split("```")[1]
    for option in options(command) - SHARED:
        assert (option if option != "--output" else "-o ") in usage


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_in_the_help(haechi: Haechi, command: str) -> None:
    text = haechi(*command.split(), "--help").out
    assert options(command) <= set(re.findall(r"--[a-z-]+", text))


def test_every_exit_code_is_explained() -> None:
    codes = re.findall(r"^\| (\d+) \|", sections(TEXT, 2)["Exit codes"], flags=re.MULTILINE)
    assert [int(code) for code in codes] == [code.value for code in ExitCode]


def test_every_code_of_a_finding_is_explained() -> None:
    codes = re.findall(r"^\| `([a-z-]+)` \|", sections(TEXT, 2)["haechi validate"], flags=re.MULTILINE)
    assert codes == [code.value for code in Code]


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("can", "ReachabilityAnswer"),
        ("compile", "Ruleset"),
        ("diff", "ConnectionDiff"),
        ("explain", "Explanation"),
        ("lab run", "LabReport"),
        ("lint", "LintReport"),
        ("list", "ConnectionList"),
        ("rule", "LintRules"),
        ("validate", "ValidationReport"),
        ("verify", "ProofReport"),
    ],
)
def test_the_json_of_the_docs_is_that_of_the_program(command: str, kind: str) -> None:
    (code,) = re.findall(r"^```json\n(.*?)^```", sections(TEXT, 2)[f"haechi {command}"], re.MULTILINE | re.DOTALL)
    assert checked(code)["kind"] == kind
    assert list(json.loads(code)) == list(schema(kind)["$defs"][DOCUMENTS[kind].__name__]["properties"])


def test_the_configuration_of_the_docs_has_every_key() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", sections(TEXT, 2)["haechi.toml"], re.MULTILINE | re.DOTALL)
    data = tomllib.loads(text)
    assert msgspec.convert(data, ConfigurationTable).lint.fail_on == "error"
    assert set(data) == {field.encode_name for field in msgspec.structs.fields(ConfigurationTable)}
    assert set(data["lint"]) == {field.encode_name for field in msgspec.structs.fields(LintConfiguration)}
