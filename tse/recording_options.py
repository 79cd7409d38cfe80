"""Recordings on the command line of a run: which files, as what, how fast."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.recorded.grid import SPEED_UNIT
from ecosystem.market_data.recorded.tracks import Gaps
from ecosystem.run import RunPlan
from producers.market_data.recordings.mapping import ColumnMapping
from producers.market_data.recordings.mapping_file import load_mapping
from producers.market_data.recordings.use import (
    Choice,
    Examined,
    Pace,
    examine,
    settings_with,
)
from producers.test_coordinator.values import format_duration, parse_duration_us
from producers.test_coordinator.vocabulary.tables import DURATION_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class GapPolicy(StrEnum):
    """What is published in a gap of a recording: nothing, the last price, a line to the next."""

    STALE = "stale"
    HOLD = "hold"
    INTERPOLATE = "interpolate"


_GAPS: dict[GapPolicy, Gaps] = {
    GapPolicy.STALE: "STALE",
    GapPolicy.HOLD: "HOLD",
    GapPolicy.INTERPOLATE: "INTERPOLATE",
}


class RecordingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user said."""

    files: Sequence[Path] = ()
    instruments: Sequence[str] = ()
    mappings: Sequence[Path] = ()
    speed: float = 1.0
    gaps: GapPolicy = GapPolicy.STALE
    since: str | None = None
    strict: bool = False


def examined(options: RecordingOptions) -> Examined | None:
    """Return the recordings of a run, each accounted for; None when it has none.

    Raises:
        InvalidInputError: options that do not fit each other, or a recording that cannot be used.
    """
    files, symbols, mappings = options.files, options.instruments, options.mappings
    if len(files) != len(symbols):
        raise InvalidInputError(
            f"{len(files)} --recording and {len(symbols)} --as found; one --as for each is allowed"
        )
    if mappings and len(mappings) not in (1, len(files)):
        raise InvalidInputError(
            f"{len(mappings)} --mapping found; none, one for all or one for each is allowed"
        )
    if not files:
        return None
    loaded: list[ColumnMapping | None] = [load_mapping(path) for path in mappings] or [None]
    choices = [
        Choice(path=path, instrument=symbol, mapping=loaded[number % len(loaded)])
        for number, (path, symbol) in enumerate(zip(files, symbols, strict=True))
    ]
    pace = Pace(
        speed_e6=round(options.speed * SPEED_UNIT),
        gaps=_GAPS[options.gaps],
        strict=options.strict,
        origin_us=None if options.since is None else _moment_us(options.since),
    )
    return examine(choices, pace)


def with_recordings(plan: RunPlan, found: Examined) -> RunPlan:
    """Return a plan whose settings name these recordings."""
    return msgspec.structs.replace(
        plan, settings_json=settings_with(plan.settings_json, found.uses)
    )


def lasting(plan: RunPlan, duration: str) -> RunPlan:
    """Return a control run's plan with another duration.

    Raises:
        InvalidInputError: no duration, one out of bounds, or the scenario injects something.
    """
    duration_us = parse_duration_us(duration)
    low_us, high_us = DURATION_US
    if not low_us <= duration_us <= high_us:
        raise InvalidInputError(
            f"--for {duration}; {format_duration(low_us)} to {format_duration(high_us)} is allowed"
        )
    if plan.scenario.injections:
        raise InvalidInputError(
            f"--for {duration}: {plan.scenario.name} injects something and says itself how long it"
            " lasts; only a scenario without injections may be given another duration"
        )
    scenario = msgspec.structs.replace(plan.scenario, duration_us=duration_us)
    return msgspec.structs.replace(plan, scenario=scenario)


def remarks(plan: RunPlan, found: Examined) -> list[str]:
    """Return what a user should know of the recordings before the run, a line each."""
    lines = []
    for use, report in zip(found.uses, found.reports, strict=True):
        counts = ", ".join(f"{count:,} {kind.lower()}" for kind, count in report.counts.items())
        lines.append(
            f"{use.instrument} follows {use.file}: {report.rows_published:,} of"
            f" {report.rows_read:,} rows; {counts or 'no anomalies'}"
        )
    speed_e6, origin_us = found.uses[0].speed_e6, found.uses[0].origin_us
    lasts_us = (found.ends_at_us - origin_us) * SPEED_UNIT // speed_e6
    run_us = plan.scenario.duration_us
    if lasts_us < run_us:
        lines.append(
            f"the last record falls {format_duration(lasts_us)} after the start of a run of"
            f" {format_duration(run_us)}; from its end on what is recorded is silent"
        )
    else:
        lines.append(f"the run sees {run_us / max(lasts_us, 1):.0%} of the recorded time")
    return lines


def _moment_us(text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(
            f"--since {text!r}; a time such as 2023-03-11T00:00 is allowed"
        ) from error
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
