"""`haechi validate`: what the API server would say to some manifests, all of it, with its place.

The answer is 0 if nothing is wrong (warnings are allowed), 1 if something is, 2 if some input cannot be read or holds
nothing at all.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import Gates, Paths, Version
from haechi.cli.failure import ExitCode

Output = Literal["text", "json", "sarif"]


def validate(
    *paths: Paths,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    kubernetes_version: Version = None,
    feature_gates: Gates = (),
) -> int:
    """Tell everything that is wrong.

    Args:
        *paths: Files, folders or - for standard input.
        output: Lines for people, JSON for programs or SARIF 2.1.0 for code scanning.
        kubernetes_version: By whose rules the input is judged, such as 1.33; the newest known if absent.
        feature_gates: Feature gates of that API server: SCTPSupport=false, StrictIPCIDRValidation=true.
    """
    from haechi.cli import terminal
    from haechi.cli.findings import findings_json, write_text
    from haechi.cli.input import Rules, read
    from haechi.cli.sarif import findings_sarif
    from haechi.model import Code

    found = read(paths, Rules.parse(kubernetes_version, feature_gates))
    if output == "text":
        write_text(terminal.output(), terminal.errors(), found)
    else:
        terminal.output().write(findings_json(found) if output == "json" else findings_sarif(found))
    if any(problem.code in (Code.UNREADABLE, Code.EMPTY) for problem in found.errors):
        return ExitCode.UNUSABLE
    return ExitCode.FOUND if found.errors else ExitCode.GOOD
