"""`make bench`: every figure that Haechi promises, printed and stored as JSON."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path

from benchmarks import engine, flatness, lab, questions, verify
from benchmarks.measure import Figure, alone

MEASURES = {
    "resolving": engine.resolving,
    "node": engine.node,
    "tiers": engine.tiers,
    "flatness": flatness.flatness,
    "lab": lab.lab,
    "large-lab": lab.large_lab,
    "help": lab.helping,
    "questions": questions.questions,
    "verify": verify.verifying,
}


def main() -> int:
    """Take the figures that are asked for; 1 if one is over its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measures", nargs="*", choices=[[], *MEASURES], help="which ones; if none is named, all")
    parser.add_argument("--output", type=Path, help="store the figures as JSON here")
    arguments = parser.parse_args()
    figures: list[Figure] = []
    for name in arguments.measures or MEASURES:
        for figure in alone(MEASURES[name]):
            print(figure, flush=True)
            figures.append(figure)
    if arguments.output:
        arguments.output.write_text(json.dumps(_record(figures), indent=2) + "\n", encoding="utf-8")
    return 0 if all(figure.is_met for figure in figures) else 1


def _record(figures: list[Figure]) -> dict[str, object]:
    return {
        "version": 1,
        "python": platform.python_version(),
        "kernel": platform.release(),
        "figures": [
            {"name": f.name, "value": f.value, "unit": f.unit, "limit": f.limit, "met": f.is_met} for f in figures
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
