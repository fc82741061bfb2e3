"""The nf_tables socket: commits `haechi.nft` transactions and dumps tables.

A socket belongs to the network namespace in which it was opened and needs CAP_NET_ADMIN there, which an ordinary user
has inside a user namespace. Nothing here knows of Kubernetes, and no table but the one that is asked for is read or
changed.
"""

from __future__ import annotations

from haechi.netlink.errors import BusyError, NetlinkError, NftError
from haechi.netlink.nftables import Nftables

__all__ = [
    "BusyError",
    "NetlinkError",
    "NftError",
    "Nftables",
]
