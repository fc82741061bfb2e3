"""The lab: a cluster of network namespaces in one process, and real packets between its endpoints."""

from haechi.lab.cluster import LabCluster, lab_cluster
from haechi.lab.network import Network
from haechi.lab.ports import PROTOCOLS, Port, PortError, parse_port, ports_to_probe
from haechi.lab.run import Questions, run_lab
from haechi.lab.topology import TopologyError, usable

__all__ = [
    "PROTOCOLS",
    "LabCluster",
    "Network",
    "Port",
    "PortError",
    "Questions",
    "TopologyError",
    "lab_cluster",
    "parse_port",
    "ports_to_probe",
    "run_lab",
    "usable",
]
