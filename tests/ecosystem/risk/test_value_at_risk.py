"""Returns, VaR and expected shortfall, against NumPy and published examples."""

from collections.abc import Sequence
from math import isqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.portfolio import Portfolio
from ecosystem.risk.returns import FACTORS, PAIRS, WINDOW, Returns
from ecosystem.risk.value_at_risk import (
    HORIZON,
    QUANTILES_E8,
    RETURNS_MIN,
    SHORTFALLS_E8,
    ValueAtRisk,
    historical_es_e8,
    historical_var_e8,
    parametric_deviation_e8,
    to_horizon_e8,
    var99_at_most_e8,
)
from ecosystem.units import E8, MINUTE_US
from tests.ecosystem.risk.facts import START_US, Accounts, event_id, position

MOVES = st.lists(
    st.tuples(*(st.integers(-300, 300) for _ in FACTORS)), min_size=RETURNS_MIN, max_size=120
)
"""Moves of each factor in a minute, in hundredths of a percent."""


class Minutes:
    """A firm with spot and a perpetual, whose marks move once a minute."""

    def __init__(self, contracts: int = -1) -> None:
        self.portfolio = Portfolio(DataQuality())
        self.returns = Returns(self.portfolio)
        self.measure = ValueAtRisk(self.portfolio, self.returns)
        self.minute = 0
        self.marks_e8 = {
            "BTC": 60_000 * E8,
            "ETH": 3_000 * E8,
            "USDT": E8,
            "BTC-USD-PERP": 60_030 * E8,
        }
        self.history = [tuple(self.marks_e8.values())]
        self._mark()
        accounts = Accounts()
        for asset, amount in (("BTC", 4), ("ETH", 80), ("USDT", 20_000), ("USD", 70_000)):
            self.portfolio.balance(accounts.change(0, asset, amount * E8))
        self.portfolio.position(position(0, contracts * E8, 60_030 * E8))
        self.returns.sample(START_US)

    def _mark(self) -> None:
        for factor, mark_e8 in self.marks_e8.items():
            tick_id = event_id(f"tick/{factor}", self.minute)
            if factor.endswith("PERP"):
                self.portfolio.mark_derivative(factor, mark_e8, tick_id)
            else:
                self.portfolio.mark(factor, mark_e8, tick_id)

    def move(self, moves: Sequence[int], minutes: int = 1) -> None:
        """Let all marks move, and come to the end of the minute."""
        self.minute += minutes
        for factor, move in zip(FACTORS, moves, strict=True):
            self.marks_e8[factor] += self.marks_e8[factor] * move // 10_000
        self.history.append(tuple(self.marks_e8.values()))
        self._mark()
        self.returns.sample(START_US + self.minute * MINUTE_US)

    def weights(self) -> np.ndarray:
        """Return the worth of each position in USD."""
        quantities = {"BTC": 4, "ETH": 80, "USDT": 20_000, "BTC-USD-PERP": -1}
        return np.array([quantities[f] * self.marks_e8[f] / E8 for f in FACTORS])


@settings(max_examples=25)
@given(moves=MOVES)
def test_every_measure_agrees_with_numpy(moves: list[tuple[int, ...]]) -> None:
    firm = Minutes()
    for one in moves:
        firm.move(one)
    found = firm.measure.estimate()
    assert found is not None
    marks = np.array(firm.history, dtype=float)
    returns = np.diff(marks, axis=0) / marks[:-1]
    weights = firm.weights()
    losses = -(returns @ weights)
    # Each return is cut to 1e-8, so a loss may be off by as much of all positions.
    tolerance = 2e-8 * np.abs(weights).sum() * np.sqrt(HORIZON) * E8 + 2
    deviation = np.sqrt(weights @ (returns.T @ returns / len(returns)) @ weights * HORIZON)
    for level in (95, 99):
        ordered = np.sort(losses)
        var = np.quantile(losses, level / 100, method="inverted_cdf")
        tail = len(losses) * (100 - level) / 100
        whole = int(tail + 1e-9)
        worst = ordered[len(ordered) - whole :].sum() + (tail - whole) * ordered[-whole - 1]
        for name, expected in {
            f"historical_var{level}_e8": var * np.sqrt(HORIZON),
            f"historical_es{level}_e8": worst / tail * np.sqrt(HORIZON),
            f"parametric_var{level}_e8": deviation * QUANTILES_E8[level] / E8,
            f"parametric_es{level}_e8": deviation * SHORTFALLS_E8[level] / E8,
        }.items():
            assert getattr(found, name) == pytest.approx(expected * E8, abs=tolerance), name
    assert found.var99_e8 == max(found.historical_var99_e8, found.parametric_var99_e8)
    at_most_e8 = firm.measure.settle()
    assert at_most_e8 is not None
    assert firm.measure.judged_var99_e8() == found.var99_e8 <= at_most_e8


