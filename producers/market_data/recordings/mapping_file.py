"""Mapping files: strict YAML in, a `ColumnMapping` or every mistake out.

kind: ohlcv
time: {column: timestamp, format: iso, zone: UTC}
columns: {open: o, high: h, low: l, close: c, volume: v}
instruments: {column: symbol, names: {USDCUSD: USDT-USD}}
bars: {length: 15m, named-by: open}
gap: 30m
disorder: 1h
"""

from pathlib import Path
from typing import Final, Literal
from zoneinfo import available_timezones

from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.recorded.records import RecordKind
from ecosystem.units import DAY_US
from eventlog.catalogue.yaml_nodes import Mistakes, compose, line_of, unknown
from producers.market_data.recordings.mapping import (
    MORE_ROLES,
    ROLES,
    TIME_FORMATS,
    ColumnMapping,
)
from producers.test_coordinator.section import Section

KEYS: Final = ("kind", "time", "columns", "instruments", "bars", "gap", "disorder")
BAR_US: Final = (1_000_000, 7 * DAY_US)
GAP_US: Final = (1_000, 30 * DAY_US)
DISORDER_US: Final = (0, 30 * DAY_US)
KINDS: Final[dict[str, RecordKind]] = {"trades": "trades", "quotes": "quotes", "ohlcv": "ohlcv"}
NAMED_BY: Final[dict[str, Literal["open", "close"]]] = {"open": "open", "close": "close"}


def load_mapping(path: Path) -> ColumnMapping:
    """Return the mapping of a file.

    Raises:
        CatalogueError: with every mistake: file, line, what was found and what is allowed.
    """
    mistakes = Mistakes(str(path))
    mapping = _mapping(Section(compose(path, str(path)), mistakes, "mapping", KEYS))
    mistakes.raise_if_any()
    assert mapping is not None, "whatever is missing is a mistake"
    return mapping


def _mapping(top: Section) -> ColumnMapping | None:
    kind = top.choice("kind", "kind", KINDS)
    time = top.section("time", ("column", "format", "zone"))
    time_column = time.text("column", required=True) if time else None
    columns = None if kind is None else _columns(top, KINDS[kind])
    bars = top.section("bars", ("length", "named-by"), required=False)
    named_by = bars.choice("named-by", "name of bars", NAMED_BY, required=False) if bars else None
    bar_us = bars.duration("length", BAR_US, required=False) if bars else 0
    gap_us = top.duration("gap", GAP_US, required=False)
    disorder_us = top.duration("disorder", DISORDER_US, required=False, default=-1)
    instrument_column, names = _instruments(top)
    if kind is None or time_column is None or columns is None or time is None:
        return None
    return ColumnMapping(
        kind=KINDS[kind],
        time_column=time_column,
        columns=columns,
        time_format=_time_format(time),
        time_zone=_zone(time),
        instrument_column=instrument_column,
        instrument_names=names,
        bars_named_by=NAMED_BY[named_by or "open"],
        bar_us=bar_us or 0,
        gap_us=gap_us or 0,
        disorder_us=None if disorder_us is None or disorder_us < 0 else disorder_us,
    )


def _columns(top: Section, kind: RecordKind) -> dict[str, str]:
    roles = ROLES[kind]
    section = top.section("columns", (*roles, *MORE_ROLES[kind]))
    if section is None:
        return {}
    found = {role: section.text(role, required=True) for role in roles}
    found |= {role: section.text(role) for role in MORE_ROLES[kind]}
    return {role: column for role, column in found.items() if column is not None}


def _time_format(time: Section) -> str:
    found = time.text("format") or ""
    if found and "%" not in found and found not in TIME_FORMATS:
        allowed = f"{', '.join(TIME_FORMATS)} or a pattern such as %Y-%m-%d %H:%M"
        time.mistake(
            time.line_of_value("format"), "format", f"{found!r} found; {allowed} is allowed"
        )
    return found


def _zone(time: Section) -> str:
    found = time.text("zone") or "UTC"
    if found not in available_timezones():
        time.mistake(
            time.line_of_value("zone"), "zone", f"{found!r} found; UTC or Europe/Zurich are allowed"
        )
    return found


def _instruments(top: Section) -> tuple[str, dict[str, str]]:
    section = top.section("instruments", ("column", "names"), required=False)
    if section is None:
        return "", {}
    names = section.mapping("names", "mapping.instruments.names", None)
    found: dict[str, str] = {}
    for theirs in names.entries:
        ours = names.text(theirs, required=True)
        if ours is not None and ours not in INSTRUMENTS:
            line = line_of(names.entries[theirs])
            top.mistakes.add(line, unknown("instrument", ours, tuple(INSTRUMENTS)))
        elif ours is not None:
            found[theirs] = ours
    return section.text("column", required=True) or "", found
