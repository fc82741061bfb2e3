"""The meaning of policies: fast, incremental, canonical."""

from haechi.engine.delta import Delta, PodChange, PodState
from haechi.engine.endpoint import Endpoint, NamedPort, points
from haechi.engine.engine import Engine
from haechi.engine.meaning import addresses, allowed_ports, includes, point, rule_ports, traffic, verdict
from haechi.engine.policy import Defect, Policy, PolicyRule, UnreadablePart, read_peer, read_ports
from haechi.engine.policyset import PolicySet
from haechi.engine.selection import ANY_POD, NamedPeer, Peers, PodSelection

__all__ = [
    "ANY_POD", "Defect", "Delta", "Endpoint", "Engine", "NamedPeer", "NamedPort", "Peers",
    "PodChange", "PodSelection", "PodState", "Policy", "PolicyRule", "PolicySet", "UnreadablePart", "addresses",
    "allowed_ports", "includes", "point", "points", "read_peer", "read_ports", "rule_ports", "traffic", "verdict",
]  # fmt: skip
