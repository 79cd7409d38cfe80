"""`ask_health.py [PATH]`: exit code 0 when the service in this container answers 200 at PATH.

Without a path it asks `/health`. The port is `TSE_HTTP_PORT`, or `RISK_MONITOR_HTTP_PORT` in the
monitor's container. Standard library only: it runs every few seconds, and must start at once.
"""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence

TIMEOUT_S = 4.0
PORTS = ("TSE_HTTP_PORT", "RISK_MONITOR_HTTP_PORT")


def ask(arguments: Sequence[str], settings: Mapping[str, str]) -> int:
    """Return the exit code."""
    path = arguments[0] if arguments else "/health"
    port = next((settings[name] for name in PORTS if name in settings), "0")
    url = f"http://127.0.0.1:{port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        sys.stderr.write(f"{url}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(ask(sys.argv[1:], os.environ))
