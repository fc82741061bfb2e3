"""Network namespaces that leave no trace.

Everything happens in one child process (`isolated`). Its namespaces have neither a name nor a process of their own:
only file descriptors keep them open, so the kernel removes them all when that process ends, for whatever reason.

No link or route leads from them to the network of the machine.
"""

from haechi.netns.errors import (
    RAISE_OPEN_FILES,
    ChildDied,
    IsolationRefused,
    MissingFeature,
    NetnsError,
    NoSuchNamespace,
    RefusalReason,
    SysctlRefused,
    TooFewOpenFiles,
)
from haechi.netns.features import open_files_left, require_ipv6, require_nf_tables, require_open_files
from haechi.netns.isolation import enter, isolated
from haechi.netns.namespace import NetworkNamespace

__all__ = [
    "RAISE_OPEN_FILES", "ChildDied", "IsolationRefused", "MissingFeature", "NetnsError", "NetworkNamespace",
    "NoSuchNamespace", "RefusalReason", "SysctlRefused", "TooFewOpenFiles", "enter", "isolated", "open_files_left",
    "require_ipv6", "require_nf_tables", "require_open_files",
]  # fmt: skip
