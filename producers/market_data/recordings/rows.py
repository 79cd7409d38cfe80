"""From the cells of a row to a record, or to the anomaly that says what is wrong with it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from ecosystem.market_data.recorded.anomalies import Anomaly, AnomalyKind
from ecosystem.market_data.recorded.records import Bar, Record, RecordedQuote, Trade
from producers.market_data.recordings.mapping import TIME_UNITS, ColumnMapping
from producers.market_data.recordings.tables import BrokenRow, Cells

_E8: Final = Decimal(10) ** 8
_VALUE_MAX: Final = Decimal(2**63 // 10**8)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_YEARS: Final = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
_YEARS_US: Final = tuple((bound - _EPOCH) // _MICROSECOND for bound in _YEARS)

TimeReader = Callable[[object], int]


class CellError(Exception):
    """A cell does not hold what it must; says its column, what was found and what is allowed."""

    def __init__(self, found: str, allowed: str, kind: AnomalyKind = "UNREADABLE") -> None:
        super().__init__(found)
        self.found = found
        self.allowed = allowed
        self.kind: AnomalyKind = kind


def scaled(column: str, value: object) -> int:
    """Return a number scaled by 1e8 and rounded to the nearest, ties to even.

    Raises:
        CellError: no number, or one beyond 92 thousand millions.
    """
    if type(value) is str:  # most are plain decimals, and need no more than this
        whole, _, fraction = value.partition(".")
        if whole.isdecimal() and len(whole) < 11 and len(fraction) < 9:
            if not fraction:
                return int(whole) * 100_000_000
            if fraction.isdecimal():
                return int(whole + fraction.ljust(8, "0"))
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise CellError(f"{column} {_shown(value)}", "a number") from error
    if not number.is_finite():
        raise CellError(f"{column} {value}", "a finite number", "IMPOSSIBLE")
    if abs(number) > _VALUE_MAX:
        raise CellError(f"{column} {value}", f"up to {_VALUE_MAX}", "IMPOSSIBLE")
    return int((number * _E8).to_integral_value(ROUND_HALF_EVEN))


def time_reader(time_format: str, zone_name: str) -> TimeReader:
    """Return the function that makes microseconds UTC of the values of a time column."""
    if time_format in TIME_UNITS:
        unit_ns = TIME_UNITS[time_format]
        return lambda value: _time_of_number(value, unit_ns)
    zone = ZoneInfo(zone_name)
    return lambda value: _time_of_text(value, time_format, zone)


def _time_of_number(value: object, unit_ns: int) -> int:
    try:
        time_us = int(Decimal(str(value).strip()) * unit_ns // 1000)
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise CellError(f"time {_shown(value)}", "a number") from error
    return _in_bounds(time_us, value)


def _time_of_text(value: object, time_format: str, zone: ZoneInfo) -> int:
    text = str(value).strip()
    try:
        found = (
            datetime.fromisoformat(text)
            if time_format == "iso"
            else datetime.strptime(text, time_format)  # noqa: DTZ007 - the zone follows
        )
    except ValueError as error:
        allowed = "a time such as 2023-03-11T07:00:00Z" if time_format == "iso" else time_format
        raise CellError(f"time {_shown(value)}", allowed) from error
    if found.tzinfo is None:
        local = found.replace(tzinfo=zone)
        found = local.astimezone(UTC)
        if found.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise CellError(f"time {text}", f"a time that was on the clocks of {zone.key}")
    return _in_bounds((found - _EPOCH) // _MICROSECOND, value)


def _in_bounds(time_us: int, value: object) -> int:
    if not _YEARS_US[0] < time_us < _YEARS_US[1]:
        raise CellError(f"time {_shown(value)}", "a time from 1970 to 2200", "IMPOSSIBLE")
    return time_us


def _shown(value: object) -> str:
    text = str(value)
    return "nothing" if value is None or not text.strip() else repr(text[:40])


class RowReader:
    """Makes records of rows as a mapping says.

    Args:
        time_format: of the time column, told from its values where the mapping does not say it.
        instrument: whose rows are wanted; those of others are foreign.
    """

    def __init__(self, mapping: ColumnMapping, time_format: str, instrument: str) -> None:
        self._mapping = mapping
        self._time = time_reader(time_format, mapping.time_zone)
        self._instrument = instrument
        self._roles = tuple(mapping.columns)
        # The time of a bar is its beginning, whatever the file calls it by.
        self.shift_us = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a row, in the order in which `read` wants their cells."""
        named = (self._mapping.instrument_column,) if self._mapping.instrument_column else ()
        return (self._mapping.time_column, *self._mapping.columns.values(), *named)

    def read(self, row: int, cells: Cells | BrokenRow) -> Record | Anomaly:
        """Return the record of a row, or what is wrong with it."""
        if isinstance(cells, BrokenRow):
            return Anomaly(kind="UNREADABLE", row=row, found=str(cells), allowed="a whole row")
        try:
            if self._mapping.instrument_column:
                self._check_instrument(cells[-1])
            return self._record(row, self._time(cells[0]) - self.shift_us, cells)
        except CellError as error:
            return Anomaly(kind=error.kind, row=row, found=error.found, allowed=error.allowed)

    def _check_instrument(self, value: object) -> None:
        if self._mapping.instrument_of(str(value).strip()) != self._instrument:
            raise CellError(f"instrument {_shown(value)}", self._instrument, "FOREIGN")

    def _record(self, row: int, time_us: int, cells: Cells) -> Record:
        values = dict(zip(self._roles, cells[1 : 1 + len(self._roles)], strict=True))

        def number(role: str) -> int:
            return scaled(role, values[role])

        def maybe(role: str) -> int | None:
            value = values.get(role)
            empty = value is None or not str(value).strip()
            return None if empty else scaled(role, value)

        match self._mapping.kind:
            case "trades":
                return Trade(
                    row=row,
                    time_us=time_us,
                    price_e8=number("price"),
                    quantity_e8=maybe("quantity"),
                    side=str(values.get("side", "")),
                    trade_id=str(values.get("id", "")),
                )
            case "quotes":
                return RecordedQuote(
                    row=row,
                    time_us=time_us,
                    bid_price_e8=number("bid"),
                    ask_price_e8=number("ask"),
                    bid_quantity_e8=maybe("bid-quantity"),
                    ask_quantity_e8=maybe("ask-quantity"),
                )
            case "ohlcv":
                return Bar(
                    row=row,
                    time_us=time_us,
                    open_price_e8=number("open"),
                    high_price_e8=number("high"),
                    low_price_e8=number("low"),
                    close_price_e8=number("close"),
                    volume_e8=maybe("volume"),
                )
