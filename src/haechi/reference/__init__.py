"""The specification read aloud: the oracle with which every other part of Haechi is compared."""

from haechi.reference.reference import (
    PROTOCOLS,
    Cluster,
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
    "PROTOCOLS",
    "Cluster",
    "Unreadable",
    "allowed",
    "expressions",
    "is_policed",
    "is_readable",
    "meets",
    "network",
    "policy_types",
    "rules",
    "selects",
]
