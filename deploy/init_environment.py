"""`init_environment.py BOOTSTRAP_SERVERS`: makes the broker ready and says when time began.

Applies `topics.yaml`, then writes the clock's epoch, unless the environment has one from an
earlier start. The epoch lies in a volume of its own, so that it lives exactly as long as the
broker's records: event time goes on after `down` and `up`, and begins anew after `down -v`.
"""

import subprocess
import sys
import time
from pathlib import Path

EPOCH_FILE = Path("/environment/clock-epoch-us")


def write_epoch(path: Path, now_us: int) -> None:
    """Write the epoch, whole or not at all; one that is there already stays."""
    if path.exists():
        return
    draft = path.with_suffix(".draft")
    draft.write_text(f"{now_us}\n")
    draft.replace(path)


def main(bootstrap_servers: str) -> int:
    """Return the exit code of `tse topics apply`; the epoch is written when that is 0."""
    apply = ["tse", "topics", "apply", "--bootstrap-servers", bootstrap_servers]
    done = subprocess.run([*apply, "--home", "/run"], check=False)
    if done.returncode == 0:
        write_epoch(EPOCH_FILE, time.time_ns() // 1_000)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
