"""The report in a real browser: Debian's Chromium, driven by Playwright.

Run where a browser is found (`make browser` installs one on Debian); the gate demands it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from streams.audit_correlator.report.page import render_html
from tests.browser import LAUNCH_OPTIONS, find_browser
from tests.streams.audit_correlator.report.samples import crash_content

pytestmark = pytest.mark.browser


class Visit:
    """A page with what the browser complained of and asked for."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(address)


@pytest.fixture(params=["light", "dark"])
def visit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Visit]:
    file = tmp_path / "report.html"
    file.write_text(render_html(crash_content()), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=LAUNCH_OPTIONS)
        page = browser.new_page(color_scheme=request.param, viewport={"width": 1200, "height": 900})
        yield Visit(page, file.as_uri())
        browser.close()


def test_the_page_loads_from_disk_alone_and_the_verdict_is_seen_first(visit: Visit) -> None:
    heading = visit.page.locator("h1").first
    assert heading.is_visible()
    box = heading.bounding_box()
    assert box is not None
    assert box["y"] < 200
    assert visit.complaints == []
    assert [url for url in visit.requests if not url.startswith("file://")] == []


def test_text_and_background_are_told_apart(visit: Visit) -> None:
    colours = visit.page.evaluate(
        "() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]; }"
    )
    text, ground = (
        sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
        for colour in colours
    )
    assert abs(text - ground) > 400  # of 765


def test_a_closed_chain_opens_by_keyboard(visit: Visit) -> None:
    closed = visit.page.locator("details:not([open]) > summary").first
    closed.focus()
    handle = closed.element_handle()
    assert handle is not None
    is_open = "summary => summary.parentElement.open"
    assert visit.page.evaluate(is_open, handle) is False
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate(is_open, handle) is True


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_never_scrolls_sideways(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    wide, shown = visit.page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= shown


def test_the_chain_is_drawn(visit: Visit) -> None:
    picture = visit.page.locator("details[open] svg").first
    box = picture.bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert box["height"] > 100
    assert picture.locator("circle").count() >= 3
