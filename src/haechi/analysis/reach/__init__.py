"""Who may reach whom: classes of pods, connections, exposure, Services, and differences."""

from haechi.analysis.reach.classes import PodClass, PodClasses, all_peers
from haechi.analysis.reach.difference import Cause, ChangeKind, ClusterComparison, Difference, compare, diff
from haechi.analysis.reach.exposure import Exposure, ExposureEntry, Peer, PeerKind, exposures, pods_text
from haechi.analysis.reach.listing import Connection, Grouping, Listing, connections, range_text
from haechi.analysis.reach.potential import potential_exposures
from haechi.analysis.reach.reach import Reach
from haechi.analysis.reach.rows import AddressKind, Row, Rows
from haechi.analysis.reach.selection_index import SelectionIndex
from haechi.analysis.reach.services import backings, port_names

__all__ = [
    "AddressKind", "Cause", "ChangeKind", "ClusterComparison", "Connection", "Difference", "Exposure", "ExposureEntry",
    "Grouping", "Listing", "Peer", "PeerKind", "PodClass", "PodClasses", "Reach", "Row", "Rows", "SelectionIndex",
    "all_peers", "backings", "compare", "connections", "diff", "exposures", "pods_text", "port_names",
    "potential_exposures", "range_text",
]  # fmt: skip
