"""Mappings: told from common headers, or named in strict YAML."""

from pathlib import Path

import pytest

from ecosystem.errors import EcosystemError, InvalidInputError
from producers.market_data.recordings.mapping import ColumnMapping, detected, time_format_of
from producers.market_data.recordings.mapping_file import load_mapping


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            ["timestamp", "open", "high", "low", "close", "volume"],
            ("ohlcv", "timestamp", {"open": "open", "volume": "volume"}, ""),
        ),
        (
            ["Open time", "Open", "High", "Low", "Close", "Volume BTC"],
            ("ohlcv", "Open time", {"open": "Open", "close": "Close"}, ""),
        ),
        (
            ["exchange", "symbol", "timestamp", "ask_amount", "ask_price", "bid_price"],
            ("quotes", "timestamp", {"bid": "bid_price", "ask-quantity": "ask_amount"}, "symbol"),
        ),
        (
            ["id", "price", "qty", "quote_qty", "time", "is_buyer_maker"],
            ("trades", "time", {"price": "price", "quantity": "qty", "id": "id"}, ""),
        ),
    ],
)
def test_common_headers_are_understood(
    header: list[str], expected: tuple[str, str, dict[str, str], str]
) -> None:
    found = detected(header, "file.csv")
    kind, time_column, columns, instrument_column = expected
    assert (found.kind, found.time_column) == (kind, time_column)
    assert found.instrument_column == instrument_column
    assert columns.items() <= found.columns.items()


def test_a_header_that_says_nothing_is_refused_with_what_would_do() -> None:
    with pytest.raises(InvalidInputError, match=r"file\.csv: columns a, b found; a time and"):
        detected(["a", "b"], "file.csv")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1678338000", "s"),
        ("1678338000.25", "s"),
        (1678338000000, "ms"),
        ("1678338000000000", "us"),
        (1678338000000000000, "ns"),
        ("2023-03-09T05:00:00Z", "iso"),
        ("2023-03-09 05:00", "iso"),
    ],
)
def test_the_unit_of_a_time_is_told_by_its_size(value: object, expected: str) -> None:
    assert time_format_of(value) == expected


def test_instruments_like_ours_are_known_and_others_by_name() -> None:
    mapping = ColumnMapping(
        kind="trades", time_column="t", columns={}, instrument_names={"XBT": "BTC-USD"}
    )
    assert mapping.instrument_of("BTCUSDT") == "BTC-USDT"
    assert mapping.instrument_of("btc/usdt") == "BTC-USDT"
    assert mapping.instrument_of("XBT") == "BTC-USD"
    assert mapping.instrument_of("DOGEUSD") == ""


FULL = """\
kind: ohlcv
time: {column: when, format: "%d.%m.%Y %H:%M", zone: Europe/Zurich}
columns: {open: o, high: h, low: l, close: c, volume: v}
instruments: {column: symbol, names: {USDCUSD: USDT-USD}}
bars: {length: 15m, named-by: close}
gap: 30m
disorder: 1h
"""


def test_a_mapping_file_says_everything(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(FULL)
    assert load_mapping(path) == ColumnMapping(
        kind="ohlcv",
        time_column="when",
        columns={"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"},
        time_format="%d.%m.%Y %H:%M",
        time_zone="Europe/Zurich",
        instrument_column="symbol",
        instrument_names={"USDCUSD": "USDT-USD"},
        bars_named_by="close",
        bar_us=900_000_000,
        gap_us=1_800_000_000,
        disorder_us=3_600_000_000,
    )


def test_every_mistake_of_a_mapping_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(
        "kind: ohlcv\n"
        "time: {column: t, format: roman, zone: Mars/Olympus}\n"
        "columns: {open: o, hihg: h, low: l, close: c}\n"
        "instruments: {column: s, names: {XBT: BTC-EUR}}\n"
        "gap: soon\n"
        "colour: red\n"
    )
    with pytest.raises(EcosystemError) as raised:
        load_mapping(path)
    message = str(raised.value)
    for part in (
        ":2: mapping.time.format: 'roman' found; iso, s, ms, us, ns or a pattern",
        ":2: mapping.time.zone: 'Mars/Olympus' found",
        ":3: mapping.columns: unknown key 'hihg'",
        "did you mean 'high'?",
        ":3: mapping.columns: high is missing",
        ":4: unknown instrument 'BTC-EUR'",
        ":5: mapping.gap: 'soon' found; a duration",
        ":6: mapping: unknown key 'colour'",
    ):
        assert part in message
