"""The circuit breaker: each of its triggers at, below and above; closing by time and by hand."""

import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import CircuitBreakerClosed, CircuitBreakerOpened
from ecosystem.events.envelope import Event
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.breaker import BreakerLimit, CircuitBreaker
from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.portfolio import Portfolio
from ecosystem.units import E8, HOUR_US
from tests.ecosystem.risk.facts import Accounts, at, clock, event_id, position, tick
from tests.ecosystem.risk.test_alert_ages import raised

MARK_E8 = 100_000_000 * E8


class Rig:
    def __init__(self) -> None:
        self.portfolio = Portfolio(DataQuality())
        self.book = AlertBook(1)
        self.breaker = CircuitBreaker(BreakerLimit(), self.portfolio, self.book)
        self.portfolio.mark("BTC", MARK_E8, event_id("mark", 0))
        self.portfolio.balance(Accounts().change(0, "BTC", E8))
        self.portfolio.start_day(at(0))
        self.breaker.note(at(0))

    def lose(self, loss_usd: int, seconds: int) -> CircuitBreakerOpened | None:
        self.portfolio.mark("BTC", MARK_E8 - loss_usd * E8, event_id("mark", seconds))
        self.breaker.note(at(seconds))
        return self.breaker.judge(tick(seconds, 1_000))


def test_the_loss_of_the_day_opens_it() -> None:
    rig = Rig()
    for hour in range(1, 6):  # slowly, so that no loss is a fast one
        assert rig.lose(199_000 * hour, 3_600 * hour) is None
    assert rig.lose(999_999, 6 * 3_600) is None
    opened = rig.lose(1_000_000, 7 * 3_600)
    assert opened is not None
    assert (opened.cause, opened.measured_e8, opened.unit) == (
        "loss of the day",
        1_000_000 * E8,
        "USD",
    )
    assert opened.reset_time_us == opened.event_time_us + HOUR_US
    assert opened.inputs[0] == opened.causation_id
    assert event_id("mark", 0) in opened.inputs


@pytest.mark.parametrize(
    ("loss_usd", "seconds", "opens"),
    [
        (249_999, 600, False),
        (250_000, 600, True),
        (250_001, 600, True),
        (250_000, 601, False),
    ],
)
def test_a_fast_loss_opens_it_within_its_window(loss_usd: int, seconds: int, opens: bool) -> None:
    opened = Rig().lose(loss_usd, seconds)
    assert (opened is not None) is opens
    if opened is not None:
        assert (opened.cause, opened.measured_e8) == ("fast loss", loss_usd * E8)


def test_a_fast_loss_is_measured_from_the_highest_profit_of_the_window() -> None:
    rig = Rig()
    assert rig.lose(-100_000, 60) is None
    opened = rig.lose(150_000, 120)
    assert opened is not None
    assert opened.measured_e8 == 250_000 * E8
    assert event_id("mark", 60) in opened.inputs


@pytest.mark.parametrize(("fall_usd", "opens"), [(24_999, False), (25_000, True)])
def test_a_loss_of_a_perpetual_opens_it_and_names_its_tick_and_its_position(
    fall_usd: int, opens: bool
) -> None:
    rig, symbol = Rig(), "BTC-USD-PERP"
    rig.portfolio.mark_derivative(symbol, 60_000 * E8, event_id("perpetual", 0))
    held = position(1, 10 * E8, 60_000 * E8)
    rig.portfolio.position(held)
    rig.breaker.note(at(1))
    rig.portfolio.mark_derivative(symbol, (60_000 - fall_usd) * E8, event_id("perpetual", 1))
    rig.breaker.note(at(2))
    opened = rig.breaker.judge(tick(2, 1_000))
    assert (opened is not None) is opens
    if opened is not None:
        assert (opened.cause, opened.measured_e8) == ("fast loss", 250_000 * E8)
        named = {event_id("perpetual", 0), event_id("perpetual", 1), held.event_id}
        assert named <= set(opened.inputs)


@pytest.mark.parametrize(("criticals", "opens"), [(4, False), (5, True), (6, True)])
def test_too_many_critical_alerts_at_one_time_open_it(criticals: int, opens: bool) -> None:
    rig = Rig()
    told = [raised(rig.book, 120, 1, f"s{number}") for number in range(criticals)]
    raised(rig.book, 99, 1, "only high")
    opened = rig.breaker.judge(tick(2, 1_000))
    assert (opened is not None) is opens
    if opened is not None:
        assert opened.cause == "critical alerts"
        assert {event.event_id for event in told if event} <= set(opened.inputs)


def test_open_it_says_nothing_more_until_its_time_is_over_and_then_opens_again_if_need_be() -> None:
    rig = Rig()
    assert rig.lose(1_000_000, 60) is not None
    assert rig.lose(2_000_000, 120) is None
    assert rig.breaker.wake(clock(3_659, 1)) is None
    closed = rig.breaker.wake(clock(3_660, 2))
    assert closed is not None
    assert (closed.cause, closed.author) == ("its time is over", "")
    assert isinstance(rig.breaker.judge(tick(3_661, 1_000)), CircuitBreakerOpened)


def test_by_hand_it_opens_as_a_root_and_closes_with_its_author() -> None:
    rig = Rig()
    opened = rig.breaker.trip("desk", "drill", event_id("request", 1), at(5))
    assert isinstance(opened, CircuitBreakerOpened)
    assert opened.is_root
    assert opened.cause == "by hand, desk: drill"
    with pytest.raises(InvalidInputError, match="is open"):
        rig.breaker.trip("desk", "drill", event_id("request", 2), at(6))
    closed = rig.breaker.close("desk", "drill over", event_id("request", 3), at(7))
    assert isinstance(closed, CircuitBreakerClosed)
    assert (closed.author, closed.cause, closed.causation_id) == (
        "desk",
        "drill over",
        opened.event_id,
    )
    with pytest.raises(InvalidInputError, match="is closed"):
        rig.breaker.close("desk", "again", event_id("request", 4), at(8))


def test_restored_from_its_own_events_it_stands_as_before() -> None:
    rig, other = Rig(), Rig()
    opened = rig.lose(1_000_000, 60)
    assert opened is not None
    past: list[Event] = [opened]
    for event in past:
        other.breaker.evolve(event)
    assert other.breaker.opened == opened
    assert other.breaker.due_us == rig.breaker.due_us
    assert other.breaker.wake(clock(3_660, 2)) == rig.breaker.wake(clock(3_660, 2))
