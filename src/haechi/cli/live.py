"""A live cluster as the input of a command, with files applied over it in thought. Nothing is ever written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from haechi.analysis.cluster import applied
from haechi.cli.failure import CommandError
from haechi.kube import ALL_KINDS, NODE_KINDS, KubeError, access_to, load
from haechi.model import Manifests, printable

if TYPE_CHECKING:
    from haechi.cli.arguments import InputOptions
    from haechi.cli.progress import ProgressLine


@dataclass(frozen=True)
class LiveCluster:
    """What was read of a cluster, and the namespace of applied objects that name none."""

    manifests: Manifests
    namespace: str

    @classmethod
    def read(cls, options: InputOptions, progress: ProgressLine, *, node: bool) -> Self:
        """The cluster that the options name.

        Args:
            options: which cluster, and which of its namespaces.
            progress: shows the steps.
            node: whether it is for the rules of a node: nothing but what they need is read.

        Raises:
            CommandError: the cluster cannot be read.
        """
        namespaces = options.namespaces
        if options.all_namespaces and namespaces:
            raise CommandError("all namespaces, or some: not both", "--all-namespaces")
        if node and namespaces:
            raise CommandError("a node enforces the policies of all namespaces", "--namespace")
        try:
            access = access_to(options.context, options.kubeconfig)
            found = load(access, NODE_KINDS if node else ALL_KINDS, namespaces, progress)
        except KubeError as error:
            raise CommandError(printable(error.message), hints=[printable(error.hint)] if error.hint else ()) from error
        if namespaces:
            listed = ", ".join(namespaces)
            words = f"only namespace {listed} was read: pods and policies of other namespaces are unknown"
            found = replace(found, notes=(*found.notes, words))
        return cls(found, namespaces[0] if len(namespaces) == 1 else access.namespace)

    def applied(self, files: Manifests, *, node: bool) -> Manifests:
        """The cluster with files applied over it; for the rules of a `node` its pods stay as they are."""
        return applied(files, self.manifests, keep_pods=node)
