"""Outside hosts: one wherever policies treat addresses alike, and a word for every place that can have none."""

from __future__ import annotations

from haechi.lab.addresses import FreeAddresses
from haechi.lab.witnesses import witnesses
from haechi.model import NetworkPolicy, TierPolicy
from haechi.sets import AddressSet, text_to_point
from tests.building import policy, tier_policy

BOTH = (4, 6)


def block(cidr: str, *excepts: str, direction: str = "ingress") -> NetworkPolicy:
    peers = "from" if direction == "ingress" else "to"
    text = ", ".join(f"'{each}'" for each in excepts)
    return policy(
        f"{{podSelector: {{}}, {direction}: [{{{peers}: [{{ipBlock: {{cidr: '{cidr}', except: [{text}]}}}}]}}]}}"
    )


def found(
    *policies: NetworkPolicy | TierPolicy,
    known: tuple[str, ...] = (),
    taken: tuple[str, ...] = (),
    families: tuple[int, ...] = BOTH,
) -> tuple[list[str], list[str]]:
    """The words of the witnesses, whose places are checked here, and of the regions that have none."""
    seen, missing = witnesses(policies, known, FreeAddresses([*known, *taken]), families)
    assert len({each.address for each in seen}) == len(seen)
    assert not {each.address for each in seen} & {*known, *taken}
    for each in seen:
        if each.description.startswith("in ") and each.description != "in no ipBlock":
            inside = each.description.removeprefix("in ").partition(",")[0]
            assert text_to_point(each.address) in AddressSet.from_cidr(inside)
    return [each.description for each in seen], list(missing)


def test_a_block_its_exceptions_and_the_rest_have_a_witness_each() -> None:
    words, missing = found(block("10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16"))
    assert words == [
        "in 10.0.0.0/8",
        "in 10.1.0.0/16, excepted from 10.0.0.0/8",
        "in 10.2.0.0/16, excepted from 10.0.0.0/8",
        "in no ipBlock",
        "in no ipBlock",
    ]
    assert missing == []


def test_the_witness_in_a_block_is_in_none_of_its_exceptions() -> None:
    seen, _ = witnesses([block("10.0.0.0/8", "10.0.0.0/9")], [], FreeAddresses([]), BOTH)
    assert seen[0].address == "10.128.0.1"


def test_those_outside_are_in_no_block_of_any_policy() -> None:
    blocks = [block("192.0.2.0/24"), block("198.51.100.0/24", direction="egress"), block("2001:db8::/33")]
    seen, _ = witnesses(blocks, [], FreeAddresses([]), BOTH)
    assert [each.address for each in seen if each.description == "in no ipBlock"] == ["203.0.113.1", "2001:db8:8000::1"]


def test_without_blocks_there_is_one_witness_of_each_family() -> None:
    assert found() == (["in no ipBlock"] * 2, [])
    assert found(families=(4,)) == (["in no ipBlock"], [])


def test_a_family_that_the_lab_has_not_gets_no_witness_and_no_complaint() -> None:
    assert found(block("10.0.0.0/8"), block("fd00::/8"), families=(6,)) == (["in fd00::/8", "in no ipBlock"], [])


def test_where_a_host_is_there_already_no_witness_is_needed() -> None:
    words, _ = found(block("10.0.0.0/8", "10.1.0.0/16"), known=("10.5.5.5", "203.0.113.5"), families=(4,))
    assert words == ["in 10.1.0.0/16, excepted from 10.0.0.0/8"]


def test_one_witness_serves_equal_blocks_of_several_policies() -> None:
    assert found(block("10.0.0.0/8"), block("10.0.0.0/8"), families=(4,))[0] == ["in 10.0.0.0/8", "in no ipBlock"]


def test_a_narrow_block_has_a_witness_of_its_own_beside_a_wide_one() -> None:
    assert found(block("10.0.0.0/8"), block("10.9.0.0/16"), families=(4,))[0][:2] == ["in 10.0.0.0/8", "in 10.9.0.0/16"]


def test_blocks_of_everything_leave_no_region_outside() -> None:
    assert found(block("0.0.0.0/0"), families=(4,)) == (["in 0.0.0.0/0"], [])


def test_a_region_without_usable_addresses_is_returned_once() -> None:
    several = [block("127.0.0.0/8"), block("224.0.0.0/4"), block("127.0.0.0/8", direction="egress"), block("ff00::/8")]
    assert found(*several) == (["in no ipBlock"] * 2, ["in 127.0.0.0/8", "in 224.0.0.0/4", "in ff00::/8"])


def test_a_block_that_is_one_pods_address_has_no_witness() -> None:
    assert found(block("10.0.0.5/32"), taken=("10.0.0.5",), families=(4,)) == (["in no ipBlock"], ["in 10.0.0.5/32"])


def test_an_exception_that_takes_all_of_its_block_leaves_no_inside() -> None:
    words, missing = found(block("10.0.0.0/8", "10.0.0.0/8"), families=(4,))
    assert words == ["in 10.0.0.0/8, excepted from 10.0.0.0/8", "in no ipBlock"]
    assert missing == []


def test_an_exception_outside_of_its_block_needs_no_witness() -> None:
    assert found(block("10.0.0.0/8", "11.0.0.0/8"), families=(4,))[0] == ["in 10.0.0.0/8", "in no ipBlock"]


def test_unreadable_blocks_are_passed_over() -> None:
    assert found(block("10.0.0.0/33"), block("10.0.0.0/8", "x"), families=(4,)) == (["in no ipBlock"], [])


def test_networks_of_tiers_have_witnesses_as_well() -> None:
    tier = tier_policy("{egress: [{action: Deny, to: [{networks: [192.0.2.9/24, x/8]}, {namespaces: {}}]}]}")
    assert found(tier, families=(4,)) == (["in 192.0.2.9/24", "in no ipBlock"], [])
