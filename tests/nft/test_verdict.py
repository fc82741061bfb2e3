"""Verdicts go somewhere exactly when they must."""

from __future__ import annotations

import pytest

from haechi.nft import ACCEPT, NounError, Verdict, VerdictKind, goto, jump
from haechi.nft.attributes import Fields
from haechi.nft.errors import DecodeError


@pytest.mark.parametrize("kind", VerdictKind)
def test_only_jump_and_goto_have_a_chain(kind: VerdictKind) -> None:
    goes = kind in (VerdictKind.JUMP, VerdictKind.GOTO)
    Verdict(kind, "c" if goes else "")
    with pytest.raises(NounError):
        Verdict(kind, "" if goes else "c")


def test_verdicts_are_printed() -> None:
    assert [str(each) for each in (ACCEPT, jump("c"), goto("d"))] == ["accept", "jump c", "goto d"]


@pytest.mark.parametrize(
    "verdict", [ACCEPT, jump("c"), goto("d"), *map(Verdict, (VerdictKind.DROP, VerdictKind.RETURN))]
)
def test_data_is_read_as_written(verdict: Verdict) -> None:
    assert Verdict.from_data(Fields(verdict.data(), "data").nest(2)) == verdict


def test_other_verdicts_are_not_known() -> None:
    queue = Fields(b"\x08\0\1\0\0\0\0\3", "verdict")
    with pytest.raises(DecodeError, match="verdict 3"):
        Verdict.from_data(queue)
