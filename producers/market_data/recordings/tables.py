"""Tables in files: the header, and rows of cells with their numbers, read as they come.

CSV is read by the standard library, because it tells the line of every row, also of a broken one;
Parquet by DuckDB, which decodes as much as is asked for. Neither holds a file in memory.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol, TextIO

import duckdb

from ecosystem.errors import InvalidInputError

BATCH_ROWS: Final = 4096
DELIMITERS: Final = ",;\t|"
Cells = Sequence[object]


class BrokenRow(str):
    """What is wrong with a row that has no cells to show."""

    __slots__ = ()


class Table(Protocol):
    """A file that holds a table."""

    @property
    def header(self) -> Sequence[str]:
        """The names of its columns."""
        ...

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, Cells | BrokenRow]]:
        """Yield for each row its number and the cells of the columns, or what is wrong with it."""
        ...


def open_table(path: Path) -> Table:
    """Return the table of a CSV (also compressed by gzip) or Parquet file, told by its suffix.

    Raises:
        InvalidInputError: the file is missing, empty, or of another kind.
    """
    if not path.is_file():
        raise InvalidInputError(f"{path}: no such file")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] in ([".parquet"], [".pq"]):
        return ParquetTable(path)
    if suffixes[-1:] == [".csv"] or suffixes[-2:] == [".csv", ".gz"]:
        return CsvTable(path)
    raise InvalidInputError(f"{path}: .csv, .csv.gz and .parquet are allowed")


class CsvTable:
    """A CSV file with a header; a row's number is its line, the header's being 1."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as file:
            first = file.readline()
        if not first.strip():
            raise InvalidInputError(f"{path}:1: nothing found; a header is allowed")
        self._delimiter = max(DELIMITERS, key=first.count)
        self.header: Sequence[str] = [
            name.strip() for name in next(csv.reader([first], delimiter=self._delimiter))
        ]

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, Cells | BrokenRow]]:
        """Yield each row's line and the texts of the columns, or what is wrong with it."""
        places = [self.header.index(column) for column in columns]
        width = len(self.header)
        with self._open() as file:
            reader = csv.reader(file, delimiter=self._delimiter, strict=True)
            next(reader)
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield reader.line_num, BrokenRow(f"{error}")
                    continue
                if len(cells) == width:
                    yield reader.line_num, [cells[place] for place in places]
                elif cells:  # an empty line is no row
                    yield reader.line_num, BrokenRow(f"{len(cells)} columns, not {width}")

    def _open(self) -> TextIO:
        # What is no UTF-8 becomes a mark that no number and no time contains.
        if self._path.suffix.lower() == ".gz":
            return gzip.open(self._path, "rt", encoding="utf-8-sig", errors="replace", newline="")
        return self._path.open(encoding="utf-8-sig", errors="replace", newline="")


class ParquetTable:
    """A Parquet file; its rows are numbered from 1."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with duckdb.connect() as database:
            try:
                found = database.execute(
                    "describe select * from read_parquet(?)", [str(path)]
                ).fetchall()
            except duckdb.Error as error:
                raise InvalidInputError(f"{path}: not Parquet: {error}") from error
        self._types = {str(name): str(kind) for name, kind, *_ in found}
        self.header: Sequence[str] = list(self._types)

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, Cells | BrokenRow]]:
        """Yield each row's number and the values of the columns."""
        chosen = ", ".join(self._selected(column) for column in columns)
        with duckdb.connect() as database:
            found = database.execute(
                f"select file_row_number + 1, {chosen}"  # noqa: S608 - quoted names of its columns
                " from read_parquet(?, file_row_number = true)",
                [str(self._path)],
            )
            while batch := found.fetchmany(BATCH_ROWS):
                for number, *cells in batch:
                    yield number, cells

    def _selected(self, column: str) -> str:
        name = '"' + column.replace('"', '""') + '"'
        kind = self._types[column]
        if kind == "TIMESTAMP WITH TIME ZONE":
            return f"make_timestamp(epoch_us({name}))::varchar || 'Z'"
        # A text is exact: of times without a zone, and of the short form of a 4-byte float.
        return f"{name}::varchar" if kind.startswith(("TIMESTAMP", "DATE", "FLOAT")) else name
