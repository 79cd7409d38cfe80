"""Liquidity: depth and spread against their usual, at each severity and over random books."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.risk.rules.liquidity import KIND, TIMES_E8_MAX, Averages, LiquidityLimit
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import deep_book, limits, tick
from tests.ecosystem.risk.rules.levels import LEVELS
from tests.ecosystem.risk.rules.rig import Rig

EVERY_S, NOW_S, USUAL_S, WARM_S = 15, 60, 3_600, 300
MID_E8 = 100 * E8
HALF_E8 = E8 // 100
SHIPPED = limits().rules[KIND.name]


def rule(times_e8: int = 4 * E8) -> Rig:
    limit = LiquidityLimit(
        times_e8=times_e8,
        every_us=EVERY_S * SECOND_US,
        now_us=NOW_S * SECOND_US,
        usual_us=USUAL_S * SECOND_US,
        warm_us=WARM_S * SECOND_US,
    )
    return Rig(KIND, limit)


def watch_of(rig: Rig, subject: str = "exchange-okx/BTC-USD") -> Watch:
    return next(one for one in rig.book.watches() if one.subject == subject)


class Book:
    """A book of a venue, published every five seconds."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.seconds = 0

    def show(self, *, quantity_e8: int = E8, half_e8: int = HALF_E8) -> Finding | None:
        """Publish a book with this on each of ten levels a side; nothing means no levels."""
        self.seconds += 5
        levels = (quantity_e8,) * 10 if quantity_e8 else ()
        return self.rig.one(
            deep_book(self.seconds, MID_E8, half_e8=half_e8, bids_e8=levels, asks_e8=levels)
        )

    def hold(self, seconds: int, *, quantity_e8: int = E8, half_e8: int = HALF_E8) -> list[Event]:
        told = []
        for _ in range(seconds // 5):
            found = self.show(quantity_e8=quantity_e8, half_e8=half_e8)
            if found is not None:
                told.append(self.rig.book.decide(found, tick(self.seconds, 0)))
        return [event for event in told if event is not None]


def severities(told: list[Event]) -> list[str]:
    return [
        event.severity for event in told if isinstance(event, RiskAlertRaised | RiskAlertEscalated)
    ]


@LEVELS
@pytest.mark.parametrize("wide", [False, True])
def test_severity_at_each_share_of_the_limit(
    share_e8: int, severity: str | None, wide: bool
) -> None:
    def story(times_e8: int) -> tuple[Rig, Finding | None]:
        shown = Book(rule(10**6 * E8))
        shown.hold(600)
        strange = {"half_e8": 500 * HALF_E8} if wide else {"quantity_e8": 1}
        # Looked at every 15 seconds from the first book on, so at the last one shown.
        shown.hold(15, **strange)
        shown.rig.rule.configure(rule(times_e8).rule.limit, shown.rig.rule.scale)
        return shown.rig, shown.show(**strange)

    measuring, _ = story(E8)
    # The limit of which what was measured is this share, but for what a limit this small leaves.
    limit_e8 = watch_of(measuring).utilisation_e8 * E8 // share_e8
    rig, finding = story(limit_e8)
    assert watch_of(rig).utilisation_e8 - share_e8 in range(share_e8 // limit_e8 + 1)
    assert (finding is None) == (severity is None)
    if finding is not None:
        alert = rig.book.decide(finding, tick(0, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject) == (KIND.name, "exchange-okx/BTC-USD")
        assert (alert.severity, alert.limit_e8, alert.unit) == (severity, limit_e8, "times")


@pytest.mark.parametrize(
    ("quantity_e8", "half_e8", "expected"),
    [
        (E8, HALF_E8, []),
        (E8 * 8 // 10, HALF_E8, []),
        (E8 // 2, HALF_E8, ["LOW"]),
        (E8 // 4, HALF_E8, ["LOW", "MEDIUM"]),
        (E8, 2 * HALF_E8, ["LOW"]),
        (E8, 4 * HALF_E8, ["LOW", "MEDIUM"]),
        (E8, 10 * HALF_E8, ["LOW", "MEDIUM", "HIGH", "CRITICAL"]),
    ],
)
def test_shipped_limits_see_halved_books_and_doubled_spreads(
    quantity_e8: int, half_e8: int, expected: list[str]
) -> None:
    shown = Book(Rig(KIND, SHIPPED.limit, scale=SHIPPED.scale))
    assert shown.hold(3_600) == []
    told = shown.hold(300, quantity_e8=quantity_e8, half_e8=half_e8)
    assert severities(told) == expected


def test_a_market_without_makers_is_critical_within_five_minutes_and_over_when_they_are_back() -> (
    None
):
    shown = Book(Rig(KIND, SHIPPED.limit, scale=SHIPPED.scale))
    shown.hold(3_600)
    told = shown.hold(300, quantity_e8=0)
    assert severities(told)[-1] == "CRITICAL"
    assert isinstance(told[0], RiskAlertRaised)
    assert "times as thin" in told[0].message
    *_, over = shown.hold(600)
    assert isinstance(over, RiskAlertResolved)


def test_one_thin_side_is_a_thin_book() -> None:
    shown = Book(rule())
    shown.hold(600)
    for seconds in range(605, 900, 5):
        thin = (E8 // 10,) * 10
        shown.rig.take(deep_book(seconds, MID_E8, bids_e8=(E8,) * 10, asks_e8=thin))
    assert watch_of(shown.rig).utilisation_e8 > E8


def test_a_single_empty_book_is_not_told() -> None:
    shown = Book(Rig(KIND, SHIPPED.limit, scale=SHIPPED.scale))
    shown.hold(3_600)
    assert shown.hold(5, quantity_e8=0) == []
    assert shown.hold(300) == []


def test_nothing_is_judged_while_the_usual_is_short() -> None:
    shown = Book(rule())
    shown.hold(WARM_S)
    assert shown.rig.book.watches() == ()
    shown.hold(5)
    assert watch_of(shown.rig).utilisation_e8 == E8 // 4


def test_a_venue_that_was_away_is_compared_with_what_was_before() -> None:
    shown = Book(rule())
    shown.hold(1_200)
    shown.seconds += 36_000
    told = shown.hold(300, quantity_e8=E8 // 10)
    assert severities(told)[-1] == "CRITICAL"


def test_each_book_has_a_usual_of_its_own_and_the_feeds_is_no_venues() -> None:
    rig = rule()
    thin = (E8 // 10,) * 10
    for seconds in range(0, 1_200, 5):
        rig.take(
            tick(seconds, 100),
            deep_book(seconds, MID_E8),
            deep_book(seconds, MID_E8, instrument="ETH-USD"),
            deep_book(seconds, MID_E8, venue="exchange-binance", bids_e8=thin, asks_e8=thin),
            deep_book(seconds, MID_E8, venue="market-data"),
        )
    assert {watch.subject: watch.utilisation_e8 for watch in rig.book.watches()} == {
        "exchange-okx/BTC-USD": E8 // 4,
        "exchange-okx/ETH-USD": E8 // 4,
        "exchange-binance/BTC-USD": E8 // 4,
    }


def test_the_book_the_feeds_last_tick_and_the_books_before_are_named() -> None:
    shown = Book(rule(times_e8=E8))
    fed = tick(0, 100)
    shown.rig.take(fed)
    shown.hold(WARM_S)
    finding = shown.show()
    assert finding is not None
    before = [deep_book(seconds, MID_E8).event_id for seconds in (shown.seconds, shown.seconds - 5)]
    assert finding.inputs[:4] == (before[0], fed.event_id, *before)


def test_what_is_further_than_can_be_told_is_told_as_the_most() -> None:
    shown = Book(rule())
    shown.hold(600)
    shown.hold(3_600, quantity_e8=0)
    assert watch_of(shown.rig).utilisation_e8 == TIMES_E8_MAX // 4


def test_an_average_shorter_than_what_it_is_given_is_the_last_value() -> None:
    averages = Averages()
    for value in (100, 300, 200):
        averages.take(value, 10 * SECOND_US, SECOND_US, 20 * SECOND_US)
        assert averages.now_e8 == value
    assert averages.usual_e8 == 200


@given(
    values=st.lists(st.integers(0, 10**12), min_size=1, max_size=50),
    memories=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_an_average_is_plain_while_young_and_forgets_later(
    values: list[int], memories: tuple[int, int]
) -> None:
    averages, expected = Averages(), [0.0, 0.0]
    now_us, usual_us = (memory * SECOND_US for memory in memories)
    for count, value in enumerate(values, start=1):
        averages.take(value, SECOND_US, now_us, usual_us)
        for place, memory in enumerate(memories):
            found_e8 = (averages.now_e8, averages.usual_e8)[place]
            expected[place] += (value - expected[place]) / min(count, memory)
            if count <= memory:
                assert found_e8 == pytest.approx(sum(values[:count]) / count, abs=count)
            assert found_e8 == pytest.approx(expected[place], abs=count)
