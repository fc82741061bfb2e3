"""The meaning of policies: fast, incremental, canonical."""

from haechi.engine.delta import Delta, PodChange, PodState
from haechi.engine.endpoint import Endpoint, NamedPort, points
from haechi.engine.engine import Engine, Stages
from haechi.engine.meaning import (
    addresses,
    deciding_rule,
    includes,
    is_own_node,
    outside,
    outside_addresses,
    passing_ports,
    point,
    rule_ports,
    side,
    side_ports,
    tier_rule_ports,
    traffic,
    verdict,
)
from haechi.engine.policy import Defect, Policy, PolicyRule, UnreadablePart, read_peer, read_ports
from haechi.engine.policyset import PolicySet, sweep
from haechi.engine.precedence import Precedence
from haechi.engine.selection import ANY_POD, NamedPeer, Peers, PodSelection
from haechi.engine.tierpolicy import OrderedPolicy, OrderedRule, read_tier_peer, read_tier_protocol
from haechi.engine.tierrules import PeerClass, PeerItem, PortDecisions, TierRules
from haechi.engine.tierset import TierEntry, TierSet

__all__ = [
    "ANY_POD", "Defect", "Delta", "Endpoint", "Engine", "NamedPeer", "NamedPort", "OrderedPolicy",
    "OrderedRule", "PeerClass", "PeerItem", "Peers", "PodChange", "PodSelection", "PodState", "Policy",
    "PolicyRule", "PolicySet", "PortDecisions", "Precedence", "Stages", "TierEntry", "TierRules", "TierSet",
    "UnreadablePart", "addresses", "deciding_rule", "includes", "is_own_node", "outside", "outside_addresses",
    "passing_ports", "point", "points", "read_peer", "read_ports", "read_tier_peer", "read_tier_protocol", "rule_ports",
    "side", "side_ports", "sweep", "tier_rule_ports", "traffic", "verdict",
]  # fmt: skip
