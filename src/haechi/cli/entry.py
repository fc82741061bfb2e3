"""From the process to a command and back: arguments in, exit code out, every error as a message.

Promises that no error prints a traceback (except an internal one under `python -X dev`), that Ctrl-C and a closed pipe
print nothing, and that an error of the arguments names the argument. Imports little, as Ctrl-C may come at any time.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from haechi.cli.failure import CommandError, ExitCode

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
STDIN = "/dev/stdin"
"""What `-` stands for: cyclopts would take the hyphen for an option."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code.

    Args:
        argv: the arguments without the program's name; those of the process if None.
    """
    if not _open_streams():
        return _print_error("standard output is closed: there is nowhere to write the answer")
    given = sys.argv[1:] if argv is None else argv
    tokens = [STDIN if token == "-" else token for token in given]
    return guarded(lambda: _run(tokens))


def process() -> int:
    """The whole process of a command: as `main`, with fewer runs of the cycle collector.

    A command makes many objects, hardly a cycle, and ends; collecting at every 700th object takes a third of its time.
    """
    gc.set_threshold(100_000, 20, 20)
    return main()


def guarded(work: Callable[[], int]) -> int:
    """The exit code of `work`; its errors are printed on standard error."""
    try:
        try:
            code = work()
        except KeyboardInterrupt:
            code = ExitCode.INTERRUPTED
        except CommandError as error:
            code = _print_error(str(error))
        sys.stdout.flush()
    except BrokenPipeError:
        _stop_writing()
        return ExitCode.NOBODY_READS
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except MemoryError:
        return _print_error("out of memory\n  give it less input at once, or more memory")
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _UNWRITABLE and error.filename is None:
            return _print_error(f"the output cannot be written: {(error.strerror or '').lower()}", last=True)
        if sys.flags.dev_mode:
            raise
        return _print_error(_unexpected(error))
    return code


def _run(tokens: list[str]) -> int:
    from cyclopts import CycloptsError, UnknownOptionError

    from haechi.cli.app import app

    try:
        code: object = app(
            tokens,
            exit_on_error=False,
            print_error=False,
            help_on_error=False,
            verbose=False,
            result_action="return_value",
        )
    except CycloptsError as error:
        chain = " ".join(error.command_chain or ())
        hints = [f"see: haechi {chain + ' ' if chain else ''}--help"]
        if isinstance(error, UnknownOptionError) and error.token.value.partition("=")[0] == "--lang":
            hints.insert(0, "explain alone writes sentences in other languages: haechi explain --lang ko")
        raise CommandError(str(error).strip(), "", hints) from error
    return code if isinstance(code, int) else ExitCode.GOOD


def _print_error(message: str, *, last: bool = False) -> ExitCode:
    """Print an error on standard error, if it has a message; nothing is written after the `last` one."""
    if last:
        with suppress(OSError):
            _print_error(message)
            sys.stderr.flush()
        _stop_writing()
    elif message:
        from haechi.cli.terminal import Style, errors

        terminal = errors()
        first, *rest = message.split("\n")
        terminal.write(terminal.paint("haechi: error: ", Style.RED))
        terminal.line(first)
        for line in rest:
            terminal.line(line)
    return ExitCode.UNUSABLE


def _unexpected(error: Exception) -> str:
    """The message of an internal error, with its place."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename.rpartition(os.sep)[2]}:{frames[-1].lineno}" if frames else ""
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or error}{where}"
    words = f"internal error: {type(error).__name__}: {error}{where}"
    return words.replace("\n", " ") + "\n  please report it; `python -X dev -m haechi …` shows more"


def _open_streams() -> bool:
    """Open missing output streams, and let both accept any text, whatever the locale; False if there is no output."""
    has_output = sys.stdout is not None
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  (for the rest of the process)
            setattr(sys, name, stream)
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    return has_output


def _stop_writing() -> None:
    """Redirect the output streams to /dev/null, for the interpreter's last flush."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError):
            continue  # not a file: nothing to flush
    os.close(nowhere)
