"""What checks look at: policies beside their meaning; labels, servers and addresses of the cluster."""

from haechi.analysis.lint.facts.addresses import (
    AddressOwners,
    Backends,
    addressed_pods,
    pod_addresses,
    pod_ranges,
    service_addresses,
)
from haechi.analysis.lint.facts.apiserver import ApiServer
from haechi.analysis.lint.facts.dns_clients import DnsClient, DnsClients
from haechi.analysis.lint.facts.entrances import Entrance, all_entrances
from haechi.analysis.lint.facts.inventory import INITIAL_NAMESPACES
from haechi.analysis.lint.facts.peer_policies import Denial, PeerPolicies
from haechi.analysis.lint.facts.resolvers import DNS_PORT
from haechi.analysis.lint.facts.review import (
    Review,
    WrittenPeer,
    WrittenPolicy,
    WrittenPort,
    WrittenRule,
    WrittenSelector,
)
from haechi.analysis.lint.facts.rule_cover import named_range
from haechi.analysis.lint.facts.servers import Server, ServiceTarget
from haechi.analysis.lint.facts.set_cover import redundant_sets
from haechi.analysis.lint.facts.tiers import TierPeer, WrittenTierPolicy, WrittenTierRule
from haechi.analysis.lint.facts.vocabulary import Label, Vocabulary

__all__ = [
    "DNS_PORT", "INITIAL_NAMESPACES", "AddressOwners", "ApiServer", "Backends", "Denial", "DnsClient", "DnsClients",
    "Entrance", "Label", "PeerPolicies", "Review", "Server", "ServiceTarget", "TierPeer", "Vocabulary", "WrittenPeer",
    "WrittenPolicy", "WrittenPort", "WrittenRule", "WrittenSelector", "WrittenTierPolicy", "WrittenTierRule",
    "addressed_pods", "all_entrances", "named_range", "pod_addresses", "pod_ranges", "redundant_sets",
    "service_addresses",
]  # fmt: skip
