"""`haechi rule`: what a check of lint finds, why that is a mistake, and a wrong and a right example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haechi.cli.terminal import Terminal
    from haechi.report import LintRule

Output = Literal["text", "json"]


def rule(
    *codes: Annotated[str, Parameter(name="CODE")],
    show_all: Annotated[bool, Parameter(name="--all", negative="", show_default=False)] = False,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
) -> int:
    """Explain checks of lint.

    Args:
        *codes: The checks to explain, by code or pattern (named-port-*); without any, a line for every check.
        show_all: Explain every check.
        output: Text for people or JSON for programs.
    """
    from haechi.analysis.lint import ALL, CATALOGUE, UnknownCode, select_checks
    from haechi.cli import terminal
    from haechi.cli.failure import ExitCode, unknown_name
    from haechi.cli.lint_rules import lint_rules
    from haechi.report import lint_rules_json

    try:
        checks = select_checks([ALL] if show_all or not codes else codes)
    except UnknownCode as error:
        raise unknown_name("CODE", error.code, (check.code for check in CATALOGUE), "the code of a check") from error
    texts = lint_rules()
    rules = [texts[check.code] for check in checks]
    if output == "json":
        terminal.output().write(lint_rules_json(rules))
    elif codes or show_all:
        _explain(terminal.output(), rules)
    else:
        _list(terminal.output(), rules)
    return ExitCode.GOOD


def _explain(out: Terminal, rules: Iterable[LintRule]) -> None:
    from haechi.cli.terminal import Style

    for number, one in enumerate(rules):
        if number:
            out.line()
        out.line(f"# {one.code}", Style.BOLD)
        out.line()
        for line in one.text.split("\n"):
            out.line(line)


def _list(out: Terminal, rules: Iterable[LintRule]) -> None:
    listed = list(rules)
    width = max(len(one.code) for one in listed)
    for one in listed:
        request = ", on request" if one.on_request else ""
        out.line(f"{one.code:{width}}  {one.severity}{request}: {one.summary}")
