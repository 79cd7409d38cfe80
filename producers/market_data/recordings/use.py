"""A recording in a run: which file, read how, as which instrument, at which speed.

What is written here into the settings of a run is all that is needed to build its market again;
the digest makes sure that the file is still the same.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeGuard

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.models.source import ModelSource
from ecosystem.market_data.recorded.anomalies import Report
from ecosystem.market_data.recorded.grid import SPEED_UNIT, Grid
from ecosystem.market_data.recorded.records import Bar, Record
from ecosystem.market_data.recorded.source import RecordedSource
from ecosystem.market_data.recorded.tracks import BarTrack, Gaps, Point, PointTrack, Track
from ecosystem.market_data.source import PriceSource
from ecosystem.rng import Stream
from ecosystem.units import SECOND_US
from producers.market_data.recordings.mapping import ColumnMapping
from producers.market_data.recordings.recording import Recording, digest_of

SETTING: Final = "recordings"
"""The key of the recordings in the settings of a run."""
SPEED_E6: Final = (SPEED_UNIT // 1000, 100_000 * SPEED_UNIT)


class RecordingUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One recording of a run."""

    file: str
    sha256: str
    instrument: str
    mapping: ColumnMapping
    origin_us: int
    """Recorded time that falls on the beginning of the run."""
    speed_e6: int = SPEED_UNIT
    gaps: Gaps = "STALE"
    strict: bool = False


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a user asks for: a file as an instrument."""

    path: Path
    instrument: str
    mapping: ColumnMapping | None = None


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How recordings are played, the same for all recordings of a run."""

    speed_e6: int = SPEED_UNIT
    gaps: Gaps = "STALE"
    strict: bool = False
    origin_us: int | None = None
    """Recorded time with which the run begins; the earliest record of all when None."""


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """The recordings of a run, and the account of each."""

    uses: tuple[RecordingUse, ...]
    reports: tuple[Report, ...]
    ends_at_us: int
    """Recorded time of the last record."""


def examine(choices: Sequence[Choice], pace: Pace) -> Examined:
    """Return the recordings as a run will use them, each read once from end to end.

    Raises:
        InvalidInputError: a file cannot be read, holds nothing, or two are of one instrument;
            with a strict pace also when a row would be left out.
    """
    symbols = [choice.instrument for choice in choices]
    if len(set(symbols)) < len(symbols):
        raise InvalidInputError(
            f"recordings of {', '.join(symbols)} found; one of each instrument is allowed"
        )
    if not SPEED_E6[0] <= pace.speed_e6 <= SPEED_E6[1]:
        raise InvalidInputError(
            f"speed {pace.speed_e6 / SPEED_UNIT:g}; {SPEED_E6[0] / SPEED_UNIT:g} to"
            f" {SPEED_E6[1] // SPEED_UNIT} are allowed"
        )
    opened = [Recording(one.path, one.instrument, one.mapping) for one in choices]
    reports = [_read_through(recording, strict=pace.strict) for recording in opened]
    firsts = [report.first_time_us for report in reports if report.first_time_us is not None]
    lasts = [report.last_time_us for report in reports if report.last_time_us is not None]
    origin_us = min(firsts) if pace.origin_us is None else pace.origin_us
    if origin_us > max(lasts):
        raise InvalidInputError("the recordings end before the time the run is to begin with")
    return Examined(
        uses=tuple(
            RecordingUse(
                file=str(recording.path),
                sha256=digest_of(recording.path),
                instrument=recording.instrument,
                mapping=recording.mapping,
                origin_us=origin_us,
                speed_e6=pace.speed_e6,
                gaps=pace.gaps,
                strict=pace.strict,
            )
            for recording in opened
        ),
        reports=tuple(reports),
        ends_at_us=max(lasts),
    )


def settings_with(settings_json: str, uses: Sequence[RecordingUse]) -> str:
    """Return the settings of a run with its recordings among them."""
    settings = json.loads(settings_json)
    return json.dumps({**settings, SETTING: msgspec.to_builtins(uses)})


def uses_in(settings_json: str) -> tuple[RecordingUse, ...]:
    """Return the recordings that the settings of a run name; most name none.

    Raises:
        InvalidInputError: what stands there is not what a run writes.
    """
    try:
        found = json.loads(settings_json).get(SETTING, [])
        return msgspec.convert(found, tuple[RecordingUse, ...])
    except (ValueError, AttributeError, msgspec.ValidationError) as error:
        raise InvalidInputError(f"recordings in the settings of the run: {error}") from error


def write_uses(path: Path, uses: Sequence[RecordingUse]) -> None:
    """Write recordings into a file of their own, for a live feed."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(uses)) + b"\n")


def read_uses(path: Path) -> tuple[RecordingUse, ...]:
    """Return the recordings of a file that `write_uses` wrote.

    Raises:
        InvalidInputError: it cannot be read, or holds something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[RecordingUse, ...])
    except (OSError, msgspec.MsgspecError) as error:
        raise InvalidInputError(f"{path}: {error}") from error


def source_of(uses: Sequence[RecordingUse], seed: int, interval_us: int = SECOND_US) -> PriceSource:
    """Return the market in which these recordings are followed, and the rest is the model's.

    Raises:
        InvalidInputError: a file is missing, or is not the one whose digest the run recorded.
    """
    return RecordedSource(
        ModelSource(seed, interval_us),
        {use.instrument: _opener(use, seed, interval_us) for use in uses},
    )


def _read_through(recording: Recording, *, strict: bool) -> Report:
    report = Report()
    for _ in recording.records(report, strict=strict):
        pass
    if not report.rows_published:
        raise InvalidInputError(
            f"{recording.path}: {report.rows_read} rows read, and none can be published as"
            f" {recording.instrument}"
        )
    return report


def _opener(use: RecordingUse, seed: int, interval_us: int) -> Callable[[], Track]:
    path = Path(use.file)
    recording = Recording(path, use.instrument, use.mapping)
    if (found := digest_of(path)) != use.sha256:
        raise InvalidInputError(
            f"{path}: SHA-256 {found} found; the run was planned with {use.sha256}"
        )
    grid = Grid(origin_us=use.origin_us, interval_us=interval_us, speed_e6=use.speed_e6)
    draws = Stream(seed, "market-data", "recorded", use.instrument)
    lot_e8 = INSTRUMENTS[use.instrument].lot_size_e8

    def opened() -> Track:
        records = recording.records(Report(), strict=use.strict)
        if recording.mapping.kind == "ohlcv":
            bars = (record for record in records if isinstance(record, Bar))
            return BarTrack(bars, grid, recording.terms, use.gaps, draws, lot_e8)
        points = (record for record in records if _is_point(record))
        return PointTrack(points, grid, recording.terms, use.gaps)

    return opened


def _is_point(record: Record) -> TypeGuard[Point]:
    return not isinstance(record, Bar)
