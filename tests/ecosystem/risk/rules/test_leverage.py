"""Leverage: exposure by equity, at each severity and over random portfolios."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.rules.leverage import KIND, LeverageLimit
from ecosystem.units import E8
from tests.ecosystem.risk.facts import event_id
from tests.ecosystem.risk.rules.firms import PERPETUAL, Firm, balance_of, position_of
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig


def firm(times_e8: int = E8) -> Firm:
    return Firm(Rig(KIND, LeverageLimit(times_e8=times_e8), limit_version=7))


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    owner = firm()
    owner.hold("USD", E8)
    owner.contracts(-share_e8)
    found = owner.found()
    assert bool(found) == (severity is not None)
    if found:
        alert = owner.alert(found["portfolio"])
        assert (alert.rule, alert.severity, alert.measured_e8) == (KIND.name, severity, share_e8)
        assert (alert.limit_e8, alert.unit, alert.limit_version) == (E8, "ratio", 7)


AMOUNTS = st.integers(-100, 100)


@given(btc=AMOUNTS, usd=AMOUNTS, okx=AMOUNTS, binance=AMOUNTS)
def test_leverage_is_gross_exposure_by_equity(btc: int, usd: int, okx: int, binance: int) -> None:
    owner = firm(3 * E8)
    owner.hold("BTC", btc * E8)
    owner.hold("USD", usd * E8)
    owner.contracts(okx * E8)
    owner.contracts(binance * E8, "exchange-binance")
    found = owner.found()
    equity, gross = btc + usd, abs(btc) + abs(okx) + abs(binance)
    if equity > 0:
        expected_e8 = gross * E8 // equity * E8 // (3 * E8)
        assert owner.rig.book.watches()[0].utilisation_e8 == expected_e8
        assert bool(found) == (severity_of(expected_e8) is not None)
    else:
        assert bool(found) == bool(gross)


def test_a_loss_of_the_equity_leverages_and_closing_relieves() -> None:
    owner = firm(3 * E8)
    owner.hold("USD", 100 * E8)
    owner.contracts(120 * E8)
    assert owner.found() == {}
    owner.mark("BTC", E8 * 4 // 10)
    finding = owner.found()["portfolio"]
    # 120 contracts are worth 48, and their fall of 0.6 each took 72 of the 100.
    assert finding.measured_e8 == 48 * E8 // 28
    assert finding.message == (
        "an exposure of 48.00 USD stands on an equity of 28.00 USD; 3.00 times is the limit"
    )
    assert finding.inputs == (event_id(f"mark/{PERPETUAL}", 4), position_of(), balance_of("USD"))
    owner.contracts(10 * E8)
    owner.found()
    assert owner.rig.book.active_count() == 0
