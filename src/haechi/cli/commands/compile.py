"""`haechi compile`: the kernel rules that one node would get.

Pods count as they are given, with their node and their addresses: what Haechi does not know it does not invent here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import INPUT_OPTIONS, InputOptions, Paths

Output = Literal["text", "json"]


def compile_node(
    *paths: Paths,
    node: Annotated[str, Parameter(metavar="NAME")],
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    options: InputOptions = INPUT_OPTIONS,
) -> int:
    """Print the ruleset of a node.

    Args:
        *paths: Files, folders or - for standard input.
        node: The node: one of the input, or one that a pod of the input runs on.
        output: What nft -f loads as text, or JSON for programs.
        options: How input is read and validated.
    """
    from haechi.cli import terminal
    from haechi.cli.input import read_sound
    from haechi.cli.rulesets import remarks, rests_on, ruleset

    found = read_sound(paths, options, node=True)
    rules = ruleset(found.objects, node)
    errors = terminal.errors()
    for remark in remarks(found.objects, node):
        errors.line(remark)
    if output == "text":
        terminal.output().write(str(rules))
    else:
        from haechi.report import ruleset_json

        terminal.output().write(ruleset_json(rules, node, rests_on(found, node)))
    return 0
