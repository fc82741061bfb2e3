"""The input completed to a cluster: pods of workloads, owners, addresses, names, and what was assumed."""

from haechi.analysis.cluster.assumptions import Assumption
from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.cluster.names import UnknownName, address_named, known_names, pods_named
from haechi.analysis.cluster.owners import Owner, Owners
from haechi.analysis.cluster.synthetic import UNUSABLE, SyntheticAddresses, ip_blocks
from haechi.analysis.cluster.wording import NO_NAMES, PortNames, port_ranges, ports_text, protocol_text
from haechi.analysis.cluster.workloads import MOST_REPLICAS, pods_of_workloads

__all__ = [
    "MOST_REPLICAS", "NO_NAMES", "UNUSABLE", "Assumption", "Cluster", "Owner", "Owners", "PortNames",
    "SyntheticAddresses", "UnknownName", "address_named", "ip_blocks", "known_names", "pods_named",
    "pods_of_workloads", "port_ranges", "ports_text", "protocol_text",
]  # fmt: skip
