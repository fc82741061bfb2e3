"""The pages of docs/lint: what each check of lint finds, why, and a wrong and a right example.

They are the only source of these texts: `pages` beside this module is a link to that folder, and a wheel has its files.
A page has a section for each check, its heading the check's code. A section begins with the severity and the summary,
and has two YAML examples, the first of them wrong.
"""

from __future__ import annotations

import re
from importlib.resources import files

from haechi.analysis.lint import CATALOGUE
from haechi.report import LintRule

_HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
_EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def lint_rules() -> dict[str, LintRule]:
    """Every check with its text, by code, in the order of the catalogue."""
    sections: dict[str, str] = {}
    for page in dict.fromkeys(check.page for check in CATALOGUE):
        text = files("haechi.cli").joinpath("pages", f"{page}.md").read_text(encoding="utf-8")
        parts = _HEADING.split(text)
        sections |= {code: section.strip() for code, section in zip(parts[1::2], parts[2::2], strict=True)}
    return {
        check.code: LintRule(
            check.code,
            check.severity,
            check.on_request,
            check.summary,
            sections[check.code],
            *_EXAMPLE.findall(sections[check.code]),
        )
        for check in CATALOGUE
    }
