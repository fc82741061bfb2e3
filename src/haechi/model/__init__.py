"""Kubernetes objects as frozen typed values; manifests with positions; defaulting; validation.

The lowest layer: everything else speaks in these objects. `load` reads manifests, `check` judges them, `default` fills
in what the API server would. Only `load` touches files.
"""

from haechi.model import objects
from haechi.model.checking import check, check_one
from haechi.model.cidr import AddressError, Cidr, format_address, parse_address, parse_cidr
from haechi.model.defaulting import NAME_LABEL, default, with_name_label, with_namespace
from haechi.model.fielderror import ErrorType, FieldError
from haechi.model.gates import GateError, Gates
from haechi.model.loaded import Loaded, Place
from haechi.model.manifests import Manifests, load
from haechi.model.objects import *  # noqa: F403
from haechi.model.problem import Code, Location, Path, Problem, Severity, path_steps, path_text, printable
from haechi.model.soundness import errors
from haechi.model.validation import validate, warnings
from haechi.model.version import KubernetesVersion, VersionError

__all__ = [
    "NAME_LABEL",
    "AddressError",
    "Cidr",
    "Code",
    "ErrorType",
    "FieldError",
    "GateError",
    "Gates",
    "KubernetesVersion",
    "Loaded",
    "Location",
    "Manifests",
    "Path",
    "Place",
    "Problem",
    "Severity",
    "VersionError",
    "check",
    "check_one",
    "default",
    "errors",
    "format_address",
    "load",
    "parse_address",
    "parse_cidr",
    "path_steps",
    "path_text",
    "printable",
    "validate",
    "warnings",
    "with_name_label",
    "with_namespace",
    *objects.__all__,
]
