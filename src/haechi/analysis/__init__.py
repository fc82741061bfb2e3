"""Questions about policies: who may reach whom, and why."""

from haechi.analysis.cluster.assumptions import Assumption
from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.cluster.names import UnknownName
from haechi.analysis.cluster.owners import Owner
from haechi.analysis.reach.classes import PodClass
from haechi.analysis.reach.connections import Connection, Grouping, connections
from haechi.analysis.reach.diff import Cause, Difference, Kind, diff
from haechi.analysis.why.can import Answer, SideAnswer, Way, can
from haechi.analysis.why.ports import UnknownPort
from haechi.analysis.why.whatif import flips

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
