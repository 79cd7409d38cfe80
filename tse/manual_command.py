"""`tse manual`: the parts of the manual that are drawn from the code, drawn anew."""

from pathlib import Path
from typing import Annotated, Final

import typer

from ecosystem.errors import InvalidInputError
from ecosystem.exchange.diagram import state_diagram, transition_table

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "exchange-orders.md"
BEGIN: Final = "<!-- drawn by `tse manual` from ecosystem/exchange/orders.py -->"
END: Final = "<!-- end of what is drawn -->"


def drawn(page: str) -> str:
    """Return a page with what stands between its marks drawn anew.

    Raises:
        InvalidInputError: the page has not both marks, in order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InvalidInputError(f"a page without its marks; {BEGIN!r} and {END!r} are required")
    drawing = f"\n\n```mermaid\n{state_diagram()}\n```\n\n{transition_table()}\n\n"
    return f"{before}{begin}{drawing}{end}{after}"


def manual(
    page: Annotated[Path, typer.Option("--page", help="The page to draw in.")] = PAGE,
) -> None:
    """Draw the diagram of an order's life in the manual anew."""
    page.write_text(drawn(page.read_text(encoding="utf-8")), encoding="utf-8")
    typer.echo(f"{page} shows the table of transitions")
