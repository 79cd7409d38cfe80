"""The dashboard in a real browser: Debian's Chromium, driven by Playwright.

Run where a browser is found (`make browser` installs one on Debian); the gate demands it.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from ecosystem.events.alerts import CircuitBreakerOpened, RiskAlertAcknowledged
from ecosystem.units import E8
from tests.browser import LAUNCH_OPTIONS, find_browser
from tests.consumers.risk_monitor.door.stands import TOKEN, MonitorStand, until
from tests.consumers.risk_monitor.door.visits import CONTRAST, IDS, NAMES, Visit
from tests.consumers.risk_monitor.worlds import CRASH
from tests.ecosystem.risk.rules.orders import submitted

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)>&amp;</script>"
Go = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=LAUNCH_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def stand() -> Iterator[MonitorStand]:
    """A monitor."""
    with MonitorStand() as found:
        yield found


@pytest.fixture
def go(stand: MonitorStand, browser: Browser) -> Iterator[Go]:
    """Visits the monitor's page."""
    visits: list[Visit] = []
    with stand.served() as address:

        def make(width: int = 1280, scheme: str = "light") -> Visit:
            visits.append(Visit(browser, address, width, scheme))
            return visits[-1]

        yield make
        for visit in visits:
            visit.page.close()


def acknowledge_by_keyboard(visit: Visit, author: str, note: str, token: str = TOKEN) -> None:
    """Open the first alert's dialog, fill it in and send it, by keys alone."""
    visit.tab_to(visit.button("Acknowledge price shock").first)
    visit.press("Enter")
    visit.page.keyboard.type(author)
    visit.press("Tab")
    visit.page.keyboard.type(note)
    visit.press("Tab")
    visit.page.keyboard.type(token)
    visit.press("Enter")


def test_an_empty_monitor_says_honestly_that_there_is_nothing(go: Go) -> None:
    visit = go()
    for text in (
        "No alert is active.",
        "The firm holds nothing yet.",
        "The monitor has said nothing yet.",
        "No price has come yet.",
        "Nothing was left out.",
        "none yet",
    ):
        visit.sees(text)
    assert visit.complaints == []


def test_what_stands_is_shown_and_nothing_is_fetched_from_elsewhere(
    stand: MonitorStand, go: Go
) -> None:
    stand.write(*CRASH[:6])
    visit = go()
    visit.sees("2026-01-05 00:01:00", "#event-time")
    visit.sees("\u221238,400", "#pnl-total")
    visit.sees("2 critical, 1 high", "#alerts-parts")
    assert visit.page.locator("#alerts li").count() == 3
    assert visit.page.locator("#positions tbody").count() == 3
    meter = visit.page.get_by_role("meter", name="price shock: BTC-USD", exact=True)
    assert meter.get_attribute("aria-valuetext") == "critical 800 % of the limit"
    assert visit.page.locator("#curve path.total").count() == 1
    assert "between \u221238,400" in str(visit.page.get_by_role("img").get_attribute("aria-label"))
    assert visit.complaints == []
    assert visit.elsewhere == []


def test_an_alert_arrives_live_and_is_announced(stand: MonitorStand, go: Go) -> None:
    visit = go()
    visit.sees("No alert is active.")
    stand.write(*CRASH[:3])
    visit.sees("BTC-USD fell 3.00 % within 300 s", "#alerts")
    visit.sees("price shock on BTC-USD raised", "#timeline")
    visit.sees("critical alert: price shock on", "#announcer")
    assert visit.page.locator("#announcer").get_attribute("aria-live") == "polite"
    assert visit.complaints == []


def test_an_alert_is_acknowledged_by_keyboard_alone(stand: MonitorStand, go: Go) -> None:
    stand.write(*CRASH[:3])
    visit = go()
    acknowledge_by_keyboard(visit, "r.officer", "looking into it")
    visit.sees("acknowledged by r.officer", "#alerts")
    assert visit.page.locator("dialog[open]").count() == 0
    facts = [e for e in stand.world.events("risk-alerts") if isinstance(e, RiskAlertAcknowledged)]
    assert [(fact.author, fact.note) for fact in facts] == [("r.officer", "looking into it")]
    # Its button is gone; the focus is with its neighbour, not lost.
    until(lambda: str(visit.focused("e.ariaLabel")).startswith("Details of price shock"))
    assert visit.complaints == []


