"""What checks look at: each policy beside what it means; labels, servers and addresses of the cluster."""

from haechi.analysis.lint.facts.addresses import Behind, Holders
from haechi.analysis.lint.facts.dns_clients import Asking, Lookups
from haechi.analysis.lint.facts.inventory import ALWAYS
from haechi.analysis.lint.facts.peer_policies import Ends, Refusal
from haechi.analysis.lint.facts.resolvers import PORT
from haechi.analysis.lint.facts.review import (
    Review,
    WrittenPeer,
    WrittenPolicy,
    WrittenPort,
    WrittenRule,
    WrittenSelector,
)
from haechi.analysis.lint.facts.rule_index import RulePlace
from haechi.analysis.lint.facts.selection_index import Wider
from haechi.analysis.lint.facts.servers import Front, Server
from haechi.analysis.lint.facts.set_cover import superfluous
from haechi.analysis.lint.facts.vocabulary import Vocabulary

__all__ = [
    "ALWAYS",
    "PORT",
    "Asking",
    "Behind",
    "Ends",
    "Front",
    "Holders",
    "Lookups",
    "Refusal",
    "Review",
    "RulePlace",
    "Server",
    "Vocabulary",
    "Wider",
    "WrittenPeer",
    "WrittenPolicy",
    "WrittenPort",
    "WrittenRule",
    "WrittenSelector",
    "superfluous",
]
