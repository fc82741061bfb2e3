"""The arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

Paths = Annotated[
    str,
    Parameter(name="PATH", allow_leading_hyphen=False, required=True, help="Files, folders or - for standard input."),
]
"""For `*paths`."""

Version = Annotated[
    str | None,
    Parameter(
        name="--kubernetes-version",
        metavar="V",
        show_default=False,
        help="By whose rules the input is judged, such as 1.33. The newest known if absent.",
    ),
]

Gates = Annotated[
    tuple[str, ...],
    Parameter(
        name="--feature-gates",
        metavar="NAME=BOOL",
        negative="",
        show_default=False,
        help="Feature gates of that API server: SCTPSupport=false, StrictIPCIDRValidation=true.",
    ),
]
