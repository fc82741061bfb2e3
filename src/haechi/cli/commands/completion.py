"""`haechi completion`: the script that lets a shell complete commands, options, choices and paths."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

Shell = Literal["bash", "zsh", "fish"]

_LIST_FILES = 'COMPREPLY=( $(compgen -f -- "${cur}") )'  # splits names at blanks, and ends folders with one
_LET_BASH_LIST_FILES = "COMPREPLY=(); compopt -o default"

_CALL_OR_REGISTER = """\
if [[ $funcstack[1] == _haechi ]]; then
  _cyclopts_haechi "$@"
elif (( $+functions[compdef] )); then
  compdef _cyclopts_haechi haechi
fi
"""  # the file _haechi of a folder of fpath, or source


def completion(shell: Annotated[Shell, Parameter(name="SHELL", allow_leading_hyphen=False)], /) -> int:
    """Print a completion script.

    Args:
        shell: The shell that the script is for.
    """
    from haechi.cli import terminal
    from haechi.cli.app import app

    script = app.generate_completion(shell=shell)
    if shell == "bash":
        script = script.replace(_LIST_FILES, _LET_BASH_LIST_FILES)
    if shell == "zsh":
        script += _CALL_OR_REGISTER
    terminal.output().write(script)
    return 0
