"""Questions about policies: who may reach whom, and why."""

from haechi.analysis.answers import Answer, SideAnswer, Way, can
from haechi.analysis.assumptions import Assumption
from haechi.analysis.classes import PodClass
from haechi.analysis.cluster import Cluster
from haechi.analysis.connections import Connection, Grouping, connections
from haechi.analysis.difference import Cause, Difference, Kind, diff
from haechi.analysis.naming import UnknownName
from haechi.analysis.owners import Owner
from haechi.analysis.ports import UnknownPort
from haechi.analysis.whatif import flips

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
