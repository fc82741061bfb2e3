"""The kernel and the fake do the same and refuse the same."""

from __future__ import annotations

import errno

import pytest

from haechi.netlink import Nftables, NftError
from haechi.nft import Ruleset, Transaction
from haechi.testing import FakeNftables
from tests.netlink.cases import CASES, Case, start
from tests.netlink.namespace import in_namespace
from tests.nft.examples import TABLE

Outcome = tuple[int, str, Ruleset | None]
_LOOP = {errno.EMLINK: errno.ELOOP}  # kernels from 6.10 on say so


def outcome(nftables: Nftables | FakeNftables, case: Case) -> Outcome:
    first = Transaction(TABLE)
    start(first)
    nftables.commit(first)
    generation, before = nftables.generation(), nftables.ruleset(TABLE.name)
    transaction = Transaction(TABLE)
    case.do(transaction)
    number, operation = 0, ""
    try:
        nftables.commit(transaction)
    except NftError as error:
        number, operation = error.errno, f"{error.verb} {error.noun}"
    after = nftables.ruleset(TABLE.name)
    if after != before:
        assert nftables.generation() != generation
    if number:
        assert (nftables.generation(), after) == (generation, before)
    return _LOOP.get(number, number), operation, after


@pytest.mark.parametrize("name", CASES)
def test_the_fake_does_as_the_case_says(name: str) -> None:
    case = CASES[name]
    number, operation, _ = outcome(FakeNftables(), case)
    assert (number, operation) == (case.errno, case.operation)


@pytest.mark.parametrize("name", CASES)
@in_namespace
def test_the_kernel_does_as_the_fake(name: str) -> None:
    with Nftables() as nftables:
        assert outcome(nftables, CASES[name]) == outcome(FakeNftables(), CASES[name])


@in_namespace
def test_what_is_refused_changes_nothing() -> None:
    with Nftables() as nftables:
        transaction = Transaction(TABLE)
        start(transaction)
        nftables.commit(transaction)
        before = nftables.ruleset(TABLE.name)
        for case in CASES.values():
            if case.errno:
                transaction = Transaction(TABLE)
                case.do(transaction)
                with pytest.raises(NftError):
                    nftables.commit(transaction)
                assert nftables.ruleset(TABLE.name) == before
