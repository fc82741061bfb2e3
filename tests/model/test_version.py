"""Versions and feature gates as people write them."""

from __future__ import annotations

import pytest

from haechi.model import KubernetesVersion, VersionError


@pytest.mark.parametrize(("text", "minor"), [("1.30", 30), ("v1.36", 36), ("1.36.2", 36), ("v1.38.0-rc.1+k3s1", 38)])
def test_a_version_is_its_minor_number(text: str, minor: int) -> None:
    """With all that distributions append."""
    assert KubernetesVersion.parse(text) == KubernetesVersion(minor)
    assert str(KubernetesVersion(minor)) == f"1.{minor}"


@pytest.mark.parametrize("text", ["", "1", "1.29", "1.39", "2.30", "1.3x", "1.36 ", "1.٣٦", "36", "1.99999999999"])
def test_other_versions_are_refused(text: str) -> None:
    """The error says which are known."""
    with pytest.raises(VersionError, match=r"1\.30 to 1\.38"):
        KubernetesVersion.parse(text)


def test_the_newest_version_is_the_default() -> None:
    """Strict about CIDR blocks."""
    assert KubernetesVersion() == KubernetesVersion.parse("1.38")
    assert KubernetesVersion().strict_cidrs


def test_words_change_between_versions() -> None:
    """Once each, and never back."""
    versions = [KubernetesVersion(minor) for minor in range(30, 39)]
    assert next(v.minor for v in versions if v.strict_cidrs) == 36
    assert next(v.minor for v in versions if v.label_length_unit == "bytes") == 35
    assert [v.minor for v in versions if v.label_key_name == "a qualified name"][-1] == 34
    assert [v.minor for v in versions if v.too_long_words == "must have at most"][-1] == 31
    assert [v.minor for v in versions if not v.cidrs_called_invalid][-1] == 35
