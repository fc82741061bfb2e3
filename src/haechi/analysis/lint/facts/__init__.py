"""What checks look at: each policy beside what it means; labels, servers and addresses of the cluster."""

from haechi.analysis.lint.facts.ends import Ends, Refusal
from haechi.analysis.lint.facts.holders import Behind, Holders
from haechi.analysis.lint.facts.lookups import Asking, Lookups
from haechi.analysis.lint.facts.overlap import superfluous
from haechi.analysis.lint.facts.population import ALWAYS
from haechi.analysis.lint.facts.resolvers import PORT
from haechi.analysis.lint.facts.review import (
    Review,
    WrittenPeer,
    WrittenPolicy,
    WrittenPort,
    WrittenRule,
    WrittenSelector,
)
from haechi.analysis.lint.facts.servers import Front, Server
from haechi.analysis.lint.facts.several import several
from haechi.analysis.lint.facts.shelf import RulePlace
from haechi.analysis.lint.facts.vocabulary import Vocabulary
from haechi.analysis.lint.facts.wider import Wider

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
    "several",
    "superfluous",
]
