"""`tse demo`: a market crash, injected, detected and proven, from nothing."""

from pathlib import Path
from typing import Final

import typer

from tse.run_command import Home, Reports, Seed, execute
from tse.running.environment import local_environment
from tse.running.plans import world_plan
from tse.running.verdicts import EXIT_CODES
from tse.running.world_run import WorldOptions

SCENARIO: Final = "market-crash"


def demo(seed: Seed = 1, home: Home = None, reports: Reports = Path("reports")) -> None:
    """Crash the market, and prove that the risk monitor saw it; starts what it needs."""
    plan = world_plan(SCENARIO, seed)
    environment = local_environment(home, reports)
    findings = execute(environment, plan, WorldOptions())
    raise typer.Exit(EXIT_CODES[findings.report.verdict])
