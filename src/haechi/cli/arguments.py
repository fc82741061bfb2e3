"""The arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

Paths = Annotated[str, Parameter(name="PATH", required=True, help="Files, folders or - for standard input.")]
"""For `*paths`."""

Version = Annotated[
    str | None,
    Parameter(name="--kubernetes-version", metavar="V", show_default=False),
]

Gates = Annotated[
    tuple[str, ...],
    Parameter(name="--feature-gates", metavar="NAME=BOOL", negative="", show_default=False),
]

Strict = Annotated[bool, Parameter(negative="", show_default=False)]
"""For the commands that answer about what they can read."""
