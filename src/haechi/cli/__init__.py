"""The command line: what people touch.

    haechi ── entry ── app ──┬── validate ──▶ input ──▶ findings
                             ├── compile ───▶ input ──▶ dataplane ──▶ a ruleset
                             ├── verify ────▶ input, nf_tables or a file ──▶ verify ──▶ a proof or counterexamples
                             ├── can, list, diff, explain, test, lint ──▶ input ──▶ analysis ──▶ answers
                             └── lab run ───▶ input ──▶ lab ──▶ results

Promises, for every command: results on standard output, everything else on standard error; exit code 0 for good, 1 for
a finding or a mismatch, 2 for unusable input or arguments, 130 after Ctrl-C; never a traceback; nothing half done. No
policy is understood here: the layers below do that.
"""

from haechi.cli.entry import main, process

__all__ = [
    "main",
    "process",
]
