"""Who may reach whom: classes of pods, connections, exposure, Services, and differences."""

from haechi.analysis.reach.classes import V6_START, Classes, PodClass, all_peers
from haechi.analysis.reach.difference import Cause, Difference, Kind, diff
from haechi.analysis.reach.exposure import Exposure, exposures
from haechi.analysis.reach.listing import Connection, Grouping, Listing, connections
from haechi.analysis.reach.reach import Reach
from haechi.analysis.reach.rows import Row, Rows, Spot, outside
from haechi.analysis.reach.services import backings, port_names

__all__ = [
    "V6_START",
    "Cause",
    "Classes",
    "Connection",
    "Difference",
    "Exposure",
    "Grouping",
    "Kind",
    "Listing",
    "PodClass",
    "Reach",
    "Row",
    "Rows",
    "Spot",
    "all_peers",
    "backings",
    "connections",
    "diff",
    "exposures",
    "outside",
    "port_names",
]
