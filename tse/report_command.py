"""`tse report`: the reports of a judged run, once more."""

from pathlib import Path
from typing import Annotated

import typer

from tse.run_command import Home, Reports, print_findings
from tse.running.environment import local_environment
from tse.running.findings import await_findings
from tse.running.verdicts import EXIT_CODES

WAIT_MAX_S = 10.0


def report(
    run: Annotated[str, typer.Argument(help="The run, as `tse run` named it.")],
    home: Home = None,
    reports: Reports = Path("reports"),
) -> None:
    """Write the page and the JSON of a run again; the exit code is the verdict's."""
    environment = local_environment(home, reports)
    findings = await_findings(environment.clients(run), run, wait_max_s=WAIT_MAX_S)
    print_findings(environment, findings, run)
    raise typer.Exit(EXIT_CODES[findings.report.verdict])
