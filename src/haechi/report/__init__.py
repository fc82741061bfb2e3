"""Every document that leaves the program."""

from haechi.report.connections import exposures_json, exposures_text

__all__ = [
    "exposures_json",
    "exposures_text",
]
