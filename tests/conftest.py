"""What holds for all tests.

How hard Hypothesis looks: `HYPOTHESIS_PROFILE=thorough` for a long night, `default` for every day. And Ctrl-C: a shell
that starts the tests in the background has it ignored, for them and for what they start.
"""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

# A shared machine stalls; a slow example says nothing about the code.
settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

signal.signal(signal.SIGINT, signal.default_int_handler)
