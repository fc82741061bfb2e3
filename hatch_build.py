"""Build hook: records the commit of the checkout in the sdist and the wheel, for `haechi --version`.

Without a repository nothing is recorded. A wheel built from an sdist has the commit that the sdist recorded.
"""

from __future__ import annotations

import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommitHook(BuildHookInterface):  # type: ignore[type-arg]  # the configuration of any builder
    """Adds `haechi/COMMIT`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file to what is built, unless it is there or the build is editable."""
        package = Path(self.root, "src", "haechi")
        if version == "editable" or (package / "COMMIT").exists():
            return
        commit = runpy.run_path(str(package / "_commit.py"))["commit_of_checkout"](Path(self.root))
        if commit:
            with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".commit", delete=False) as file:
                file.write(f"{commit}\n")
            self._recorded = Path(file.name)
            place = "src/haechi/COMMIT" if self.target_name == "sdist" else "haechi/COMMIT"
            build_data["force_include"][file.name] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the temporary file."""
        recorded = getattr(self, "_recorded", None)
        if recorded is not None:
            recorded.unlink()
