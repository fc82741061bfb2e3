"""The nf_tables socket: commits `haechi.nft` transactions and reads tables.

A socket belongs to the network namespace in which it was opened and needs CAP_NET_ADMIN there, which an ordinary user
has inside a user namespace. Only the requested table is read or changed.
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