def test_a_dialog_keeps_the_focus_and_gives_it_back(stand: MonitorStand, go: Go) -> None:
    stand.write(*CRASH[:3])
    visit = go()
    opener = visit.button("Acknowledge price shock on BTC-USD")
    visit.tab_to(opener)
    visit.press("Enter")
    assert visit.focused("e.id") == "act-author"
    for _ in range(12):
        visit.press("Tab")
        assert visit.focused('e === document.body || e.closest("dialog") !== null')
    visit.press("Escape")
    assert opener.evaluate("e => e === document.activeElement")


def test_the_focus_is_seen(go: Go) -> None:
    visit = go()
    visit.tab_to(visit.button("Trip breaker"))
    assert visit.focused("getComputedStyle(e).outlineStyle") == "solid"
    assert visit.focused("getComputedStyle(e).outlineWidth") == "3px"


def test_the_breaker_is_tripped_and_closed_from_the_page(stand: MonitorStand, go: Go) -> None:
    stand.write(1.0)
    visit = go()
    visit.tab_to(visit.button("Trip breaker"))
    visit.press("Enter")
    visit.page.get_by_label("Your name").fill("r.officer")
    visit.page.get_by_label("Reason").fill("drill")
    visit.page.get_by_label("Token").fill(TOKEN)
    visit.page.locator("#act-send").click()
    visit.sees("trading must stop: by hand, r.officer: drill", "#breaker")
    opened = [e for e in stand.world.events("risk-alerts") if isinstance(e, CircuitBreakerOpened)]
    assert len(opened) == 1
    visit.button("Close breaker").click()
    assert visit.page.get_by_label("Your name").input_value() == "r.officer"
    visit.page.get_by_label("Reason").fill("drill is over")
    visit.page.locator("#act-send").click()
    visit.sees("Closed", "#breaker-state")
    visit.sees("opened 1 time so far", "#breaker-note")
    assert visit.complaints == []


def test_a_wrong_token_is_told_in_the_dialog_and_changes_nothing(
    stand: MonitorStand, go: Go
) -> None:
    stand.write(*CRASH[:3])
    visit = go()
    before = stand.world.values("risk-alerts")
    acknowledge_by_keyboard(visit, "r.officer", "", "wrong")
    visit.sees("another token found", "#act-error")
    assert visit.page.locator("#act-error").get_attribute("role") == "alert"
    assert stand.world.values("risk-alerts") == before


def test_words_of_others_never_become_markup(stand: MonitorStand, go: Go) -> None:
    stand.write(*CRASH[:3])
    visit = go()
    acknowledge_by_keyboard(visit, HOSTILE, HOSTILE)
    visit.sees(f"acknowledged by {HOSTILE}", "#alerts")
    visit.sees(HOSTILE, "#timeline .text")
    visit.button("Details of price shock").first.click()
    visit.sees(f"by {HOSTILE}: {HOSTILE}", "#detail")
    assert visit.page.locator("img").count() == 0
    assert visit.complaints == []


def test_an_alert_opens_with_everything_it_rests_on(stand: MonitorStand, go: Go) -> None:
    stand.write(*CRASH[:6])
    visit = go()
    alert = stand.get("/api/v1/alerts", rule="drawdown")["items"][0]
    detail = stand.get(f"/api/v1/alerts/{alert['alert_id']}")
    visit.tab_to(visit.button("Details of drawdown"))
    visit.press("Enter")
    for text in (detail["trigger"], detail["inputs"][-1], "14.22 %", "15.00 %", "version 1"):
        visit.sees(text, "#detail")
    visit.press("Escape")
    assert visit.focused("e.getAttribute('aria-label')") == "Details of drawdown on portfolio"


def test_a_position_opens_by_keyboard_and_stays_open(stand: MonitorStand, go: Go) -> None:
    stand.write(1.0)
    visit = go()
    visit.tab_to(visit.button("BTC: show where it is"))
    visit.press("Enter")
    visit.sees("exchange-okx, firm-momentum", "#positions")
    assert visit.focused("e.getAttribute('aria-expanded')") == "true"
    stand.write(0.999)
    visit.sees("59,940.00", "#positions")
    visit.sees("exchange-okx, firm-momentum", "#positions")
    assert visit.focused("e.getAttribute('aria-expanded')") == "true"


