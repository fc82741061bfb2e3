"""`python -m haechi`: the same as the command `haechi`."""

import sys

from haechi.cli import main

sys.exit(main())
