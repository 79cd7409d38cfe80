"""A recorded depeg, through reader, feed and risk engine: told when it lasts, over when that does.

When that is is computed here from the rows of the file alone. A recording of your own is tried
beside the one of the repository where `TSE_DEPEG_RECORDINGS` names its file.
"""

import csv
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.ids import run_key
from ecosystem.market_data.recorded.grid import SPEED_UNIT
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.run import WORLD_STARTS_AT_US
from ecosystem.units import MINUTE_US, SECOND_US
from examples.recordings.make import HERE
from producers.machines import Feed, build_machine
from producers.market_data.recordings.use import Choice, Pace, examine, source_of
from tests.ecosystem.risk.facts import LIMITS_FILE, Placed, clock

OWN: Final = HERE / "usdt-usd-depeg-15m.csv"
RECORDINGS: Final = [OWN, *map(Path, os.environ.get("TSE_DEPEG_RECORDINGS", "").split())]
BAR_S: Final = 900
WARNING, CRITICAL, OVER = 0.005, 0.02, 0.0045
SLACK: Final = 0.000_06
"""A published mid is within half a tick of the recorded price."""


class Row(NamedTuple):
    """A bar: its place on the grid of quarter hours, and its prices."""

    step: int
    high: float
    low: float
    close: float


class Told(NamedTuple):
    """Seconds of event time at which the alert was first there, critical, and over."""

    warned_s: int
    critical_s: int
    over_s: int
    raised_s: Sequence[int]


