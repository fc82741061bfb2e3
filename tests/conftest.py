"""What holds for all tests.

How hard Hypothesis looks: `HYPOTHESIS_PROFILE=thorough` for a long night, `default` for every day.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A shared machine stalls; a slow example says nothing about the code.
settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
