"""What `import haechi` offers: a cluster that is read from files and answers questions.

The only place where input, questions and errors meet: `haechi.files` reads, `haechi.analysis` answers, and what cannot
be answered raises a `HaechiError`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from haechi.analysis.cluster import Cluster as ClusterValue
from haechi.analysis.lint import Finding, lint
from haechi.analysis.reach import ClusterComparison, Connection, Difference, compare, connections, diff
from haechi.analysis.why import Answer, can
from haechi.errors import HaechiError
from haechi.files import RevisionPath, load
from haechi.model import Code, Problem

_WHOLE_PATHS = (Code.UNREADABLE, Code.UNBUILT, Code.EMPTY)


class UnreadableInput(HaechiError):
    """A path that does not exist, cannot be read, holds no objects or has to be built.

    Attributes:
        problems: one for each such path, with `message` and `location`.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(problems)

    def __str__(self) -> str:
        return "; ".join(f"{problem.location}: {problem.message}" for problem in self.problems)


class Cluster(ClusterValue):
    """The same value as `haechi.analysis.cluster.Cluster`, with the questions as methods."""

    @classmethod
    def load(
        cls, *paths: str | os.PathLike[str] | RevisionPath, build: bool = False, ipblock_matches_pods: bool = True
    ) -> Cluster:
        """The cluster of some files and folders, also of git revisions.

        What cannot be used is left out, and is in `problems`. Kustomizations and Helm charts are built by their tools
        with `build`, and raise otherwise. `ipblock_matches_pods` as for `of`.

        Raises:
            UnreadableInput: a path does not exist, cannot be read or holds no objects.
        """
        if not paths:
            raise TypeError("Cluster.load needs a path")
        manifests = load(paths, build=build)
        unreadable = tuple(problem for problem in manifests.problems if problem.code in _WHOLE_PATHS)
        if unreadable:
            raise UnreadableInput(unreadable)
        return cls.of(manifests, ipblock_matches_pods=ipblock_matches_pods)

    @classmethod
    def from_context(
        cls, context: str | None = None, *, kubeconfig: str | None = None, namespaces: Iterable[str] = ()
    ) -> Cluster:
        """A live cluster, read through its API server. What may not be listed is left out, and is in `problems`.

        Args:
            context: a context of the kubeconfig; the current one if None.
            kubeconfig: the file to use, instead of KUBECONFIG or ~/.kube/config.
            namespaces: only what is in these; none means all.

        Raises:
            KubeError: it cannot be read, or its NetworkPolicies cannot.
        """
        from haechi.kube import access_to
        from haechi.kube import load as load_cluster

        return cls.of(load_cluster(access_to(context, kubeconfig), namespaces=namespaces))

    def connections(self, by: str = "workload", *, external: bool = True) -> tuple[Connection, ...]:
        """All connections that policies allow: `haechi.analysis.reach.listing`, which can do more."""
        return connections(self, by, external=external)

    def can(self, source: str, destination: str, port: str | int | None = None) -> Answer:
        """Whether `source` may reach `destination`, and why: `haechi.analysis.why.answer`."""
        return can(self, source, destination, None if port is None else str(port))

    def diff(self, new: ClusterValue) -> tuple[Difference, ...]:
        """What `new` allows that this does not, and the reverse: `haechi.analysis.reach.difference`."""
        return diff(self, new)

    def compare(self, new: ClusterValue) -> ClusterComparison:
        """The same with exposures and policies that change nothing: `haechi.analysis.reach.compare`."""
        return compare(self, new)

    def lint(self, select: str | Iterable[str] = (), ignore: str | Iterable[str] = ()) -> tuple[Finding, ...]:
        """Likely mistakes in its policies: `haechi.analysis.lint.lint`."""
        return lint(self, *([one] if isinstance(one, str) else one for one in (select, ignore)))
