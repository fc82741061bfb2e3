"""The upstream end-to-end scenarios (kubernetes, test/e2e/network/netpol), retold as data.

for scenario in SCENARIOS:
    objects = base_cluster(nodes=2)
    for step in scenario.steps:
        # put step.put (see `placed`), delete step.delete, then compare with step.verdicts.allowed(...)
"""

from tests.scenarios import egress, ingress, protocols, selectors, updates
from tests.scenarios.scenario import (
    NAMESPACES,
    PODS,
    PORTS,
    PROTOCOLS,
    Key,
    Object,
    Scenario,
    Step,
    after,
    base_cluster,
    key,
    placed,
)
from tests.scenarios.verdicts import Line, Verdicts, VerdictsError

SCENARIOS: tuple[Scenario, ...] = tuple(
    sorted(
        (*ingress.SCENARIOS, *selectors.SCENARIOS, *egress.SCENARIOS, *updates.SCENARIOS, *protocols.SCENARIOS),
        key=lambda scenario: scenario.name,
    )
)

__all__ = [
    "NAMESPACES",
    "PODS",
    "PORTS",
    "PROTOCOLS",
    "SCENARIOS",
    "Key",
    "Line",
    "Object",
    "Scenario",
    "Step",
    "Verdicts",
    "VerdictsError",
    "after",
    "base_cluster",
    "key",
    "placed",
]
