"""Recordings in files: CSV and Parquet alike, every row accounted for, in bounded memory."""

import gzip
import tracemalloc
from pathlib import Path

import duckdb
import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.recorded.anomalies import Anomaly, Report
from ecosystem.market_data.recorded.records import values_of
from examples.recordings.make import FILES, HERE
from producers.market_data.recordings.mapping_file import load_mapping
from producers.market_data.recordings.picture import Sketch
from producers.market_data.recordings.recording import (
    Recording,
    StrictReadingError,
    instruments_in,
    sentence,
)

BARS = HERE / "usdt-usd-1m.csv"
TRADES = HERE / "btc-usdt-trades.csv"
TRADES_MAPPING = HERE / "btc-usdt-trades.mapping.yaml"


def read(recording: Recording) -> tuple[Report, list[Anomaly], list[tuple[object, ...]]]:
    report, anomalies = Report(), list[Anomaly]()
    records = [values_of(record) for record in recording.records(report, anomalies.append)]
    return report, anomalies, records


@pytest.mark.parametrize("name", FILES)
def test_the_examples_are_what_their_program_makes(name: str) -> None:
    assert (HERE / name).read_text() == FILES[name]()


def test_every_fault_of_the_example_bars_is_found_in_its_row() -> None:
    report, anomalies, _ = read(Recording(BARS, "USDT-USD"))
    assert (report.rows_read, report.rows_published, report.rows_rejected) == (179, 174, 5)
    assert sorted((anomaly.row, anomaly.kind) for anomaly in anomalies) == [
        (23, "DUPLICATE"),
        (33, "GAP"),
        (43, "DISORDER"),
        (44, "DISORDER"),
        (59, "CONFLICT"),
        (72, "IMPOSSIBLE"),
        (73, "GAP"),
        (122, "UNREADABLE"),
        (123, "GAP"),
        (180, "LATE"),
    ]
    lines = BARS.read_text().splitlines()
    assert "n/a" in lines[122 - 1], "a row's number is its line"


def test_the_example_trades_are_read_by_their_mapping() -> None:
    report, _, _ = read(Recording(TRADES, "BTC-USDT", load_mapping(TRADES_MAPPING)))
    assert report.counts == {"FOREIGN": 1, "DUPLICATE": 1, "DISORDER": 1, "GAP": 1}
    assert report.rows_read == report.rows_published + 2
    assert instruments_in(TRADES, load_mapping(TRADES_MAPPING)) == ("BTC-USDT", "ETH-USDT")


@pytest.mark.parametrize(
    ("time", "prices"),
    [
        ("timestamp::timestamptz", "double"),
        ("timestamp::timestamptz::timestamp", "decimal(18, 8)"),
        ("epoch_ms(timestamp::timestamptz)", "double"),
        ("timestamp", "varchar"),
    ],
)
def test_parquet_is_read_like_csv_whatever_its_types(
    tmp_path: Path, time: str, prices: str
) -> None:
    path = tmp_path / "bars.parquet"
    names = ("open", "high", "low", "close", "volume")
    chosen = ", ".join(f"{name}::{prices} as {name}" for name in names)
    with duckdb.connect() as database:
        database.execute("set timezone = 'UTC'")
        database.execute(
            f"copy (select {time} as timestamp, {chosen} from read_csv('{BARS}', "  # noqa: S608
            f"all_varchar = true) where close <> 'n/a') to '{path}' (format parquet)"
        )
    of_csv, of_parquet = read(Recording(BARS, "USDT-USD")), read(Recording(path, "USDT-USD"))
    assert of_parquet[2] == of_csv[2]
    assert of_parquet[0].rows_read == of_csv[0].rows_read - 1
    rows = [anomaly.row for anomaly in of_parquet[1] if anomaly.kind == "DUPLICATE"]
    assert rows == [22], "rows of Parquet are numbered from 1, and it has no header"


