"""Every document that leaves the program."""

from haechi.report.connections import exposures_json, exposures_text
from haechi.report.lab_run import Report, Row

__all__ = [
    "Report",
    "Row",
    "exposures_json",
    "exposures_text",
]
