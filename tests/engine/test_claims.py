"""Whose address it is depends on the present claims only."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from haechi.engine.claims import Claims

claims_of_pods = st.dictionaries(st.integers(0, 5), st.lists(st.integers(0, 4), unique=True).map(tuple), max_size=6)


def assert_equals(claims: Claims, present: dict[int, tuple[int, ...]]) -> None:
    for address in range(5):
        claimants = {number for number, addresses in present.items() if address in addresses}
        assert claims.claimants(address) == claimants
        assert claims.owner(address) == (min(claimants) if len(claimants) == 1 else None)
        assert claims.is_disputed(address) == (len(claimants) > 1)
    for number, addresses in present.items():
        own = tuple(address for address in addresses if claims.owner(address) == number)
        disputed = tuple(address for address in addresses if address not in own)
        assert claims.split(addresses) == (own, disputed)
        rivals = {other for other, theirs in present.items() if set(theirs) & set(addresses)} - {number}
        assert claims.rivals(addresses, number) == rivals


@given(claims_of_pods, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_everything_goes(present: dict[int, tuple[int, ...]], random: Random) -> None:
    claims = Claims()
    left = list(present.items())
    random.shuffle(left)
    for number, addresses in left:
        claims.add(number, addresses)
    assert_equals(claims, present)
    random.shuffle(left)
    while left:
        number, addresses = left.pop()
        claims.remove(number, addresses)
        assert_equals(claims, dict(left))
    assert not claims._sole
    assert not claims._disputed


@given(claims_of_pods, claims_of_pods)
def test_extend_is_add_for_each(before: dict[int, tuple[int, ...]], after: dict[int, tuple[int, ...]]) -> None:
    claims = Claims()
    for number, addresses in before.items():
        claims.add(number, addresses)
    more = {number + 6: addresses for number, addresses in after.items()}
    claims.extend(more.items())
    assert_equals(claims, before | more)


def test_the_last_claimant_gets_a_disputed_address() -> None:
    claims = Claims()
    for number in (1, 2, 3):
        claims.add(number, (7,))
    assert claims.split((6, 7)) == ((6,), (7,))
    claims.remove(1, (7,))
    assert claims.owner(7) is None
    claims.remove(3, (7,))
    assert claims.owner(7) == 2
    assert claims.rivals((7,), 2) == set()
