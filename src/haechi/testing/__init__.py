"""Fakes that obey the same rules as the real thing, for tests of what stands on them."""
