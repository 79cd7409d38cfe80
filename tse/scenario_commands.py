"""`tse scenario`: what can be run, what it does, and whether its file is in order."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from ecosystem.scenario import Effect, Expectation, Parameter, Scenario
from eventlog.catalogue.yaml_nodes import unknown
from producers.test_coordinator.scenario_file import ScenarioFileError, load_scenario
from producers.test_coordinator.schema import schema_text
from producers.test_coordinator.values import format_duration, format_fraction, format_number
from producers.test_coordinator.vocabulary.tables import INJECTIONS
from producers.test_coordinator.vocabulary.words import ParameterWord

app = typer.Typer(help="Scenarios: list, show, validate.", no_args_is_help=True)

SHOWN: Final[Mapping[str, Callable[[int], str]]] = {
    "fraction": format_fraction,
    "factor": format_number,
    "amount": format_number,
    "duration": format_duration,
    "count": str,
}
"""How the value of each kind of parameter is written."""
SCENARIOS: Final = Path(__file__).resolve().parent.parent / "scenarios"

Folder = Annotated[Path, typer.Option("--folder", help="Where the scenario files lie.")]


@app.command("list")
def list_scenarios(folder: Folder = SCENARIOS) -> None:
    """List the scenarios of a folder; exit code 1 if a file is wrong."""
    table = Table("scenario", "title", "duration", "injections", "expects", "tags", box=None)
    mistakes: list[str] = []
    for path in files_of(folder):
        try:
            scenario = load_scenario(path)
        except ScenarioFileError as error:
            mistakes.extend(error.mistakes)
            continue
        kinds = ", ".join(injection.kind for injection in scenario.injections)
        rules = ", ".join(expectation.rule for expectation in scenario.expectations)
        tags = ", ".join(scenario.tags)
        duration = format_duration(scenario.duration_us)
        table.add_row(scenario.name, scenario.title, duration, kinds or "-", rules or "-", tags)
    Console(soft_wrap=True).print(table)
    _stop_if_any(mistakes)


@app.command()
def show(
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or the path of a file.")],
    folder: Folder = SCENARIOS,
) -> None:
    """Show what a scenario does, and what it expects of the risk monitor."""
    try:
        found = load_scenario(path_of(scenario, folder))
    except ScenarioFileError as error:
        _stop_if_any(error.mistakes)
    for line in describe(found):
        typer.echo(line)


@app.command()
def validate(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files; all of the folder when none is named.")
    ] = None,
    folder: Folder = SCENARIOS,
) -> None:
    """Read scenario files and print every mistake; exit code 1 if there is one."""
    mistakes: list[str] = []
    for path in paths or files_of(folder):
        try:
            load_scenario(path)
        except ScenarioFileError as error:
            mistakes.extend(error.mistakes)
        else:
            typer.echo(f"{path}: valid")
    _stop_if_any(mistakes)


@app.command()
def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    typer.echo(schema_text(), nl=False)


def files_of(folder: Path) -> list[Path]:
    """Return the scenario files of a folder, by name."""
    found = sorted(folder.glob("*.yaml"))
    if not found:
        _stop_if_any([f"{folder}: no scenario file found; files named *.yaml are read"])
    return found


def path_of(scenario: str, folder: Path) -> Path:
    """Return the file of a scenario given by name, or by path; exit code 1 for an unknown name."""
    path = Path(scenario)
    if path.suffix or len(path.parts) > 1:
        return path
    names = [known.stem for known in files_of(folder)]
    if scenario not in names:
        _stop_if_any([f"{folder}: {unknown('scenario', scenario, names)}"])
    return folder / f"{scenario}.yaml"


def describe(scenario: Scenario) -> list[str]:
    """Return the scenario in lines for people."""
    lines = [
        f"{scenario.name}: {scenario.title}",
        scenario.description,
        f"lasts {format_duration(scenario.duration_us)}",
    ]
    for injection in scenario.injections:
        start, duration = (
            format_duration(time_us)
            for time_us in (injection.starts_after_us, injection.duration_us)
        )
        values = ", ".join(
            f"{word.key} {_shown(word, injection.parameters[word.name])}"
            for word in INJECTIONS[injection.kind].parameters
        )
        lines.append(
            f"injects {injection.name} ({injection.kind} into {injection.target})"
            f" at {start} for {duration}: {values}"
        )
    lines.extend(f"counts only if {_condition(effect)}" for effect in scenario.effects)
    lines.extend(
        f"expects {expectation.rule} on {expectation.subject or 'anything'},"
        f" at least {expectation.severity.lower()},"
        f" within {format_duration(expectation.within_us)} after {_condition(expectation)}"
        for expectation in scenario.expectations
    )
    least = scenario.false_alarm_severity.lower()
    lines.append(f"false alarms are unexplained alerts of at least {least} severity")
    return lines


def _shown(word: ParameterWord, value: Parameter) -> str:
    if isinstance(value, int):
        return SHOWN[word.kind](value)
    return value if isinstance(value, str) else " ".join(value)


def _condition(about: Effect | Expectation) -> str:
    measure = about.measure or "anything"
    return f"{about.injection} alters {measure} by {format_fraction(about.deviation_e8)}"


def _stop_if_any(mistakes: list[str] | tuple[str, ...]) -> None:
    for mistake in mistakes:
        typer.echo(mistake, err=True)
    if mistakes:
        raise typer.Exit(1)
