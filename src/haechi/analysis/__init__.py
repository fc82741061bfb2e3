"""Questions about policies: who may reach whom, and why."""

from haechi.analysis.assumptions import Assumption
from haechi.analysis.classes import PodClass
from haechi.analysis.cluster import Cluster
from haechi.analysis.connections import Connection, Grouping, connections
from haechi.analysis.owners import Owner

__all__ = ["Assumption", "Cluster", "Connection", "Grouping", "Owner", "PodClass", "connections"]
