"""Read a JUnit report; list the reasons of skipped tests and exit 1 when a service, the browser or PDF was missing."""

from __future__ import annotations

import re
import sys
from collections import Counter
from xml.etree import ElementTree

SERVICE = re.compile(r"postgres|psycopg|chromium|browser|playwright|weasyprint|pango", re.IGNORECASE)


def main(report: str) -> int:
    """Print the reasons and return the exit code."""
    skipped = ElementTree.parse(report).iter("skipped")
    reasons = Counter(element.get("message") or "no reason given" for element in skipped)
    for reason, count in sorted(reasons.items()):
        print(f"skipped {count}: {reason}")
    missing = [reason for reason in reasons if SERVICE.search(reason)]
    if missing:
        print(f"A service, the browser or PDF was missing: {'; '.join(missing)}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
