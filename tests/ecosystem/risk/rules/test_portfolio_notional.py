"""Portfolio notional: the gross exposure, at each severity and over random portfolios."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.rules.portfolio_notional import KIND, PortfolioNotionalLimit
from ecosystem.units import E8
from tests.ecosystem.risk.facts import event_id
from tests.ecosystem.risk.rules.firms import Firm, balance_of, position_of
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig


def firm(notional_e8: int = E8) -> Firm:
    return Firm(Rig(KIND, PortfolioNotionalLimit(notional_e8=notional_e8), limit_version=7))


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    owner = firm()
    owner.hold("BTC", share_e8)
    found = owner.found()
    assert bool(found) == (severity is not None)
    if found:
        alert = owner.alert(found["portfolio"])
        assert (alert.rule, alert.severity, alert.measured_e8) == (KIND.name, severity, share_e8)
        assert (alert.limit_e8, alert.unit, alert.limit_version) == (E8, "USD", 7)


AMOUNTS = st.integers(-(10**9), 10**9)


@given(btc=AMOUNTS, eth=AMOUNTS, usd=AMOUNTS, okx=AMOUNTS, binance=AMOUNTS)
def test_signs_cash_and_venues_do_not_net(
    btc: int, eth: int, usd: int, okx: int, binance: int
) -> None:
    owner = firm(10**9)
    for asset, amount_e8 in (("BTC", btc), ("ETH", eth), ("USD", usd)):
        owner.hold(asset, amount_e8)
    owner.contracts(okx)
    owner.contracts(binance, "exchange-binance")
    found = owner.found()
    expected_e8 = (abs(btc) + abs(eth) + abs(okx) + abs(binance)) * E8 // 10**9
    assert owner.rig.book.watches()[0].utilisation_e8 == expected_e8
    assert bool(found) == (severity_of(expected_e8) is not None)


def test_a_growing_portfolio_is_told_and_a_reduced_one_resolved() -> None:
    owner = firm(1_000 * E8)
    owner.hold("BTC", 400 * E8)
    assert owner.found() == {}
    owner.contracts(-500 * E8)
    finding = owner.found()["portfolio"]
    assert finding.message == "all positions are worth 900.00 USD; the limit is 1000.00 USD"
    assert finding.inputs == (
        event_id("mark/BTC", 1),
        event_id("mark/BTC-USD-PERP", 1),
        position_of(),
        balance_of("BTC"),
    )
    assert owner.rig.book.active_count() == 1
    owner.contracts(0)
    assert owner.found()["portfolio"].measured_e8 == 400 * E8
    assert owner.rig.book.active_count() == 0
