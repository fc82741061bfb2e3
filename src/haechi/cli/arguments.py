"""The arguments that several commands share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from cyclopts import Parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haechi.cli.rules import Rules

if TYPE_CHECKING:
    PathText = str
else:
    PathText = str | Path  # the first is what commands get; shells complete files because of the second

Paths = Annotated[PathText, Parameter(name="PATH", help="Files, folders or - for standard input.")]
"""For `*paths`."""


FailOn = Literal["error", "warning", "note", "never"]
"""The least severity of a finding of lint that is a failure."""


class Verbosity(IntEnum):
    """How much is written beside the result."""

    QUIET = 0
    """Errors and warnings only."""
    NORMAL = 1
    VERBOSE = 2
    """Every skipped document, and every assumption with its sentence."""


@Parameter(name="*")
@dataclass(frozen=True)
class InputOptions:
    """How input is read, the API server whose rules it must follow, and how much is written beside the result.

    Attributes:
        quiet: Write only the result, errors and warnings.
        verbose: Write every skipped document, and explain every assumption.
        build: Build kustomizations and Helm charts with kubectl, kustomize or helm from the PATH.
        context: Read the cluster of this kubeconfig context, with PATHs applied over it.
        kubeconfig: Read a cluster by this kubeconfig, instead of KUBECONFIG or ~/.kube/config.
        namespaces: The namespace of objects and names that have none; of a cluster only what is in it; may be repeated.
        all_namespaces: Read the whole cluster of the current context.
        kubernetes_version: Validate by the rules of this version, such as 1.33; by default the newest known.
        feature_gates: Feature gates of that API server: SCTPSupport=false, StrictIPCIDRValidation=true.
        strict: Refuse input with an error in it, or with a document that would be skipped.
    """

    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), negative="", show_default=False)] = False
    verbose: Annotated[bool, Parameter(name=("--verbose", "-v"), negative="", show_default=False)] = False
    build: Annotated[bool, Parameter(name="--build", negative="", show_default=False)] = False
    context: Annotated[str | None, Parameter(name="--context", metavar="NAME", show_default=False)] = None
    kubeconfig: Annotated[PathText | None, Parameter(name="--kubeconfig", metavar="FILE", show_default=False)] = None
    namespaces: Annotated[
        tuple[str, ...], Parameter(name=("--namespace", "-n"), metavar="NAME", negative="", show_default=False)
    ] = ()
    all_namespaces: Annotated[bool, Parameter(name=("--all-namespaces", "-A"), negative="", show_default=False)] = False
    kubernetes_version: Annotated[
        str | None, Parameter(name="--kubernetes-version", metavar="V", show_default=False)
    ] = None
    feature_gates: Annotated[
        tuple[str, ...], Parameter(name="--feature-gates", metavar="NAME=BOOL", negative="", show_default=False)
    ] = ()
    strict: Annotated[bool, Parameter(name="--strict", negative="", show_default=False)] = False

    @property
    def verbosity(self) -> Verbosity:
        """How much is written; `--verbose` wins over `--quiet`."""
        return Verbosity.VERBOSE if self.verbose else Verbosity.QUIET if self.quiet else Verbosity.NORMAL

    def is_live(self, paths: Sequence[object]) -> bool:
        """Whether a cluster is the input; a namespace alone means one if there are no paths."""
        named = self.context is not None or self.kubeconfig is not None or self.all_namespaces
        return named or (bool(self.namespaces) and not paths)

    def for_reading(self, paths: Sequence[object]) -> Self:
        """Without several namespaces where files alone are read: none is that of objects, but names may be in each."""
        return self if self.is_live(paths) or len(self.namespaces) == 1 else replace(self, namespaces=())

    @property
    def rules(self) -> Rules:
        """The same, read.

        Raises:
            CommandError: the version or a gate is unknown.
        """
        from haechi.cli.rules import Rules

        return Rules.parse(self.kubernetes_version, self.feature_gates)


INPUT_OPTIONS = InputOptions()
