"""The specification read aloud: the oracle with which every other part of Haechi is compared."""

from haechi.reference.reference import Cluster, allowed

__all__ = ["Cluster", "allowed"]