@given(
    small=st.integers(0, 10),
    large=st.integers(1, 10**9),
    count=st.integers(RETURNS_MIN, 400),
    weight=st.integers(1, 10**9),
)
def test_var_is_within_its_bound_where_every_loss_that_counts_is_as_large_as_it(
    small: int, large: int, count: int, weight: int
) -> None:
    worst_count = count // 100 + 1
    returns_e8 = [-large] * worst_count + [-small] * (count - worst_count)
    weights_e8 = (weight, *[0] * (len(FACTORS) - 1))
    squares_e16 = [sum(one * one for one in returns_e8), *[0] * (len(PAIRS) - 1)]
    losses_e8 = sorted(-(weight * one // E8) for one in returns_e8)
    var_e8 = to_horizon_e8(historical_var_e8(losses_e8, 99))
    assert var_e8 <= var99_at_most_e8(weights_e8, squares_e16, count)


def test_the_measure_that_was_judged_stays_while_positions_change() -> None:
    firm = Minutes()
    assert firm.measure.settle() is None
    assert firm.measure.judged_var99_e8() == 0
    for minute in range(RETURNS_MIN):
        firm.move((5 * minute % 7 - 3, 2, 0, 1))
    before = firm.measure.estimate()
    firm.measure.settle()
    firm.portfolio.position(position(1, 5 * E8, 60_030 * E8, sequence=1))
    after = firm.measure.estimate()
    assert before is not None
    assert after is not None
    assert firm.measure.judged_var99_e8() == before.var99_e8 != after.var99_e8


def test_two_stocks_of_a_textbook() -> None:
    """Hull, Options, Futures and Other Derivatives, the model-building approach.

    10 M USD of Microsoft with 2 % a day and 5 M of AT&T with 1 %, correlated by 0.3: a daily
    standard deviation of 220 227 USD, and with 2.33 of them a ten-day VaR of 1 622 657 USD.
    """
    weights_e8 = (10_000_000 * E8, 5_000_000 * E8, 0, 0)
    covariances_e16 = {
        (0, 0): 2 * E8 // 100 * 2 * E8 // 100,
        (1, 1): E8 // 100 * E8 // 100,
        (0, 1): 3 * (2 * E8 // 100) * (E8 // 100) // 10,
    }
    products_e16 = [covariances_e16.get(pair, 0) for pair in PAIRS]
    daily_e8 = parametric_deviation_e8(weights_e8, products_e16, 1, horizon=1)
    assert daily_e8 // E8 == 220_227
    ten_days_e8 = parametric_deviation_e8(weights_e8, products_e16, 1, horizon=10)
    assert ten_days_e8 * 233 // 100 / E8 == pytest.approx(1_622_657, abs=1)


@pytest.mark.parametrize(("level", "var", "shortfall"), [(95, 208.1, 260.9), (99, 294.3, 337.1)])
def test_a_normal_loss_of_a_textbook(level: int, var: float, shortfall: float) -> None:
    """McNeil, Frey and Embrechts, Quantitative Risk Management, chapter 2.

    A portfolio worth 10 000 with normal returns of 20 % a year of 250 days, for one day.
    """
    deviation_e8 = isqrt(2_000 * 2_000 * E8 * E8 // 250)
    assert deviation_e8 * QUANTILES_E8[level] / E8 / E8 == pytest.approx(var, abs=0.05)
    assert deviation_e8 * SHORTFALLS_E8[level] / E8 / E8 == pytest.approx(shortfall, abs=0.05)


def test_the_tail_of_a_hundred_losses_written_out() -> None:
    losses_e8 = [n * E8 for n in range(1, 101)]
    assert historical_var_e8(losses_e8, 95) == 95 * E8
    assert historical_var_e8(losses_e8, 99) == 99 * E8
    assert historical_es_e8(losses_e8, 95) == 98 * E8
    assert historical_es_e8(losses_e8, 99) == 100 * E8


@given(losses=st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=300))
def test_shortfall_is_never_below_value_at_risk(losses: list[int]) -> None:
    ordered = sorted(losses)
    for level in (95, 99):
        assert historical_es_e8(ordered, level) >= historical_var_e8(ordered, level)
    assert historical_var_e8(ordered, 99) >= historical_var_e8(ordered, 95)


def test_there_is_no_estimate_while_the_window_is_short() -> None:
    firm = Minutes()
    for _ in range(RETURNS_MIN - 1):
        firm.move((1, 1, 0, 1))
    assert firm.measure.estimate() is None
    firm.move((1, 1, 0, 1))
    assert firm.measure.estimate() is not None


def test_the_window_forgets_what_is_older_than_a_day() -> None:
    firm = Minutes()
    firm.move((-900, 0, 0, -900))
    for _ in range(WINDOW):
        firm.move((0, 0, 0, 0))
    assert len(firm.returns.samples) == WINDOW
    assert firm.returns.products_e16 == [0] * len(PAIRS)
    found = firm.measure.estimate()
    assert found is not None
    assert found.var99_e8 == 0


def test_a_return_over_more_than_a_minute_is_left_out() -> None:
    firm = Minutes()
    firm.move((5, 5, 0, 5))
    firm.move((500, 500, 0, 500), minutes=2)
    firm.move((7, 7, 0, 7))
    assert [sample.returns_e8[0] for sample in firm.returns.samples] == [50_000, 70_000]


def test_the_estimate_names_the_ticks_of_the_last_minute_first_and_those_of_the_worst() -> None:
    firm = Minutes()
    for minute in range(40):
        firm.move((-500, 0, 0, -500) if minute == 20 else (1, 1, 0, 1))
    named = firm.measure.input_ids()
    assert named[: len(FACTORS)] == [event_id(f"tick/{factor}", 40) for factor in FACTORS]
    assert event_id("tick/BTC", 21) in named
    assert event_id("tick/BTC", 20) in named
    assert len(named) <= 2 * len(FACTORS) * 9


def test_the_quantiles_are_those_of_the_normal_distribution() -> None:
    normal = NormalDist()
    for level in (95, 99):
        z = normal.inv_cdf(level / 100)
        assert QUANTILES_E8[level] == round(z * E8)
        assert SHORTFALLS_E8[level] == round(normal.pdf(z) / (1 - level / 100) * E8)