def test_a_lost_stream_is_said_and_comes_again(stand: MonitorStand, go: Go) -> None:
    stand.write(1.0)
    visit = go()
    visit.sees("live", "#link")
    visit.page.context.set_offline(True)
    stand.streams.close("drill")
    visit.sees("stream lost", "#link")
    visit.sees("what is shown is old", "#banner")
    assert visit.page.locator("#banner").get_attribute("role") == "alert"


def test_silence_of_the_input_is_said(stand: MonitorStand, go: Go) -> None:
    stand.write(1.0)
    stand.window.progress.heard_at_s -= 60
    visit = go()
    visit.sees("data stale", "#link")
    visit.sees("No record has come for", "#banner")
    stand.write(1.0)
    visit.sees("live", "#link")
    assert visit.page.locator("#banner").is_hidden()


def test_a_monitor_that_stops_is_said_to_be_unready(stand: MonitorStand, go: Go) -> None:
    stand.write(1.0)
    visit = go()
    stand.window.close("it was told to stop")
    visit.sees("not ready", "#link")
    visit.sees("it was told to stop", "#banner")


def test_without_a_token_there_is_nothing_to_act_with(browser: Browser) -> None:
    with MonitorStand(token=None) as stand, stand.served() as address:
        stand.write(*CRASH[:3])
        visit = Visit(browser, address)
        visit.sees("can only be watched")
        assert visit.button("Acknowledge").count() == 0
        assert visit.button("Trip breaker").count() == 0
        assert visit.button("Details of").count() == 2
        visit.page.close()


def test_the_focus_stays_with_the_alerts_when_one_of_them_is_over(
    stand: MonitorStand, go: Go
) -> None:
    stand.write(*CRASH[:3])
    visit = go()
    visit.tab_to(visit.button("Details of price shock").first)
    stand.write(*[1.0] * 40)
    visit.sees("No alert is active.")
    assert visit.focused("e.id") == "alerts-title"


def test_a_storm_of_alerts_stays_bounded(stand: MonitorStand, go: Go) -> None:
    stand.write(1.0)
    visit = go()
    accounts = [f"firm-{number:03d}" for number in range(40)]
    big = [
        submitted(number, 11, account=account, quantity_e8=100 * E8)
        for number, account in enumerate(accounts)
    ]
    stand.world.append(big)
    stand.world.append(
        submitted(1_000 + 100 * number + repeat, 12, account=account)
        for number, account in enumerate(accounts)
        for repeat in range(100)
    )
    stand.write(0.9)
    visit.sees("worst of", "#alerts-more")
    assert visit.page.locator("#alerts li").count() == 50
    assert visit.page.locator("#limits li").count() <= 24
    assert visit.page.locator("#timeline li").count() <= 100
    assert visit.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_can_be_read_by_everybody(
    stand: MonitorStand, go: Go, width: int, scheme: str
) -> None:
    stand.write(*CRASH[:6])
    visit = go(width, scheme)
    visit.sees("drawdown on portfolio", "#alerts")
    visit.button("BTC: show").click()
    assert visit.page.evaluate(NAMES) == []
    assert visit.page.evaluate(IDS) == []
    assert visit.page.evaluate(CONTRAST) == []
    assert visit.page.locator("h1").count() == 1
    assert visit.page.locator("html[lang=en]").count() == 1
    wide, shown = visit.page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= shown
    visit.button("Acknowledge").first.click()
    assert visit.page.evaluate(CONTRAST) == []
    assert visit.page.evaluate(NAMES) == []
    assert visit.complaints == []


def test_severity_is_never_told_by_colour_alone(stand: MonitorStand, go: Go) -> None:
    stand.write(*CRASH[:6])
    visit = go()
    visit.sees("drawdown on portfolio", "#alerts")
    assert set(visit.page.locator("#alerts .pill").all_inner_texts()) == {"CRITICAL", "HIGH"}
    used = visit.page.locator("#limits .used").all_inner_texts()
    assert used[:3] == ["critical 800 %", "critical 800 %", "high 95 %"]
