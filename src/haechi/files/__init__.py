"""Finding, building and reading the files that a person means by PATH."""

from haechi.files.reading import STDIN, load, read_all

__all__ = ["STDIN", "load", "read_all"]
