"""The manual page haechi(1), made from the help of the commands when a wheel is built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts import App
    from cyclopts.argument import Argument


def man_page(app: App, version: str) -> str:
    """The page of a program with all of its commands, in roff with the man macros."""
    commands = {name: (command, _arguments(command)) for name, command in _commands(app, app.name[0])}
    shared = _shared([arguments for _, arguments in commands.values()])
    title, _, description = (app.help or "").partition("\n\n")
    examples, _, exit_codes = (app.help_epilogue or "").partition("Exit codes: ")
    lines = [
        f'.TH HAECHI 1 "" "haechi {version}" "User Commands"',
        ".SH NAME",
        f"haechi \\- {_escaped(title.rstrip('.'))}",
        ".SH SYNOPSIS",
        ".B haechi",
        "COMMAND [OPTIONS] ARGUMENTS",
        ".SH DESCRIPTION",
        *_paragraphs(f"{description}\n\n{examples}"),
        ".SH OPTIONS OF ALL COMMANDS",
        *(line for argument in shared.values() for line in _entry(argument)),
        ".SH COMMANDS",
    ]
    for name, (command, arguments) in commands.items():
        own = [argument for argument in arguments if argument.names not in shared]
        values = [f"{one.name}{'...' if one.field_info.kind.name == 'VAR_POSITIONAL' else ''}" for one in own]
        usage = " ".join([name, *(value for value in values if not value.startswith("-"))])
        lines += [f".SS {_escaped(usage)}", *_paragraphs(command.help)]
        lines += [line for argument in own for line in _entry(argument)]
        lines += [".PP", *_paragraphs((command.help_epilogue or "").replace(f"Exit codes: {exit_codes}", ""))]
    return "\n".join([*lines, ".SH EXIT STATUS", *_paragraphs(exit_codes)]) + "\n"


def _commands(app: App, name: str) -> Iterator[tuple[str, App]]:
    """The commands below a program or a group of commands, with their full names, sorted."""
    for word in sorted(set(app) - {*app.help_flags, *app.version_flags}):
        command = app[word]
        if command.default_command is None:
            yield from _commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def _arguments(command: App) -> list[Argument]:
    return [one for one in command.assemble_argument_collection(parse_docstring=True) if one.show]


def _shared(commands: list[list[Argument]]) -> dict[tuple[str, ...], Argument]:
    """The options, by their names, that all commands have which read manifests."""
    readers = [{one.names: one for one in arguments if one.keys} for arguments in commands]
    common = set.intersection(*(set(options) for options in readers if options))
    return {names: one for options in readers for names, one in options.items() if names in common}


def _entry(argument: Argument) -> Iterator[str]:
    """An argument or option, with its value and its help."""
    choices = "|".join(argument.get_choices() or ())
    names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in argument.names)
    yield ".TP"
    yield f"{names} {_escaped(argument.parameter.metavar or choices)}".rstrip()
    yield _escaped(argument.parameter.help or "")


def _paragraphs(text: str | None) -> Iterator[str]:
    """Paragraphs, and indented blocks as they are."""
    for number, paragraph in enumerate(re.split(r"\n{2,}", (text or "").strip("\n"))):
        if number:
            yield ".PP"
        lines = [_escaped(line.strip()) for line in paragraph.splitlines()]
        if paragraph.startswith("    "):
            yield from (".RS 4", ".nf", *lines, ".fi", ".RE")
        else:
            yield from lines


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
