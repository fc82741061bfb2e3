"""The command line: what people touch.

    haechi ── entry ── app ──┬── validate ──▶ loading ──▶ findings (text, JSON, SARIF)
                             ├── compile ───▶ loading ──▶ dataplane ──▶ nft or JSON
                             ├── verify ────▶ loading, nf_tables or a file ──▶ verify ──▶ proof or differences
                             ├── can, list, diff, explain, test ──▶ loading ──▶ analysis ──▶ answers
                             └── lab run ───▶ loading ──▶ lab ──▶ table, JSON, JUnit

Promises, for every command: results on standard output, everything else on standard error; exit code 0 for good, 1 for
a finding or a mismatch, 2 for unusable input or arguments, 130 after Ctrl-C; never a traceback; nothing half done. No
policy is understood here: the layers below do that.
"""

from haechi.cli.entry import main, process

__all__ = [
    "main",
    "process",
]
