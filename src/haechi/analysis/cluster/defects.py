"""Parts of policies of tiers that an API server accepts although they have no meaning, such as an unknown operator.

The resource definitions do not check selectors. What cannot be read fails closed, so it is reported with its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.engine import OrderedPolicy
from haechi.model import (
    ClusterNetworkPolicy,
    Code,
    Loaded,
    Object,
    Problem,
    Severity,
    TierPolicy,
    path_steps,
    path_text,
)


def defect_warnings(loaded: Loaded[Object]) -> Iterator[Problem]:
    """A warning for each part that cannot be read, of an object in which nothing else is wrong."""
    policy = loaded.object
    if not isinstance(policy, TierPolicy) or loaded.problems:
        return
    for defect in OrderedPolicy.read(policy).defects:
        steps = path_steps(defect.path)
        if not isinstance(policy, ClusterNetworkPolicy):  # whose items of ports are items of protocols elsewhere
            steps = tuple("ports" if step == "protocols" else step for step in steps)
        effect = "the policy fails closed" if defect.rule is None else "the rule fails closed"
        message = f"{path_text(steps)}: {defect.reason}: {effect}"
        yield Problem(Severity.WARNING, Code.DOUBTFUL, message, loaded.location(steps), policy.object_name, steps)
