"""What is booked by half is waited for, and nothing else is."""

import pytest

from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.portfolio import Portfolio
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, at, event_id, position

TRADE = event_id("trade", 0)


@pytest.mark.parametrize(("seconds", "waits"), [(0.0, True), (0.9, True), (1.0, False)])
def test_half_a_trade_is_waited_for_a_second(seconds: float, waits: bool) -> None:
    portfolio = Portfolio(DataQuality())
    portfolio.balance(Accounts().change(0, "BTC", E8, "TRADE", reference=TRADE))
    assert portfolio.between_legs(at(seconds)) is waits


def test_a_whole_trade_is_not_waited_for() -> None:
    accounts, portfolio = Accounts(), Portfolio(DataQuality())
    portfolio.balance(accounts.change(0, "BTC", E8, "TRADE", reference=TRADE))
    portfolio.balance(accounts.change(0, "USD", -E8, "TRADE", reference=TRADE))
    assert not portfolio.between_legs(at(0))


def test_a_trade_of_a_perpetual_is_whole_with_its_position_and_its_one_balance() -> None:
    portfolio = Portfolio(DataQuality())
    portfolio.position(position(0, E8, 60_000 * E8, cause=TRADE))
    assert portfolio.between_legs(at(0))
    portfolio.balance(
        Accounts().change(0, "USD", -30 * E8, "TRADE", account="firm-futures", reference=TRADE)
    )
    assert not portfolio.between_legs(at(0))


def test_trades_of_two_accounts_with_each_other_are_told_apart() -> None:
    accounts, portfolio = Accounts(), Portfolio(DataQuality())
    for account in ("firm-momentum", "firm-reversion"):
        portfolio.balance(accounts.change(0, "BTC", E8, "TRADE", account=account, reference=TRADE))
    assert portfolio.between_legs(at(0))
    for account in ("firm-momentum", "firm-reversion"):
        portfolio.balance(accounts.change(0, "USD", -E8, "TRADE", account=account, reference=TRADE))
    assert not portfolio.between_legs(at(0))


@pytest.mark.parametrize("reason", ["TRADE", "FUNDING", "LIQUIDATION"])
def test_what_the_insurance_fund_pays_waits_for_what_it_pays_for(reason: str) -> None:
    accounts, portfolio = Accounts(), Portfolio(DataQuality())
    portfolio.balance(accounts.change(0, "USD", E8))
    portfolio.balance(accounts.change(1, "USD", 4 * E8, "INSURANCE", reference=TRADE))
    assert portfolio.between_legs(at(1))
    portfolio.balance(accounts.change(1, "USD", 0, "MARGIN", reference=TRADE))
    assert portfolio.between_legs(at(1))
    portfolio.balance(accounts.change(1, "USD", -5 * E8, reason, reference=TRADE))  # type: ignore[arg-type] # one of the reasons
    assert not portfolio.between_legs(at(1))
    assert portfolio.profit_e8 == -E8


def test_funding_alone_is_whole() -> None:
    portfolio = Portfolio(DataQuality())
    portfolio.balance(Accounts().change(0, "USD", -E8, "FUNDING", reference=TRADE))
    assert not portfolio.between_legs(at(0))
