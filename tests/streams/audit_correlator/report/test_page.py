"""The HTML page: whole, self-contained, verdict first, safe against what events contain."""

import re
from html.parser import HTMLParser

import msgspec
import pytest

from ecosystem.events.words import EventId
from streams.audit_correlator.report.content import ReportContent
from streams.audit_correlator.report.page import CHAINS_MAX, render_html, shown_timelines
from tests.streams.audit_correlator.report.samples import crash_content

VOID = {"meta"}


class Checker(HTMLParser):
    """Collects what a page consists of and checks that tags are balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.open:
            self.text.append(data.strip())


def checked(content: ReportContent) -> Checker:
    checker = Checker()
    checker.feed(render_html(content))
    assert checker.open == []
    return checker


@pytest.mark.parametrize("seen", [True, False])
def test_the_verdict_comes_first(seen: bool) -> None:
    text = checked(crash_content(seen=seen)).text
    assert text[1] == ("PASS" if seen else "MISSED")  # after the page's own title


def test_the_page_needs_nothing_from_outside_and_runs_nothing() -> None:
    page = render_html(crash_content())
    assert "<script" not in page
    assert not re.search(r"(src|href)\s*=|@import|https?://", page)
    assert "default-src 'none'" in page


def test_the_page_tells_chain_latencies_reasons_and_the_command() -> None:
    text = " ".join(checked(crash_content()).text)
    for needle in (
        "Injection scheduled",
        "Injection applied",
        "Price ticked",
        "Order submitted",
        "Order filled",
        "Balance changed",
        "Risk alert raised",
        "1 min 57 s",
        "no injection altered its ancestor",
        "tse run scenarios/market-crash.yaml --seed 7",
        "prices / 0 / 98",
    ):
        assert needle in text, needle


def test_what_events_contain_is_text_and_never_markup() -> None:
    content = crash_content()
    evil = "<img src=x onerror=alert(1)>"
    report = msgspec.structs.replace(content.report, reason=evil, run_id=evil, scenario=evil)
    checker = checked(msgspec.structs.replace(content, report=report))
    assert not any(tag == "img" for tag, _, _ in checker.attributes)
    assert any(evil in text for text in checker.text)


def test_everything_that_scrolls_or_opens_is_reached_by_keyboard() -> None:
    page = render_html(crash_content())
    scrolling = re.findall(r'<div class="[^"]*scroll[^"]*"[^>]*>', page)
    assert scrolling
    assert all('tabindex="0"' in tag and "aria-label" in tag for tag in scrolling)
    assert page.count("<summary>") == page.count("<details")
    assert page.count('role="img" aria-label=') == page.count("<svg")


def test_a_run_with_thousands_of_alerts_stays_small() -> None:
    content = crash_content()
    many = tuple(
        msgspec.structs.replace(
            content.timelines[number % 3],
            subject=f"subject {number}",
            alert_event_id=EventId(number.to_bytes(16, "big")),
        )
        for number in range(5_000)
    )
    large = msgspec.structs.replace(content, timelines=many, applied=content.applied * 200)
    assert len(shown_timelines(large)) == CHAINS_MAX
    page = render_html(large)
    assert len(page.encode()) < 5_000_000
    assert "4500 more are in the JSON report" in page


def test_a_chain_that_met_an_expectation_is_shown_first() -> None:
    content = crash_content()
    backwards = msgspec.structs.replace(content, timelines=content.timelines[::-1])
    met = {result.alert_event_id for result in content.report.expectations}
    assert {line.alert_event_id for line in shown_timelines(backwards)[:2]} == met


def test_a_report_without_its_start_or_records_still_renders() -> None:
    bare = msgspec.structs.replace(crash_content(), started=None, records={}, applied=())
    assert "PASS" in checked(bare).text
