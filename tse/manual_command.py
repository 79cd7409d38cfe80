"""`tse manual`: the parts of the manual that are drawn from the code, drawn anew."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import typer

from ecosystem.errors import InvalidInputError
from ecosystem.exchange.diagram import state_diagram, transition_table
from ecosystem.risk.rules.catalogue import rule_catalogue

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
END: Final = "<!-- end of what is drawn -->"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the manual, and what is drawn between its marks."""

    path: Path
    source: str
    draw: Callable[[], str]

    @property
    def begin(self) -> str:
        """The mark after which the drawing begins."""
        return f"<!-- drawn by `tse manual` from {self.source} -->"


def _orders() -> str:
    return f"```mermaid\n{state_diagram()}\n```\n\n{transition_table()}"


PAGES: Final = (
    Page(path=DOCS / "exchange-orders.md", source="ecosystem/exchange/orders.py", draw=_orders),
    Page(path=DOCS / "risk-rules.md", source="ecosystem/risk/rules/", draw=rule_catalogue),
)


def drawn(page: Page, text: str) -> str:
    """Return the text of a page with what stands between its marks drawn anew.

    Raises:
        InvalidInputError: the page has not both marks, in order.
    """
    before, begin, rest = text.partition(page.begin)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InvalidInputError(
            f"{page.path.name} without its marks; {page.begin!r} and {END!r} are required"
        )
    return f"{before}{begin}\n\n{page.draw()}\n\n{end}{after}"


def manual() -> None:
    """Draw the life of an order and the catalogue of risk rules in the manual anew."""
    for page in PAGES:
        page.path.write_text(drawn(page, page.path.read_text(encoding="utf-8")), encoding="utf-8")
        typer.echo(f"{page.path} is drawn anew")
