from pathlib import Path

import pytest
from typer.testing import CliRunner

from ecosystem.errors import InvalidInputError
from ecosystem.exchange.diagram import state_diagram
from ecosystem.exchange.orders import NEXT
from tse.__main__ import app
from tse.manual_command import BEGIN, PAGE, drawn


def test_the_manual_shows_the_table_of_transitions() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert drawn(page) == page, "run `tse manual`"


def test_the_diagram_has_an_arrow_for_every_transition_and_no_other() -> None:
    arrows = [line.strip() for line in state_diagram().splitlines() if ": " in line]
    assert arrows == [f"{before} --> {after}: {fact}" for (before, fact), after in NEXT.items()]


def test_a_page_out_of_date_is_drawn_anew(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = PAGE.read_text(encoding="utf-8")
    page.write_text(text.replace("WAITING --> OPEN: TRIGGERED\n", ""), encoding="utf-8")
    result = CliRunner().invoke(app, ["manual", "--page", str(page)])
    assert result.exit_code == 0
    assert page.read_text(encoding="utf-8") == text


def test_a_page_without_marks_is_an_error() -> None:
    with pytest.raises(InvalidInputError, match="a page without its marks"):
        drawn(f"# A page\n{BEGIN}\n")
