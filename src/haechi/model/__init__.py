"""Kubernetes objects as frozen typed values; manifests with positions; defaulting; validation.

The lowest layer: everything else uses these objects. `read_manifests` reads texts, `check` validates objects, `default`
fills in what the API server would. Nothing here touches files: `haechi.files` does.
"""

from haechi.model import objects
from haechi.model.base import Struct
from haechi.model.checking import check, check_create, check_one, check_update
from haechi.model.cidr import Cidr, CidrError, format_address, parse_address, parse_cidr
from haechi.model.comments import Comment, yaml_comments
from haechi.model.decoding import DecodingProblem, decode_struct
from haechi.model.defaulting import DEFAULT_NAMESPACE, NAME_LABEL, default, with_name_label, with_namespace
from haechi.model.definitions import ReleaseChannel
from haechi.model.edits import Edit, apply_edits
from haechi.model.fielderror import ErrorType, FieldError
from haechi.model.gates import GateError, Gates
from haechi.model.kinds import policy_kinds
from haechi.model.loaded import Loaded, Place
from haechi.model.manifests import Manifests, read_manifests
from haechi.model.names import dns_label, label_key, label_value
from haechi.model.objects import *  # noqa: F403
from haechi.model.problem import (
    MAX_VALUE,
    Code,
    Location,
    ObjectName,
    Path,
    Problem,
    Severity,
    path_steps,
    path_text,
    printable,
    shortened,
)
from haechi.model.rewriting import RewriteError, document_edits, rewrite
from haechi.model.soundness import errors
from haechi.model.source import Source
from haechi.model.stored import StoredObjects
from haechi.model.tierwarnings import refused_later
from haechi.model.tree import Data, ParsedDocument, SyntaxProblem
from haechi.model.validation import validate, warnings
from haechi.model.verdict import (
    CLOSED,
    OPEN,
    Action,
    Address,
    AnyPolicyKey,
    AnyRuleRef,
    ClusterPolicyKey,
    Direction,
    Packet,
    PacketVerdict,
    PodKey,
    PolicyKey,
    RuleRef,
    Side,
    Tier,
    TierRuleRef,
    policy_key,
)
from haechi.model.version import KubernetesVersion, VersionError
from haechi.model.yamltext import parse_yaml, split_yaml

__all__ = [
    "MAX_VALUE",
    "DEFAULT_NAMESPACE",
    "NAME_LABEL",
    "CidrError",
    "Cidr",
    "Code",
    "Comment",
    "ErrorType",
    "FieldError",
    "GateError",
    "Gates",
    "KubernetesVersion",
    "Loaded",
    "Location",
    "Manifests",
    "ObjectName",
    "Path",
    "Place",
    "Problem",
    "ReleaseChannel",
    "Severity",
    "VersionError",
    "check",
    "check_create",
    "check_one",
    "check_update",
    "default",
    "errors",
    "format_address",
    "read_manifests",
    "refused_later",
    "parse_address",
    "policy_key",
    "policy_kinds",
    "parse_cidr",
    "path_steps",
    "path_text",
    "printable",
    "shortened",
    "validate",
    "warnings",
    "with_name_label",
    "with_namespace",
    *objects.__all__,
    "Action",
    "Address",
    "AnyPolicyKey",
    "AnyRuleRef",
    "CLOSED",
    "ClusterPolicyKey",
    "Data",
    "Direction",
    "Edit",
    "DecodingProblem",
    "OPEN",
    "Packet",
    "PodKey",
    "PolicyKey",
    "RuleRef",
    "Side",
    "Source",
    "StoredObjects",
    "Struct",
    "Tier",
    "TierRuleRef",
    "SyntaxProblem",
    "ParsedDocument",
    "RewriteError",
    "PacketVerdict",
    "decode_struct",
    "apply_edits",
    "dns_label",
    "label_key",
    "label_value",
    "parse_yaml",
    "document_edits",
    "rewrite",
    "split_yaml",
    "yaml_comments",
]
