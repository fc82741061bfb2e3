"""`--kubernetes-version` and `--feature-gates`: by whose rules the input is validated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from haechi.cli.failure import CommandError
from haechi.model import GateError, Gates, KubernetesVersion, VersionError


@dataclass(frozen=True)
class Rules:
    """The version and feature gates of the API server whose validation applies."""

    version: KubernetesVersion
    gates: Gates

    @classmethod
    def parse(cls, version: str | None, gates: Iterable[str]) -> Rules:
        """Read `--kubernetes-version` and `--feature-gates`.

        Raises:
            CommandError: one of them is unknown.
        """
        try:
            chosen = KubernetesVersion() if version is None else KubernetesVersion.parse(version)
        except VersionError as error:
            raise CommandError(str(error), "--kubernetes-version") from error
        try:
            return cls(chosen, Gates.parse(",".join(gates)))
        except GateError as error:
            raise CommandError(str(error), "--feature-gates") from error
