"""Fingerprints: the same while the finding is, different for each of a run."""

from __future__ import annotations

from tests.analysis.lint.linting import found

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {}
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {team: a}}
    - podSelector: {matchLabels: {app: a}}
  - from:
    - namespaceSelector: {matchLabels: {team: b}}
    - podSelector: {matchLabels: {app: b}}
"""
SEEN = {one.fingerprint for one in found(POLICY, "dash-trap")}


def fingerprints(text: str) -> set[str]:
    return {one.fingerprint for one in found(text, "dash-trap")}


def test_each_finding_has_one() -> None:
    assert len(SEEN) == len(found(POLICY, "dash-trap")) == 2


def test_lines_around_it_and_items_before_it_change_nothing() -> None:
    shifted = POLICY.replace("  ingress:\n", "  ingress:\n  - ports: [{port: 80}]\n").replace(
        "spec:", "# here\n\nspec:"
    )
    assert fingerprints(shifted) == SEEN
    assert fingerprints(POLICY.replace("{name: web,", "{labels: {a: b}, name: web,")) == SEEN


def test_another_item_or_object_is_another_finding() -> None:
    assert len(fingerprints(POLICY.replace("app: a", "app: c")) & SEEN) == 1
    assert not fingerprints(POLICY.replace("name: web", "name: other")) & SEEN


def test_equal_findings_are_numbered() -> None:
    twice = POLICY.replace("team: b", "team: a").replace("app: b", "app: a")
    first, second = sorted(fingerprints(twice))
    assert second == f"{first}-2"
    assert first in SEEN


def test_other_checks_of_the_same_field_differ() -> None:
    everything = found(POLICY, "all")
    assert len({one.fingerprint for one in everything}) == len(everything)
