"""Names, comments and strings as nft's scanner reads them.

``nft -f`` cannot read back every name that the kernel accepts: nft's identifiers are ``[a-zA-Z][a-zA-Z0-9/_.-]*`` and
none of its keywords, whatever the context. Other names are refused here, so that everything Haechi installs loads again
from its print. The kernel's limit is 255 bytes (NFT_NAME_MAXLEN); 127 fit into every tool's buffers.
"""

from __future__ import annotations

import re
from typing import Final

from haechi.nft.errors import DecodeError, NounError

NAME_BYTES: Final = 127
COMMENT_BYTES: Final = 128
"""nft refuses longer comments (NFTNL_UDATA_COMMENT_MAXLEN)."""

_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9/_.-]*", re.ASCII)
_UNQUOTABLE: Final = re.compile(r'["\x00-\x1f\x7f]')

_KEYWORDS: Final = """
a-rwnd abort accept ackseq add addr ah all and any arp asconf asconf-ack auto-merge avgpkt bridge burst bypass
bytes cfi cgroup cgroupv2 chain chains checksum chunk classid code comma comment comp constant continue cookie-ack
cookie-echo count counter counters cpi cpu create csumcov ct cum-tsn-ack cwr daddr data day dccp define dei delete
describe destroy device devices direction dnat doff dport drop dscp dst dup dynamic echo ecn ecne element elements
eol eq error esp ether event exists expectation expiration expires export exthdr fanout fastopen fib flags flow
flowlabel flowtable flowtables flush forward-tsn frag frag-off fully-random fwd gateway gbytes gc-interval ge
geneve get goto gre gretap group gt handle hbh hdrlength heartbeat heartbeat-ack helper helpers hlen hook hooks
hop-limit hoplimit hour htype ibriport ibrname icmp icmp6 icmpv6 icmpx id igmp iif iifgroup iifname iiftype import
in inc include index inet init init-ack init-tag initial-tsn inner insert interval ip ip6 ip_protocol ipsec jhash
json jump kbytes l3proto label last last-entry le left length level limit limits list ll log lowest-tsn lshift
lsrr lt map maps mark masquerade max-delay mbytes md5sig memory meta meter meters mh minute missing mod monitor
more-fragments mptcp mrt mss mtu name ne neq netdev never new-cum-tsn nexthdr nexthop nftrace nh nop not notrack
num num-dup-tsns num-gap-ack-blocks num-inbound-streams num-outbound-streams number numgen obriport obrname
offload offset oif oifgroup oifname oiftype operation option options or original osf out over packets
param-problem pcp performance persistent pkttype plen policy port position ppid prefix priority proto-dst
proto-src protocol ptr ptype queue queue-threshold quota quotas ra random rate redefine redirect reject rename
replace reply reqid reserved reserved2 reset return right rr rshift rt rt0 rt2 rtclassid rule rules ruleset sack
sack-perm sack-permitted sack0 sack1 sack2 sack3 saddr sctp secmark secmarks second seed seg-left seq seqno set
sets shutdown shutdown-ack shutdown-complete sid size skgid skuid snaplen snat socket spi spnum sport srh ssn ssrr
state status stream string subtype symhash synproxy synproxys table tables tag tcp th time timeout timestamp to
tproxy trace transparent tsecr tsn tsval ttl type typeof udp udplite undefine until update urgptr used value
version vlan vm vmap vni vtag vxlan week wildcard window with wscale xml xor xt zone
"""
KEYWORDS: Final = frozenset(_KEYWORDS.split())
"""Everything that nft's scanner (1.0.6 and later versions) reads as a keyword in any of its states."""


def check_name(noun: str, name: str) -> None:
    """Raise `NounError` unless ``name`` can name a table, chain, set or map."""
    if not _NAME.fullmatch(name):
        raise NounError(noun, "name", name, "must be a letter followed by letters, digits or any of / _ . -")
    if len(name) > NAME_BYTES:
        raise NounError(noun, "name", name, f"has {len(name)} bytes, at most {NAME_BYTES} are possible")
    if name in KEYWORDS:
        raise NounError(noun, "name", name, "is a keyword of nft")


def check_string(noun: str, field: str, value: str, most: int) -> None:
    """Raise `NounError` unless ``value`` can be between nft's double quotes, where nothing can be escaped."""
    if _UNQUOTABLE.search(value):
        raise NounError(noun, field, value, "must not contain quotes or control characters")
    try:
        length = len(value.encode())
    except UnicodeEncodeError:
        raise NounError(noun, field, value.encode("ascii", "backslashreplace"), "is not Unicode text") from None
    if length > most:
        raise NounError(noun, field, value, f"has {length} bytes, at most {most} are possible")


def check_comment(noun: str, comment: str) -> None:
    """Raise `NounError` unless ``comment`` fits."""
    check_string(noun, "comment", comment, COMMENT_BYTES)


def encode_userdata(kind: int, comment: str) -> bytes:
    """A comment as nft's user data: one byte of type, one of length, a NUL-terminated string."""
    value = comment.encode() + b"\0"
    return bytes((kind, len(value))) + value


def walk_userdata(data: bytes, what: str) -> dict[int, bytes]:
    """The entries of nft's user data by type, unknown ones included. Raises `DecodeError` for a truncated one."""
    entries: dict[int, bytes] = {}
    offset = 0
    while offset < len(data):
        if offset + 2 > len(data) or offset + 2 + data[offset + 1] > len(data):
            raise DecodeError(what, "truncated user data")
        end = offset + 2 + data[offset + 1]
        entries[data[offset]] = data[offset + 2 : end]
        offset = end
    return entries


def decode_comment(data: bytes, kind: int, what: str) -> str:
    """The comment in user data, empty if there is none."""
    value = walk_userdata(data, what).get(kind, b"").split(b"\0", 1)[0]
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise DecodeError(what, "a comment that is not UTF-8") from None
