"""Network namespaces that leave no trace.

Everything happens in one child process (`isolated`). Its namespaces have neither a name nor a process of their own:
only file descriptors keep them open, so the kernel removes them all when that process ends, for whatever reason.

No link or route leads from them to the network of the machine.
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
    "ChildDied", "IsolationRefused", "MissingFeature", "NetnsError", "NetworkNamespace", "NoSuchNamespace",
    "RefusalReason", "SysctlRefused", "enter", "isolated", "require_ipv6", "require_nf_tables",
]  # fmt: skip