def test_a_compressed_file_is_read_like_a_plain_one(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv.gz"
    path.write_bytes(gzip.compress(BARS.read_bytes()))
    assert read(Recording(path, "USDT-USD")) == read(Recording(BARS, "USDT-USD"))


def test_broken_rows_are_named_by_their_line_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_bytes(
        b"\xef\xbb\xbftime;price;note\n"
        b"2026-01-05T09:00:00Z;1.5;\n"
        b"2026-01-05T09:00:01Z;1.6\n"
        b"\n"
        b'2026-01-05T09:00:02Z;1.7;"two\nlines"\n'
        b"2026-01-05T09:00:03Z;1.8;\xff\n"
        b"2026-01-05T09:00:04Z;\xff;\n"
        b'2026-01-05T09:00:05Z;1.9;"x"y\n'
        b"2026-01-05T09:00:06Z;2.0;\n"
    )
    report, anomalies, records = read(Recording(path, "BTC-USD"))
    assert [record[1] for record in records] == [150_000_000, 170_000_000, 180_000_000, 2 * 10**8]
    assert [(one.row, one.found) for one in anomalies] == [
        (3, "2 columns, not 3"),
        (8, "price '\ufffd'"),
        (9, "';' expected after '\"'"),
    ]
    assert report.rows_read == 7


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "no such file"),
        ("a.txt", b"x", r"\.csv, \.csv\.gz and \.parquet are allowed"),
        ("a.csv", b"", "1: nothing found; a header is allowed"),
        ("a.parquet", b"PAR?", "not Parquet"),
        ("a.csv", b"time,price\n", "no row of the first 10000 can be read"),
        ("a.csv", b"time,price\nx,y\n", "no row of the first 10000 can be read"),
        ("a.csv", b"time,price\n2026-01-05,1\n", "1 different times found; two are needed"),
    ],
)
def test_files_that_are_no_recordings_are_refused(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=message):
        Recording(path, "BTC-USD")


def test_a_mapping_that_does_not_fit_the_file_names_the_columns_that_are_there() -> None:
    with pytest.raises(InvalidInputError, match=r"no column 't', 'p', 'q', 'n', 's'; its columns"):
        Recording(BARS, "BTC-USDT", load_mapping(TRADES_MAPPING))


def test_strict_reading_stops_at_the_first_row_that_would_be_lost() -> None:
    report = Report()
    with pytest.raises(StrictReadingError, match=r"usdt-usd-1m\.csv:59: conflict: another row, 60"):
        list(Recording(BARS, "USDT-USD").records(report, strict=True))
    assert report.counts["DUPLICATE"] == 1, "what is said twice is not lost"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_large_file_is_never_held_in_memory(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"trades{suffix}"
    how = "format parquet" if suffix == ".parquet" else "format csv, header"
    with duckdb.connect() as database:
        database.execute(
            "copy (select 1767571200000 + 100 * i as time, 60000.5 + i % 7 as price"  # noqa: S608
            " from range(40000)"
            f" t(i)) to '{path}' ({how})"
        )
    recording = Recording(path, "BTC-USD")
    tracemalloc.start()
    try:
        count = sum(1 for _ in recording.records(Report()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 40_000
    assert peak < 4_000_000, "a list of the records alone takes more"


def test_a_picture_shows_the_price_and_marks_every_kind_of_anomaly() -> None:
    recording, report = Recording(BARS, "USDT-USD"), Report()
    anomalies = list[Anomaly]()
    list(recording.records(report, anomalies.append))
    sketch = Sketch(report)
    for record in recording.records(Report(), sketch.note):
        sketch.publish(record)
    svg = sketch.svg("<a> & b", report)
    assert "<title>&lt;a&gt; &amp; b</title>" in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    for kind, count in report.counts.items():
        assert f">{kind.lower()} {count}</text>" in svg
    assert svg.count('fill="#fde68a"') == report.counts["GAP"] + 1
    assert sentence(anomalies[0]) == "duplicate: the values of row 22 found; each row once allowed"
