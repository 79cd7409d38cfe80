"""Derivative positions: worth, realised profit and gaps, against sums that share no code."""

from collections.abc import Sequence
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.accounts import PositionChanged
from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.derivatives import Revaluation
from ecosystem.risk.portfolio import Portfolio
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, event_id, position

PERPETUAL = "BTC-USD-PERP"
VENUES = ("exchange-okx", "exchange-binance")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.sampled_from(VENUES), st.integers(1, 200_000)),
        st.tuples(
            st.just("trade"), st.sampled_from(VENUES), st.integers(-50, 50).filter(lambda n: n != 0)
        ),
    ),
    max_size=40,
)


class Venue:
    """States positions of whole contracts as a venue does, by average cost."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.quantity, self.average, self.count = 0, Fraction(0), 0

    def trade(self, contracts: int, price: int) -> tuple[PositionChanged, Fraction]:
        """Return the position after an execution at a whole price, and what it realised."""
        after, realised = self.quantity + contracts, Fraction(0)
        if self.quantity * contracts >= 0:
            self.average = (self.quantity * self.average + contracts * price) / after
        else:
            closed = min(abs(self.quantity), abs(contracts)) * (1 if self.quantity > 0 else -1)
            realised = closed * (price - self.average)
            if self.quantity * after < 0:
                self.average = Fraction(price)
        self.quantity = after
        self.count += 1
        event = position(
            self.count,
            after * E8,
            int(self.average * E8) if after else 0,
            change_e8=contracts * E8,
            sequence=self.count - 1,
            realised_e8=int(realised * E8),
            venue=self.name,
        )
        return event, realised


@given(steps=STEPS)
def test_worth_and_profit_are_what_was_traded_at_which_price(
    steps: Sequence[tuple[str, str, int]],
) -> None:
    portfolio, accounts, mark, cash = Portfolio(DataQuality()), Accounts(), 60_000, 0
    venues = {name: Venue(name) for name in VENUES}
    portfolio.mark_derivative(PERPETUAL, mark * E8, event_id("m", 0))
    for number, (kind, name, amount) in enumerate(steps):
        if kind == "mark":
            mark = amount
            portfolio.mark_derivative(PERPETUAL, mark * E8, event_id("m", number + 1))
        else:
            event, realised = venues[name].trade(amount, mark)
            cash -= amount * mark
            portfolio.position(event)
            wallet = accounts.change(
                number, "USD", int(realised * E8), "TRADE", venue=name, reference=event.event_id
            )
            portfolio.balance(wallet)
        held = sum(venue.quantity for venue in venues.values())
        expected_e8 = (held * mark + cash) * E8
        assert portfolio.equity_e8 == pytest.approx(expected_e8, abs=100 * (number + 1))
        assert portfolio.profit_e8 == portfolio.equity_e8
        assert portfolio.derivatives.quantities_e8.get(PERPETUAL, 0) == held * E8
        assert portfolio.derivatives.gross_e8.get(PERPETUAL, 0) == E8 * sum(
            abs(venue.quantity) for venue in venues.values()
        )


def marked(price: int = 60_000) -> tuple[Portfolio, DataQuality]:
    quality = DataQuality()
    portfolio = Portfolio(quality)
    portfolio.mark_derivative(PERPETUAL, price * E8, event_id("m", 0))
    return portfolio, quality


def test_a_short_position_gains_as_the_price_falls() -> None:
    portfolio, _ = marked(60_000)
    portfolio.position(position(0, -2 * E8, 60_000 * E8))
    portfolio.mark_derivative(PERPETUAL, 59_000 * E8, event_id("m", 1))
    assert portfolio.derivatives.unrealised_e8() == portfolio.profit_e8 == 2_000 * E8
    assert portfolio.derivatives.margin_e8() == 12_000 * E8


def test_a_position_that_was_there_before_us_is_no_profit() -> None:
    portfolio, quality = marked(66_000)
    portfolio.position(position(0, 2 * E8, 60_000 * E8, change_e8=E8, sequence=7))
    assert (portfolio.equity_e8, portfolio.profit_e8) == (12_000 * E8, 0)
    assert quality.counts() == {}


def test_a_lost_change_is_counted_and_what_it_moved_is_no_profit() -> None:
    portfolio, quality = marked(60_000)
    portfolio.position(position(0, E8, 60_000 * E8))
    portfolio.mark_derivative(PERPETUAL, 66_000 * E8, event_id("m", 1))
    portfolio.position(position(2, 0, 0, change_e8=-2 * E8, sequence=2, realised_e8=2 * 6_000 * E8))
    portfolio.balance(Accounts().change(2, "USD", 2 * 6_000 * E8, "TRADE"))
    assert portfolio.equity_e8 == 12_000 * E8
    assert portfolio.profit_e8 == 6_000 * E8
    assert quality.counts() == {"POSITION_GAP": 1}


def test_lost_changes_are_counted_though_they_add_up_to_nothing() -> None:
    portfolio, quality = marked(60_000)
    portfolio.position(position(0, E8, 60_000 * E8, sequence=0))
    portfolio.position(position(3, 2 * E8, 60_000 * E8, change_e8=E8, sequence=3))
    assert portfolio.profit_e8 == 0
    assert quality.counts() == {"POSITION_GAP": 1}


def test_what_a_position_is_worth_at_the_first_mark_is_no_profit() -> None:
    portfolio = Portfolio(DataQuality())
    portfolio.position(position(0, E8, 60_000 * E8))
    assert portfolio.equity_e8 == 0
    portfolio.mark_derivative(PERPETUAL, 61_000 * E8, event_id("m", 0))
    assert (portfolio.equity_e8, portfolio.profit_e8) == (1_000 * E8, 0)
    portfolio.mark_derivative(PERPETUAL, 61_500 * E8, event_id("m", 1))
    assert portfolio.profit_e8 == 500 * E8


@pytest.mark.parametrize(
    ("wrong", "defect"),
    [
        ({"instrument": "BTC-USD"}, "POSITION_INCONSISTENT"),
        ({"instrument": "DOGE-USD-PERP"}, "POSITION_INCONSISTENT"),
        ({"entry_price_e8": 0}, "POSITION_INCONSISTENT"),
        ({"entry_price_e8": -1}, "POSITION_INCONSISTENT"),
        ({"position_sequence": 0}, "POSITION_STALE"),
    ],
)
def test_what_cannot_be_true_is_left_out_and_counted(wrong: dict[str, int], defect: str) -> None:
    portfolio, quality = marked()
    portfolio.position(position(0, E8, 60_000 * E8))
    before = portfolio.derivatives.quantities_e8.copy()
    second = position(1, 2 * E8, 60_000 * E8, change_e8=E8, sequence=1)
    assert not portfolio.position(msgspec.structs.replace(second, **wrong))
    assert portfolio.derivatives.quantities_e8 == before
    assert quality.counts() == {defect: 1}


def test_a_mark_moves_the_worth_by_the_netted_quantity() -> None:
    portfolio, _ = marked(60_000)
    portfolio.position(position(0, 3 * E8, 60_000 * E8))
    portfolio.position(position(0, -E8, 60_000 * E8, venue="exchange-binance"))
    moved = portfolio.derivatives.mark(PERPETUAL, 60_010 * E8, event_id("m", 1))
    assert moved == Revaluation(2 * 10 * E8 * E8, 0)


def test_what_was_paid_for_positions_is_told_by_its_reason() -> None:
    portfolio, accounts = Portfolio(DataQuality()), Accounts()
    for reason, change_e8 in (("FUNDING", -5), ("LIQUIDATION", -3), ("INSURANCE", 2), ("TRADE", 9)):
        portfolio.balance(accounts.change(0, "USD", change_e8, reason))  # type: ignore[arg-type] # reasons
    assert portfolio.derivatives.cashflows_e8 == {"FUNDING": -5, "LIQUIDATION": -3, "INSURANCE": 2}
    assert portfolio.profit_e8 == 3
