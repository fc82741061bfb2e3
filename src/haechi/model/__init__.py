"""Kubernetes objects as frozen typed values; manifests with positions; defaulting; validation."""

from haechi.model.objects import *  # noqa: F403
