"""Fakes of the kernel's interfaces, for tests of code that uses Haechi's packages.

A fake obeys the same rules as the real thing. This package is beside the command line at the top of the layers, because
a fake imports the package that it stands for, and nothing of the product may import a fake.
"""

from haechi.testing.nftables import FakeNftables

__all__ = [
    "FakeNftables",
]
