"""Finding, building and reading the files that a person means by PATH, and those of git revisions."""

from haechi.files.reading import STDIN, Given, load, read_all, read_pipes
from haechi.files.revisions import Revision, RevisionPath, UnknownRevision

__all__ = ["STDIN", "Given", "Revision", "RevisionPath", "UnknownRevision", "load", "read_all", "read_pipes"]