def rows_of(path: Path) -> list[Row]:
    rows = []
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at_s = datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00")).timestamp()
            opened, high, low, close = (float(row[key]) for key in ("open", "high", "low", "close"))
            rows.append(Row(round(at_s) // BAR_S, max(high, opened), min(low, opened), close))
    return [row._replace(step=row.step - rows[0].step) for row in rows]


def told(path: Path, speed: int, lasts_s: int) -> Told:
    """Return what the engine tells of a recording that is played as the price of tether."""
    limits = LIMITS_FILE.read_text().replace(
        "deviation = 0.02\nlasts_s = 60", f"deviation = 0.02\nlasts_s = {lasts_s}"
    )
    engine = RiskEngine(parse_limits(limits, "limits of the test"))
    assert engine.rules["stablecoin_depeg"].limit.lasts_us == lasts_s * SECOND_US
    alerts = [
        alert
        for ticks in played(path, speed)
        for alert in engine.process_slice(ticks)
        if getattr(alert, "rule", "") == "stablecoin_depeg"
    ]
    raised = [alert for alert in alerts if isinstance(alert, RiskAlertRaised)]
    graver = [one for one in alerts if isinstance(one, RiskAlertRaised | RiskAlertEscalated)]
    critical = next(one for one in graver if one.severity == "CRITICAL")
    over = next(
        alert
        for alert in alerts
        if isinstance(alert, RiskAlertResolved) and alert.event_time_us > critical.event_time_us
    )
    return Told(
        warned_s=seconds_of(next(one for one in graver if one.severity != "LOW")),
        critical_s=seconds_of(critical),
        over_s=seconds_of(over),
        raised_s=[seconds_of(alert) for alert in raised],
    )


def seconds_of(event: Event) -> int:
    return (event.event_time_us - WORLD_STARTS_AT_US) // SECOND_US


def played(path: Path, speed: int) -> Iterator[Sequence[Placed]]:
    """Yield the ticks of a feed that follows the recording, minute by minute."""
    pace = Pace(speed_e6=speed * SPEED_UNIT)
    found = examine([Choice(path=path, instrument="USDT-USD")], pace)
    key, starts_us = run_key(1, "depeg"), WORLD_STARTS_AT_US
    feed = Feed(source_of(found.uses, seed=1))
    machine = build_machine("market-data", key, 1, starts_us, feed=feed)
    lasts_us = (found.ends_at_us - found.uses[0].origin_us) // speed
    offset = 0
    for minute in range(1, lasts_us // MINUTE_US + 2):
        until_us, records = starts_us + minute * MINUTE_US, []
        while (due_us := machine.due_us()) is not None and due_us < until_us:
            for event in machine.wake(due_us):
                if isinstance(event, PriceTicked):
                    records.append(Placed("prices", 0, offset, event))
                    offset += 1
        yield [*records, Placed("clock", 0, minute, clock(60 * minute, minute))]


def held(rows: Sequence[Row], at: int, lasts: int) -> Iterator[float] | None:
    """Yield the closes that held within the last steps before a row; None where none is so old."""
    since = rows[at].step - lasts
    if rows[0].step > since:
        return None
    ends = [row.step for row in rows[1 : at + 1]] + [rows[at].step + 1]
    return (row.close for row, end in zip(rows[: at + 1], ends, strict=True) if end > since)


def first_below(rows: Sequence[Row], deviation: float, lasts: int) -> int:
    """Return the step from which on every close has been so far below par for `lasts` steps."""
    for at, row in enumerate(rows):
        closes = held(rows, at, lasts)
        if closes is not None and max(closes) <= 1 - deviation:
            return row.step
    raise AssertionError(f"nothing in the recording lasts {lasts} steps below {1 - deviation}")


def first_back(rows: Sequence[Row], deviation: float, lasts: int, after: int) -> int:
    """Return the step from which on no close was further below par for `lasts` steps."""
    for at, row in enumerate(rows):
        closes = held(rows, at, lasts)
        if row.step > after and closes is not None and min(closes) > 1 - deviation:
            return row.step
    raise AssertionError(f"the recording is never back for {lasts} steps within {deviation}")


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_warning_critical_and_recovery_come_with_the_closes_that_last(path: Path) -> None:
    # A quarter of an hour in a second: each close is one tick, and four of them are an hour.
    rows, lasts = rows_of(path), 4
    found = told(path, BAR_S, lasts)
    for seconds, deviation in ((found.warned_s, WARNING), (found.critical_s, CRITICAL)):
        early, late = (first_below(rows, deviation + slack, lasts) for slack in (-SLACK, SLACK))
        assert early <= seconds <= late <= early + 1
    early, late = (
        first_back(rows, OVER + slack, lasts, found.critical_s) for slack in (SLACK, -SLACK)
    )
    assert early <= found.over_s <= late


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_single_closes_far_below_come_before_and_are_not_told(path: Path) -> None:
    rows = rows_of(path)
    found = told(path, BAR_S, 4)
    far = [row.step for row in rows if row.close <= 1 - WARNING and row.step < found.warned_s - 4]
    assert far, "the recording has no bad print before the depeg that lasts"
    assert found.raised_s[0] > far[-1]


def test_a_single_close_back_at_par_in_the_panic_does_not_end_it() -> None:
    rows = rows_of(OWN)
    found = told(OWN, BAR_S, 4)
    back = [row.step for row in rows if row.close > 1 - OVER and row.step > found.critical_s]
    assert back[0] + 20 < found.over_s
    assert len(found.raised_s) == 1


def test_limits_as_shipped_tell_it_within_a_minute_of_bars_that_are_far_off_as_a_whole() -> None:
    # A quarter of an hour in a minute: inside its bar the price wanders between low and high.
    rows = rows_of(OWN)
    found = told(OWN, 15, 60)
    for seconds, deviation in ((found.warned_s, WARNING), (found.critical_s, CRITICAL)):
        whole = [row.step for row in rows if row.high <= 1 - deviation - SLACK]
        pair = next(step for step in whole if step + 1 in whole)
        first = next(row.step for row in rows if row.close <= 1 - deviation + SLACK)
        assert 60 * first <= seconds < 60 * (pair + 2)
    near = [
        row.step for row in rows if row.low > 1 - OVER + SLACK and 60 * row.step > found.critical_s
    ]
    pair = next(step for step in near if step + 1 in near)
    assert found.critical_s < found.over_s < 60 * (pair + 2)
