"""Build hook: adds the commit of the checkout to the sdist and the wheel, and the manual page to the wheel.

Without a repository there is no commit. A wheel built from an sdist has the commit that the sdist recorded.
"""

from __future__ import annotations

import runpy
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]  # the configuration of any builder
    """Adds `haechi/COMMIT` and `share/man/man1/haechi.1`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files in a folder of their own, and add them to what is built unless the build is editable."""
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        root, made = Path(self.root), Path(self._folder.name)
        package = root / "src" / "haechi"
        commit = runpy.run_path(str(package / "_commit.py"))["commit_of_checkout"](root)
        if commit and not (package / "COMMIT").exists():
            (made / "COMMIT").write_text(f"{commit}\n", encoding="ascii")
            place = "src/haechi/COMMIT" if self.target_name == "sdist" else "haechi/COMMIT"
            build_data["force_include"][str(made / "COMMIT")] = place
        if self.target_name == "wheel":
            (made / "haechi.1").write_text(_man_page(root), encoding="utf-8")
            build_data["shared_data"][str(made / "haechi.1")] = "share/man/man1/haechi.1"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the folder."""
        if version != "editable":
            self._folder.cleanup()


def _man_page(root: Path) -> str:
    """The page of the commands of this checkout, whatever version is installed."""
    sys.path[:0] = [str(root), str(root / "src")]
    try:
        from haechi import __version__
        from haechi.cli.app import app
        from man_page import man_page

        return man_page(app, __version__)
    finally:
        del sys.path[:2]
