"""Network namespaces: made, entered, joined and left without a trace.

Everything happens in one child process (`isolated`) whose namespaces have no name and no process of their own: they are
held open by file descriptors alone. When that process ends, for whatever reason, the kernel removes them all.

Nothing here knows Kubernetes, and nothing here can reach the machine's own network: no link or route leads to it.
"""

from haechi.netns.errors import (
    ChildDied,
    IsolationRefused,
    MissingFeature,
    NetnsError,
    NoSuchNamespace,
    RefusalReason,
    SysctlRefused,
)
from haechi.netns.features import require_ipv6, require_nf_tables
from haechi.netns.isolation import enter, isolated
from haechi.netns.namespace import NetworkNamespace

__all__ = [
    "ChildDied",
    "IsolationRefused",
    "MissingFeature",
    "NetnsError",
    "NetworkNamespace",
    "NoSuchNamespace",
    "RefusalReason",
    "SysctlRefused",
    "enter",
    "isolated",
    "require_ipv6",
    "require_nf_tables",
]
