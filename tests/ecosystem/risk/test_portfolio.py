"""Positions, worth and profit, against computations that share no code with them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.words import BalanceReason
from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.portfolio import Portfolio
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, at, event_id, tick

ASSETS = ("BTC", "ETH", "USDT")
ACCOUNTS = ("firm-momentum", "firm-reversion")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.sampled_from(ASSETS), st.integers(1, 10**13)),
        st.tuples(
            st.just("flow"), st.sampled_from((*ASSETS, "USD")), st.integers(-(10**12), 10**12)
        ),
        st.tuples(st.just("trade"), st.sampled_from(ASSETS), st.integers(-(10**10), 10**10)),
        st.tuples(st.just("settle"), st.just("USD"), st.integers(1, 10**11)),
    ),
    max_size=40,
)


def portfolio_with(*balances: BalanceChanged) -> tuple[Portfolio, DataQuality]:
    quality = DataQuality()
    portfolio = Portfolio(quality)
    for balance in balances:
        portfolio.balance(balance)
    return portfolio, quality


@given(steps=STEPS, data=st.data())
def test_profit_is_what_an_independent_ledger_says(
    steps: Sequence[tuple[str, str, int]], data: st.DataObject
) -> None:
    accounts, portfolio = Accounts(), Portfolio(DataQuality())
    marks_e8 = dict.fromkeys(ASSETS, 1_000 * E8) | {"USD": E8}
    for number, asset in enumerate(ASSETS):
        portfolio.mark(asset, marks_e8[asset], event_id("first", number))
    owned_e8 = dict.fromkeys(marks_e8, 0)
    paid_in_e16 = 0
    for number, (kind, asset, amount) in enumerate(steps):
        account = data.draw(st.sampled_from(ACCOUNTS))
        if kind == "mark":
            marks_e8[asset] = amount
            portfolio.mark(asset, amount, event_id("mark", number))
        elif kind == "flow":
            reason: BalanceReason = "DEPOSIT" if amount >= 0 else "WITHDRAWAL"
            portfolio.balance(accounts.change(number, asset, amount, reason, account=account))
            owned_e8[asset] += amount
            paid_in_e16 += amount * marks_e8[asset]
        elif kind == "trade":
            cost_e8 = amount * marks_e8[asset] // E8
            for leg, change_e8 in ((asset, amount), ("USD", -cost_e8)):
                portfolio.balance(accounts.change(number, leg, change_e8, "TRADE", account=account))
                owned_e8[leg] += change_e8
        else:
            out = accounts.change(number, asset, -amount, "SETTLEMENT", account=account)
            back = accounts.change(number, asset, amount, "SETTLEMENT", venue="custodian")
            for leg_event in data.draw(st.permutations([out, back])):
                before_e16 = portfolio.profit_e16
                portfolio.balance(leg_event)
                assert portfolio.profit_e16 == before_e16
    worth_e16 = sum(owned_e8[asset] * marks_e8[asset] for asset in owned_e8)
    assert {a: portfolio.positions_e8.get(a, 0) for a in owned_e8} == owned_e8
    assert portfolio.profit_e16 == worth_e16 - paid_in_e16
    assert portfolio.equity_e8 == worth_e16 // E8
    assert not any(portfolio.in_transit_e8.values())
    stated_e8 = dict.fromkeys(owned_e8, 0)
    for (_, _, asset), total_e8 in accounts.totals_e8.items():
        stated_e8[asset] += total_e8
    assert stated_e8 == owned_e8


def test_a_deposit_before_the_first_price_is_worth_nothing_until_then_and_no_profit_after() -> None:
    portfolio, _ = portfolio_with(Accounts().change(0, "BTC", 2 * E8))
    assert (portfolio.equity_e8, portfolio.profit_e8) == (0, 0)
    portfolio.mark("BTC", 60_000 * E8, event_id("m", 0))
    assert (portfolio.equity_e8, portfolio.profit_e8) == (120_000 * E8, 0)
    portfolio.mark("BTC", 66_000 * E8, event_id("m", 1))
    assert portfolio.profit_e8 == 12_000 * E8


def test_a_settlement_leg_alone_changes_neither_position_nor_profit() -> None:
    accounts = Accounts()
    portfolio, _ = portfolio_with(
        accounts.change(0, "USD", 100 * E8),
        accounts.change(1, "USD", 40 * E8, "SETTLEMENT", venue="custodian"),
    )
    assert portfolio.positions_e8["USD"] == 100 * E8
    assert portfolio.in_transit_e8["USD"] == -40 * E8
    portfolio.balance(accounts.change(2, "USD", -40 * E8, "SETTLEMENT"))
    assert portfolio.positions_e8["USD"] == 100 * E8
    assert portfolio.in_transit_e8["USD"] == 0


def test_a_payment_out_of_the_portfolio_is_no_drawdown() -> None:
    accounts = Accounts()
    portfolio, _ = portfolio_with(accounts.change(0, "USD", 1_000 * E8))
    portfolio.raise_high_water()
    portfolio.balance(accounts.change(1, "USD", -500 * E8, "WITHDRAWAL"))
    assert portfolio.drawdown_e8() == 0


def test_drawdown_is_measured_from_the_highest_worth() -> None:
    portfolio, _ = portfolio_with(Accounts().change(0, "BTC", E8))
    for number, (price, expected_e8) in enumerate(
        [(100, 0), (200, 0), (150, 25_000_000), (100, 50_000_000)]
    ):
        portfolio.mark("BTC", price * E8, event_id("m", number))
        portfolio.raise_high_water()
        assert portfolio.drawdown_e8() == expected_e8
    assert portfolio.high_water.mark_ids == (event_id("m", 1),)


def test_there_is_no_drawdown_of_nothing() -> None:
    assert Portfolio(DataQuality()).drawdown_e8() == 0


def test_the_loss_of_a_day_begins_anew_at_midnight() -> None:
    portfolio, _ = portfolio_with(Accounts().change(0, "BTC", E8))
    portfolio.mark("BTC", 100 * E8, event_id("m", 0))
    portfolio.start_day(at(0))
    portfolio.mark("BTC", 90 * E8, event_id("m", 1))
    assert portfolio.loss_of_day_e8() == 10 * E8
    assert portfolio.day_ends_us == at(86_400)
    portfolio.start_day(at(86_400))
    assert portfolio.loss_of_day_e8() == 0


def test_a_stale_balance_is_left_out_and_counted() -> None:
    accounts = Accounts()
    old = accounts.change(0, "BTC", E8)
    portfolio, quality = portfolio_with(old, accounts.change(1, "BTC", E8), old)
    assert portfolio.positions_e8["BTC"] == 2 * E8
    assert quality.counts() == {"BALANCE_STALE": 1}


def test_a_lost_balance_is_counted_and_is_neither_profit_nor_loss() -> None:
    accounts = Accounts()
    portfolio, quality = portfolio_with(accounts.change(0, "USD", 10 * E8))
    accounts.change(1, "USD", 5 * E8)
    portfolio.balance(accounts.change(2, "USD", E8, "TRADE"))
    assert portfolio.positions_e8["USD"] == 16 * E8
    assert portfolio.profit_e8 == E8
    assert quality.counts() == {"BALANCE_GAP": 1}


def test_lost_balances_are_counted_though_their_changes_add_up_to_nothing() -> None:
    accounts = Accounts()
    portfolio, quality = portfolio_with(accounts.change(0, "BTC", 10 * E8))
    for second, change_e8 in ((1, E8), (2, -E8)):
        accounts.change(second, "BTC", change_e8, "TRADE")
    portfolio.balance(accounts.change(3, "BTC", E8, "TRADE"))
    assert portfolio.positions_e8["BTC"] == 11 * E8
    assert quality.counts() == {"BALANCE_GAP": 1}


def test_a_balance_whose_parts_are_not_its_total_is_left_out() -> None:
    honest = Accounts().change(0, "BTC", E8)
    portfolio, quality = portfolio_with(msgspec.structs.replace(honest, total_e8=3 * E8))
    assert portfolio.positions_e8 == {}
    assert quality.counts() == {"BALANCE_INCONSISTENT": 1}


def test_a_transfer_between_own_accounts_is_no_profit_at_any_moment() -> None:
    accounts, request = Accounts(), event_id("transfer", 0)
    portfolio, _ = portfolio_with(accounts.change(0, "BTC", 2 * E8))
    portfolio.mark("BTC", 60_000 * E8, event_id("m", 0))
    for account, change_e8 in (("firm-momentum", -E8), ("firm-futures", E8)):
        portfolio.balance(
            accounts.change(1, "BTC", change_e8, "TRANSFER", account=account, reference=request)
        )
        assert portfolio.positions_e8["BTC"] == 2 * E8
        assert portfolio.profit_e8 == 0
    assert portfolio.in_transit_e8["BTC"] == 0


def test_inputs_are_those_of_assets_held() -> None:
    balance = Accounts().change(0, "BTC", E8)
    portfolio, _ = portfolio_with(balance)
    ticks: dict[str, Any] = {"BTC": tick(1, 100), "ETH": tick(1, 10, "ETH-USD")}
    for asset, each in ticks.items():
        portfolio.mark(asset, each.last_price_e8, each.event_id)
    assert portfolio.mark_ids() == (ticks["BTC"].event_id,)
    assert portfolio.balance_ids() == portfolio.balance_ids("BTC") == (balance.event_id,)
    assert portfolio.balance_ids("ETH") == ()
