"""The lab: a cluster of network namespaces in one process, and real packets between its endpoints."""

from haechi.lab.cluster import LabCluster, lab_cluster
from haechi.lab.network import Network
from haechi.lab.plan import ChosenConnections, ProbePlan, TooManyConnections
from haechi.lab.ports import PROTOCOLS, Port, ports_to_probe
from haechi.lab.run import run_lab
from haechi.lab.topology import TopologyError, usable

__all__ = [
    "PROTOCOLS", "ChosenConnections", "LabCluster", "Network", "Port", "ProbePlan",
    "TooManyConnections", "TopologyError", "lab_cluster", "ports_to_probe", "run_lab", "usable",
]  # fmt: skip
