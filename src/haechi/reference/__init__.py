"""The specification, literally: the oracle that every other part of Haechi is compared with."""

from haechi.reference.parts import (
    PROTOCOLS,
    ClusterObjects,
    Unreadable,
    expressions,
    is_readable,
    meets,
    network,
    selects,
)
from haechi.reference.reference import allowed, is_policed, policy_types, rules
from haechi.reference.tiers import is_closed, selectors_of, subject_selects, tier_of

__all__ = [
    "PROTOCOLS", "ClusterObjects", "Unreadable", "allowed", "expressions", "is_closed", "is_policed",
    "is_readable", "meets", "network", "policy_types", "rules", "selectors_of", "selects", "subject_selects",
    "tier_of",
]  # fmt: skip
