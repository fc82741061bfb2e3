"""The specification, literally: the oracle that every other part of Haechi is compared with."""

from haechi.reference.reference import (
    PROTOCOLS,
    ClusterObjects,
    Unreadable,
    allowed,
    expressions,
    is_policed,
    is_readable,
    meets,
    network,
    policy_types,
    rules,
    selects,
)

__all__ = [
    "PROTOCOLS", "ClusterObjects", "Unreadable", "allowed", "expressions", "is_policed", "is_readable", "meets",
    "network", "policy_types", "rules", "selects",
]  # fmt: skip
