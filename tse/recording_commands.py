"""`tse recording`: look at recorded market data before a run follows it."""

import csv
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.recorded.anomalies import MEANINGS, Anomaly, OnAnomaly, Report
from producers.market_data.recordings.mapping import ColumnMapping
from producers.market_data.recordings.mapping_file import load_mapping
from producers.market_data.recordings.picture import Sketch, Summary
from producers.market_data.recordings.recording import (
    Recording,
    digest_of,
    instruments_in,
    sentence,
)

app = typer.Typer(help="Recorded market data.", no_args_is_help=True)

SHOWN_MAX = 3
DEFAULT_INSTRUMENT = "BTC-USD"


@app.callback()
def recording() -> None:
    """Recorded market data: look at it before a run follows it."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A .csv, .csv.gz or .parquet file.")],
    as_: Annotated[
        str | None,
        typer.Option("--as", help="Our instrument; needed where rows name several of them."),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="YAML: which column means what.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse the first row that would be left out.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the account as JSON.")] = False,
    anomalies: Annotated[
        Path | None, typer.Option("--anomalies", help="Write every anomaly to this CSV file.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw the recording into this SVG file.")
    ] = None,
) -> None:
    """Account for every row of a recording: published, or named in an anomaly."""
    columns = None if mapping is None else load_mapping(mapping)
    opened = Recording(file, as_ or _only_instrument(file, columns), columns)
    report = Report()
    with ExitStack() as stack:
        on_anomaly = None if anomalies is None else _writer(anomalies, stack)
        for _ in opened.records(report, on_anomaly, strict=strict):
            pass
    if picture is not None:
        picture.write_text(_drawn(opened, report), encoding="utf-8")
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(_summary(opened, report))).decode())
    else:
        _show(opened, report)


def _only_instrument(file: Path, mapping: ColumnMapping | None) -> str:
    found = instruments_in(file, mapping)
    if len(found) > 1:
        raise InvalidInputError(f"{file}: rows of {', '.join(found)}; choose one with --as")
    # Rows that name no instrument are read alike whatever they are taken for.
    return found[0] if found else DEFAULT_INSTRUMENT


def _writer(path: Path, stack: ExitStack) -> OnAnomaly:
    file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
    writer = csv.writer(file)
    writer.writerow(["kind", "row", "time", "found", "allowed"])

    def write(anomaly: Anomaly) -> None:
        time = "" if anomaly.time_us is None else _moment(anomaly.time_us)
        # A leading apostrophe keeps a spreadsheet from taking a cell of the file for a formula.
        found = f"'{anomaly.found}" if anomaly.found[:1] in "=+-@" else anomaly.found
        writer.writerow([anomaly.kind, anomaly.row, time, found, anomaly.allowed])

    return write


def _drawn(recording: Recording, report: Report) -> str:
    sketch = Sketch(report)
    for record in recording.records(Report(), sketch.note):
        sketch.publish(record)
    return sketch.svg(recording.path.name, report)


def _summary(recording: Recording, report: Report) -> Summary:
    return Summary(
        file=str(recording.path),
        sha256=digest_of(recording.path),
        instrument=recording.instrument,
        kind=recording.mapping.kind,
        spacing_us=recording.terms.spacing_us,
        gap_us=recording.terms.gap_us,
        reorder_us=recording.terms.reorder_us,
        report=report,
    )


def _show(recording: Recording, report: Report) -> None:
    terms = recording.terms
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{recording.path}  {recording.mapping.kind}")
    if report.first_time_us is not None and report.last_time_us is not None:
        console.print(
            f"  {_moment(report.first_time_us)} to {_moment(report.last_time_us)},"
            f" every {terms.spacing_us / 1e6:g} s; a gap is above {terms.gap_us / 1e6:g} s,"
            f" disorder may be {terms.reorder_us / 1e6:g} s"
        )
    console.print(
        f"  {report.rows_read:,} rows read = {report.rows_published:,} published"
        f" + {report.rows_rejected:,} left out"
    )
    if report.longest_gap_us:
        console.print(f"  the longest gap lasts {report.longest_gap_us / 1e6:g} s")
    if not report.counts:
        console.print("  no anomalies")
        return
    table = Table("anomaly", "count", "what it is", "first ones", box=None)
    for kind, count in report.counts.items():
        firsts = "\n".join(
            f"row {one.row}: {sentence(one).partition(': ')[2]}"
            for one in report.firsts[kind][:SHOWN_MAX]
        )
        table.add_row(kind, f"{count:,}", MEANINGS[kind], firsts)
    Console(highlight=False, width=max(console.width, 120)).print(table)


def _moment(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
