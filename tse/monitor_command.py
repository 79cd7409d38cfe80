"""`tse monitor`: a risk monitor of your own, in the place of ours."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console

from ecosystem.errors import InvalidInputError
from ecosystem.run import RunPlan
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.model import Plane
from eventlog.catalogue.view import view_of
from eventlog.schema.export import export_schemas
from eventlog.schema.store import CHECKOUT
from producers.world.feedback import FIRST_SILENCE_MAX_S
from producers.world.host import Progress
from tse.conforming.results import Conformance, ScenarioResult
from tse.conforming.table import rendered, to_json
from tse.conforming.watched import WatchOptions, watch, with_restart
from tse.run_command import progress_bar
from tse.running.environment import Environment, local_environment
from tse.running.plans import SCENARIOS, world_plan
from tse.running.services import RISK_MONITOR, check_runnable

CRASH: Final = SCENARIOS / "conformance" / "crash.yaml"
TRIED: Final = (CRASH, *(SCENARIOS / "conformance" / f"{n}.yaml" for n in ("outage", "quiet")))
"""What a monitor is tried in: what must be seen, a failure that is no price, and silence."""
KILL_AFTER_SLICES: Final = 60
"""In the middle of the crash, when alerts are active."""
TOPICS_FILE: Final = CHECKOUT.parents[1] / "topics.yaml"

app = typer.Typer(help="A risk monitor of your own, in any language.", no_args_is_help=True)


@app.command(context_settings={"allow_interspersed_args": False})
def conform(
    command: Annotated[
        list[str] | None,
        typer.Argument(help="Starts the monitor; without one, the monitor that is shipped."),
    ] = None,
    watches: Annotated[
        list[str] | None,
        typer.Option("--watches", help="A rule the monitor claims; repeatable, default is all."),
    ] = None,
    contract_only: Annotated[
        bool,
        typer.Option("--contract-only", help="The exit code answers for the contract alone."),
    ] = False,
    restart: Annotated[
        bool,
        typer.Option("--with-restart", help="Once more, killed in the middle and started again."),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of all chance.")] = 1,
    patience_s: Annotated[
        float,
        typer.Option(
            "--patience", min=1.0, help="Seconds for the first heartbeat; half for others."
        ),
    ] = FIRST_SILENCE_MAX_S,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Receives everything that was found.")
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Where the local stack lives; default $TSE_HOME or .tse."),
    ] = None,
) -> None:
    """Run a monitor through three scenarios and say what it got wrong.

    Exit code 8: the contract was broken. Otherwise that of the verdict on what it claims to watch.
    """
    words = tuple(command or ())
    check_runnable(words)
    plans = [world_plan(str(path), seed, monitor_command=words) for path in TRIED]
    options = WatchOptions(
        command=words,
        watches=claimed(watches or (), plans),
        first_heartbeat_s=patience_s,
        heartbeat_s=patience_s / 2,
    )
    if restart:
        plans.append(world_plan(str(CRASH), seed, monitor_command=words))
    conformance = tried(local_environment(home), plans, options)
    console = Console(highlight=False, soft_wrap=True)
    for part in rendered(conformance):
        console.print(part)
    if json_file is not None:
        json_file.write_text(to_json(conformance), encoding="utf-8")
    raise typer.Exit(conformance.exit_code(contract_only=contract_only))


@app.command()
def kit(
    folder: Annotated[Path, typer.Argument(help="The folder to write; made where there is none.")],
) -> None:
    """Write what a monitor of your own is built against: topics and schemas; touches no broker."""
    folder.mkdir(parents=True, exist_ok=True)
    view = view_of(load_catalogue(TOPICS_FILE), RISK_MONITOR)
    (folder / "topics.json").write_text(view.to_json(), encoding="utf-8")
    export_schemas(CHECKOUT, folder / "schemas", Plane.PRODUCTION)
    typer.echo(f"{folder / 'topics.json'}\n{folder / 'schemas'}")


def claimed(watches: Sequence[str], plans: Sequence[RunPlan]) -> tuple[str, ...]:
    """Return the rules that a monitor claims; all that are expected where it names none.

    Raises:
        InvalidInputError: no scenario expects one of them.
    """
    tried_rules = {e.rule for plan in plans for e in plan.scenario.expectations}
    if unknown := sorted(set(watches) - tried_rules):
        raise InvalidInputError(
            f"--watches {', '.join(unknown)}: no scenario expects that;"
            f" {', '.join(sorted(tried_rules))} are allowed"
        )
    return tuple(sorted(set(watches) or tried_rules))


def tried(
    environment: Environment, plans: Collection[RunPlan], options: WatchOptions
) -> Conformance:
    """Run a monitor through plans; one more after the three is the first with a kill."""
    results: list[ScenarioResult] = []
    with progress_bar() as update:
        first, *later = plans
        undisturbed = watch(environment, first, options, *_progress(update))
        results.append(undisturbed.result)
        for number, plan in enumerate(later, start=1):
            if number < len(TRIED):
                results.append(watch(environment, plan, options, *_progress(update)).result)
                continue
            killed = watch(environment, plan, options, *_progress(update), KILL_AFTER_SLICES)
            result = with_restart(killed, undisturbed)
            results.append(msgspec.structs.replace(result, scenario=f"{result.scenario}, killed"))
    return Conformance(command=options.command, watches=options.watches, scenarios=tuple(results))


def _progress(
    update: Callable[..., None],
) -> tuple[Callable[[Progress], None], Callable[[str], None]]:
    def on_progress(progress: Progress) -> None:
        update(
            total=progress.slices_total,
            completed=progress.slices_done,
            figures=f"{progress.events_count:,} events, {progress.alerts_count} alerts",
        )

    return on_progress, lambda stage: update(description=stage)
