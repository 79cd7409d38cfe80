"""The manual: what is drawn from the code stands as the code is."""

import msgspec
import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.exchange.diagram import state_diagram
from ecosystem.exchange.orders import NEXT
from ecosystem.risk.rules.catalogue import rule_catalogue
from ecosystem.risk.rules.registry import RULES
from tse.manual_command import PAGES, Page, drawn

EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.name)


@EACH
def test_the_manual_shows_what_the_code_says(page: Page) -> None:
    text = page.path.read_text(encoding="utf-8")
    assert drawn(page, text) == text, "run `tse manual`"


def test_the_diagram_has_an_arrow_for_every_transition_and_no_other() -> None:
    arrows = [line.strip() for line in state_diagram().splitlines() if ": " in line]
    assert arrows == [f"{before} --> {after}: {fact}" for (before, fact), after in NEXT.items()]


def test_the_catalogue_has_every_rule_once() -> None:
    titles = [line for line in rule_catalogue().splitlines() if line.startswith("### ")]
    assert titles == [f"### `{name}`" for name in RULES]


@EACH
def test_a_page_out_of_date_is_drawn_anew(page: Page) -> None:
    text = page.path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(page.begin)
    older = f"{before}{begin}\n\nwhat once was\n\n{rest[rest.index('<!--') :]}"
    assert older != text
    assert drawn(page, older) == text


def test_a_page_without_marks_is_an_error() -> None:
    page = msgspec.structs.replace(PAGES[0], source="elsewhere")
    with pytest.raises(InvalidInputError, match="without its marks"):
        drawn(page, PAGES[0].path.read_text(encoding="utf-8"))
