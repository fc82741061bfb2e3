"""One plain text file for each golden output."""

from __future__ import annotations

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class TextFile(SingleFileSnapshotExtension):
    """A golden as it is, without any escaping. Renew with `pytest --snapshot-update`."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"
