"""Runs every benchmark, or those named, and prints one table: `python -m benchmarks [NAME ...]`."""

import importlib
import sys
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.row import Row

MODULES: Final = (
    "matching",
    "exchange_service",
    "market_data",
    "world_append",
    "endurance",
    "history_read",
    "audit_join",
    "risk_engine",
    "monitor_service",
    "alert_latency",
    "monitor_door",
)


def table(rows: list[Row]) -> Table:
    """Return the rows as a table for the screen."""
    shown = Table("what", "ours", "raw", "ratio", "unit", "raw is", "aim")
    for row in rows:
        shown.add_row(
            row.what,
            f"{row.ours:,.1f}" if row.ours < 100 else f"{row.ours:,.0f}",
            "-" if row.raw is None else f"{row.raw:,.1f}" if row.raw < 100 else f"{row.raw:,.0f}",
            "-" if row.ratio is None else f"{row.ratio:.2f}",
            row.unit,
            row.raw_what,
            row.aim,
        )
    return shown


def main(names: list[str]) -> int:
    """Run the benchmarks named, all of them when none is; return the exit code."""
    if unknown := sorted(set(names) - set(MODULES)):
        print(f"unknown: {', '.join(unknown)}; {', '.join(MODULES)} are allowed", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or MODULES:
        print(f"measuring {name} ...", file=sys.stderr)
        rows += importlib.import_module(f"benchmarks.{name}").run()
    Console(width=150).print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
