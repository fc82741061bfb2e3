"""Haechi: Kubernetes NetworkPolicy, read, explained, enforced in the Linux kernel and proved on real packets."""

__version__ = "0.1.0"
