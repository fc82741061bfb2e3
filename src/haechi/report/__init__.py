"""Everything structured that leaves the program: JSON, CSV, Markdown, SARIF, JUnit XML, DOT and Mermaid.

    analysis, verify, nft ──▶ a struct for each kind of document ──▶ JSON text
    input, clusters ────────▶ Basis, the head of each            └──▶ JSON Schema (docs/schemas)

Text for people is written by the commands.
"""

from haechi.report.assertions import (
    assertions_json,
    assertions_junit,
    rule_text,
    violation_reasons,
)
from haechi.report.baseline import KnownFinding, LintBaseline
from haechi.report.connections import (
    connections_csv,
    connections_dot,
    connections_json,
    connections_markdown,
    connections_mermaid,
)
from haechi.report.diff import diff_csv, diff_json, diff_markdown
from haechi.report.document import API_VERSION, Basis, Document, Places, basis, basis_of, synthesized
from haechi.report.explanation import explanation_json
from haechi.report.exposure import exposures_json
from haechi.report.lab import lab_json, lab_junit, mismatch_text
from haechi.report.lab_run import LabRun, LabSample, ProbeResult, SampledClass
from haechi.report.lint import LintRule, lint_github, lint_gitlab, lint_json, lint_rules_json, lint_sarif
from haechi.report.proof import proof_report_json
from haechi.report.reachability import answer_json
from haechi.report.ruleset import ruleset_json
from haechi.report.schemas import DOCUMENTS, schema
from haechi.report.validation import validation_json, validation_sarif

__all__ = [
    "API_VERSION", "DOCUMENTS", "Basis", "Document", "KnownFinding", "LabRun", "LabSample", "LintBaseline", "LintRule",
    "Places", "ProbeResult", "SampledClass", "answer_json", "assertions_json", "assertions_junit", "basis", "basis_of",
    "connections_csv", "connections_dot", "connections_json", "connections_markdown", "connections_mermaid",
    "diff_csv", "diff_json", "diff_markdown", "explanation_json", "exposures_json", "lab_json", "lab_junit",
    "lint_github", "lint_gitlab", "lint_json", "lint_rules_json", "lint_sarif", "mismatch_text", "proof_report_json",
    "rule_text", "ruleset_json", "schema", "synthesized", "validation_json", "validation_sarif", "violation_reasons",
]  # fmt: skip
