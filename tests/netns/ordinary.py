"""Running something as an ordinary user, even where the tests run as root."""

from __future__ import annotations

import ctypes
import os
import pickle
from typing import TYPE_CHECKING, TypeVar, cast

from haechi.netns import isolated

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")
NOBODY = 65534
_PR_SET_DUMPABLE = 4


def isolated_as_ordinary_user(work: Callable[[], Result]) -> Result:
    """`isolated(work)`, called by user 65534 if the tests run as root."""
    if os.geteuid() != 0:
        return isolated(work)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _become_nobody()
            answer: object = isolated(work)
        except BaseException as error:
            answer = error
        os.write(writing, pickle.dumps(answer))
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123  (a descriptor)
        content = pipe.read()
    os.waitpid(child, 0)
    value = pickle.loads(content)
    if isinstance(value, BaseException):
        raise value
    return cast("Result", value)


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    # A process that has changed its user may not write its own maps unless it is dumpable; a shell's would be.
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
