"""A matrix of short marks that fits a narrow screen: numbered columns and a legend."""

from collections.abc import Mapping, Sequence

from rich.table import Table


def matrix_table(columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Table:
    """Return the rows under numbered columns; the caption says which number is whose."""
    table = Table(
        "",
        *(str(number) for number, _ in enumerate(columns, 1)),
        box=None,
        padding=(0, 1, 0, 0),
        caption=", ".join(f"{number} {name}" for number, name in enumerate(columns, 1)),
        caption_justify="left",
    )
    for column in table.columns:
        column.no_wrap = True
    for name, marks in rows.items():
        table.add_row(name, *marks)
    return table
