"""Questions about policies: who may reach whom, and why."""

from haechi.analysis.cluster import Assumption, Cluster, Owner, UnknownName
from haechi.analysis.reach import Cause, Connection, Difference, Grouping, Kind, PodClass, connections, diff
from haechi.analysis.why import Answer, SideAnswer, UnknownPort, Way, can, flips

__all__ = [
    "Answer",
    "Assumption",
    "Cause",
    "Cluster",
    "Connection",
    "Difference",
    "Grouping",
    "Kind",
    "Owner",
    "PodClass",
    "SideAnswer",
    "UnknownName",
    "UnknownPort",
    "Way",
    "can",
    "connections",
    "diff",
    "flips",
]
