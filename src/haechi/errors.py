"""The root of the errors that Haechi raises for what it is given; programming errors are Python's own."""

from __future__ import annotations


class HaechiError(Exception):
    """Something that was asked or given cannot be used. Facts are in the fields; `str()` puts them into words."""
