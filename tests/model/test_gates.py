"""Feature gates as given on the command line."""

from __future__ import annotations

import pytest

from haechi.model import GateError, Gates


@pytest.mark.parametrize(
    ("text", "gates"),
    [
        ("", Gates()),
        ("SCTPSupport=false", Gates(sctp=False)),
        ("SCTPSupport=true,StrictIPCIDRValidation=false", Gates(strict_cidrs=False)),
        ("StrictIPCIDRValidation=true, SCTPSupport=false", Gates(sctp=False, strict_cidrs=True)),
    ],
)
def test_gates_are_read_as_kubernetes_writes_them(text: str, gates: Gates) -> None:
    """Several with commas between them."""
    assert Gates.parse(text) == gates


@pytest.mark.parametrize(
    "text", ["SCTPSupport", "SCTPSupport=no", "SCTPSupport=False", "Other=true", "=", "sctpsupport=true"]
)
def test_other_gates_are_refused(text: str) -> None:
    """A gate that does nothing here would be a false promise."""
    with pytest.raises(GateError) as caught:
        Gates.parse(text)
    assert caught.value.text == text
