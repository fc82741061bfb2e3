"""`python -m haechi`: the same as the command `haechi`."""

import sys

from haechi.cli import process

sys.exit(process())
