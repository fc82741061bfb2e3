"""Errors of the kernel answer questions."""

from __future__ import annotations

import errno

import pytest

from haechi.netlink import NetlinkError, NftError

QUESTIONS = {
    errno.ENOENT: "is_not_found",
    errno.EEXIST: "is_exists",
    errno.EBUSY: "is_busy",
    errno.EPERM: "is_not_permitted",
    errno.EACCES: "is_not_permitted",
    errno.EMSGSIZE: "is_too_large",
    errno.ERESTART: "is_stale",
}


@pytest.mark.parametrize("number", QUESTIONS)
def test_each_error_answers_one_question(number: int) -> None:
    error = NftError(number, "add", "chain c")
    assert isinstance(error, NetlinkError)
    assert {name for name in set(QUESTIONS.values()) if getattr(error, name)} == {QUESTIONS[number]}


def test_an_error_is_put_into_words() -> None:
    assert str(NftError(errno.EBUSY, "delete", "set s", "in use")).startswith("nf_tables: delete set s: ")
    assert str(NftError(errno.EBUSY, "delete", "set s", "in use")).endswith(" (EBUSY): in use")


def test_an_unknown_number_is_shown_as_it_is() -> None:
    assert NftError(9999, "add", "chain c").name == "9999"
