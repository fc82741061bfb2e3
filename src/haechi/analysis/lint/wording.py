"""Names in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from haechi.model import TierRuleRef

_MOST = 3


def name_list(names: Iterable[str], total: int | None = None) -> str:
    """`a, b, c and 7 more`: the first names in their order, without duplicates.

    Args:
        names: all, or the first ones.
        total: how many there are, if `names` are only the first ones.
    """
    found = list(dict.fromkeys(names))
    count = len(found) if total is None else total
    shown = found[:_MOST] if count > _MOST + 1 else found  # "and 1 more" is no shorter than the name
    rest = count - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def rule_name(rule: TierRuleRef) -> str:
    """`spec.ingress[0] of ClusterNetworkPolicy/guard`."""
    return f"{rule.path} of {rule.policy}"
