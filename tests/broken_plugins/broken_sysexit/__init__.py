"""Raises SystemExit at import."""

import sys

sys.exit("licence check failed")
