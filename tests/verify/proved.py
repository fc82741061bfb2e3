"""Every ruleset that a test makes from policies and installs is proved, here."""

from __future__ import annotations

from collections.abc import Iterable

from haechi.dataplane import TABLE
from haechi.netlink import Nftables
from haechi.nft import Ruleset
from haechi.testing import FakeNftables
from haechi.verify import ClusterObject, Prover, prove


def assert_proved(ruleset: Ruleset | None, objects: Iterable[ClusterObject], node: str) -> None:
    """A node's table, as it was read back, means what the policies mean."""
    proof = prove(ruleset, objects, node)
    assert proof.holds, proof


def assert_still_proved(nftables: FakeNftables | Nftables, prover: Prover) -> None:
    """The table that was just committed means what the policies mean that the prover knows."""
    proof = prover.prove(nftables.ruleset(TABLE.name))
    assert proof.holds, proof
