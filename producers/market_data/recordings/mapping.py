"""Which column of a file means what: named by the user, else told from common headers."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.recorded.records import RecordKind

ROLES: Final[Mapping[RecordKind, tuple[str, ...]]] = {
    "ohlcv": ("open", "high", "low", "close"),
    "quotes": ("bid", "ask"),
    "trades": ("price",),
}
"""The columns a recording of each kind must have, its time aside."""
MORE_ROLES: Final[Mapping[RecordKind, tuple[str, ...]]] = {
    "ohlcv": ("volume",),
    "quotes": ("bid-quantity", "ask-quantity"),
    "trades": ("quantity", "side", "id"),
}
"""The columns it may have."""
TIME_UNITS: Final[Mapping[str, int]] = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
"""Nanoseconds of the units in which a time may be a number."""
TIME_FORMATS: Final = ("iso", *TIME_UNITS)

_TIMES: Final = (
    "timestamp", "time", "datetime", "date", "ts", "opentime", "eventtime", "tradetime",
    "transacttime", "unix", "unixtime", "unixtimestamp", "exchangetimestamp", "localtimestamp",
)  # fmt: skip
_INSTRUMENTS: Final = ("symbol", "instrument", "pair", "market", "ticker", "product", "productid")
_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "open": ("open", "o", "openprice"),
    "high": ("high", "h", "highprice", "max"),
    "low": ("low", "l", "lowprice", "min"),
    "close": ("close", "c", "closeprice"),
    "volume": ("volume", "v", "vol", "basevolume", "volumebase", "amount"),
    "bid": ("bid", "bidprice", "bestbid", "bestbidprice", "bidpx"),
    "ask": ("ask", "askprice", "bestask", "bestaskprice", "askpx", "offer"),
    "bid-quantity": ("bidquantity", "bidqty", "bidsize", "bidamount", "bestbidqty", "bidvolume"),
    "ask-quantity": ("askquantity", "askqty", "asksize", "askamount", "bestaskqty", "askvolume"),
    "price": ("price", "p", "last", "lastprice", "tradeprice", "px"),
    "quantity": ("quantity", "qty", "size", "amount", "volume", "q", "basevolume"),
    "side": ("side", "takerside", "direction", "isbuyermaker"),
    "id": ("id", "tradeid", "tid", "aggtradeid"),
}


class ColumnMapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the rows of a file are read."""

    kind: RecordKind
    time_column: str
    columns: dict[str, str]
    """The column of each role, as the file's header names it."""
    time_format: str = ""
    """One of `TIME_FORMATS` or a pattern of strptime; told from the values when empty."""
    time_zone: str = "UTC"
    """Of times that do not say their zone."""
    instrument_column: str = ""
    """Names the instrument of a row; empty when the whole file is of one."""
    instrument_names: dict[str, str] = {}
    """What the file calls each of our instruments; one like it, BTCUSDT, need not be named."""
    bars_named_by: Literal["open", "close"] = "open"
    """Whether the time of a bar is its beginning or its end."""
    bar_us: int = 0
    """The length of a bar; the commonest spacing when 0."""
    gap_us: int = 0
    """What is longer is a gap; told from the spacing when 0."""
    disorder_us: int | None = None
    """How much disorder is put right; told from the spacing when None."""

    def instrument_of(self, name: str) -> str:
        """Return our symbol for what the file calls an instrument; empty when it is none of ours.

        An instrument named in the mapping goes before one that only looks like ours.
        """
        named = self.instrument_names.get(name)
        return named if named is not None else _LIKE.get(_plain(name), "")


def detected(header: Sequence[str], where: str) -> ColumnMapping:
    """Return the mapping that a header of common names suggests.

    Raises:
        InvalidInputError: no time, or no set of prices, is among the columns.
    """
    by_plain: dict[str, str] = {}
    for column in header:
        by_plain.setdefault(_plain(column), column)
    time_column = _first(by_plain, _TIMES)
    for kind, roles in ROLES.items():
        every = (*roles, *MORE_ROLES[kind])
        columns = {role: _first(by_plain, _ALIASES[role]) for role in every}
        if time_column and all(columns[role] for role in roles):
            return ColumnMapping(
                kind=kind,
                time_column=time_column,
                columns={role: column for role, column in columns.items() if column},
                instrument_column=_first(by_plain, _INSTRUMENTS),
            )
    raise InvalidInputError(
        f"{where}: columns {', '.join(header)} found; a time and either open, high, low and close,"
        " or bid and ask, or price are allowed; other names need a mapping"
    )


def check_columns(mapping: ColumnMapping, header: Sequence[str], where: str) -> None:
    """Refuse a mapping that names a column the file does not have.

    Raises:
        InvalidInputError: with every column that is missing.
    """
    named = [mapping.time_column, *mapping.columns.values()]
    if mapping.instrument_column:
        named.append(mapping.instrument_column)
    missing = [column for column in named if column not in header]
    if missing:
        raise InvalidInputError(
            f"{where}: no column {', '.join(map(repr, missing))};"
            f" its columns are {', '.join(header)}"
        )


def time_format_of(value: object) -> str:
    """Return the format a first time value suggests: its unit by its size, or ISO 8601."""
    text = str(value).strip()
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) is None:
        return "iso"
    size = abs(float(text))
    for unit, limit in (("s", 1e11), ("ms", 1e14), ("us", 1e17)):
        if size < limit:
            return unit
    return "ns"


def _first(by_plain: Mapping[str, str], names: Sequence[str]) -> str:
    return next((by_plain[name] for name in names if name in by_plain), "")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_LIKE: Final = {_plain(symbol): symbol for symbol in INSTRUMENTS}
