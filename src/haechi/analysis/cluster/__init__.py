"""The input completed to a cluster: pods of workloads, owners, addresses, names, and what was assumed."""

from haechi.analysis.cluster.applying import applied
from haechi.analysis.cluster.assumptions import Assumption
from haechi.analysis.cluster.cluster import Cluster, domain_name_rules
from haechi.analysis.cluster.defects import defect_warnings
from haechi.analysis.cluster.names import (
    AmbiguousName,
    Names,
    NameText,
    UnknownName,
    address_named,
    full_name,
    kind_named,
)
from haechi.analysis.cluster.owners import UNSTABLE_LABELS, Owner, Owners
from haechi.analysis.cluster.services import pods_behind
from haechi.analysis.cluster.synthetic import UNUSABLE, SyntheticAddresses, ip_blocks
from haechi.analysis.cluster.wording import NO_NAMES, PortNames, port_ranges, ports_text
from haechi.analysis.cluster.workloads import MOST_REPLICAS, pods_of_workloads

__all__ = [
    "MOST_REPLICAS", "NO_NAMES", "UNSTABLE_LABELS", "UNUSABLE", "AmbiguousName", "Assumption", "Cluster", "NameText",
    "Names", "Owner", "Owners", "PortNames", "SyntheticAddresses", "UnknownName", "address_named", "applied",
    "defect_warnings", "domain_name_rules", "full_name", "ip_blocks", "kind_named", "pods_behind", "pods_of_workloads",
    "port_ranges", "ports_text",
]  # fmt: skip
