"""Stablecoin exposure: the share of the equity in a coin, against what its peg allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.events.prices import PriceTicked
from ecosystem.risk.rules.stablecoin_exposure import KIND, StablecoinExposureLimit
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import Accounts, tick
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig

TOLERATED_E8 = E8 // 200
LIMIT = StablecoinExposureLimit(
    share_e8=E8 // 5, tolerated_e8=TOLERATED_E8, lasts_us=60 * SECOND_US
)


def coin(seconds: float, mid_e8: int) -> PriceTicked:
    return tick(seconds, 0, "USDT-USD", bid_e8=mid_e8, ask_e8=mid_e8, last_e8=mid_e8)


class Firm:
    """A firm with dollars and tether, and the price of tether that it has seen."""

    def __init__(self, limit: StablecoinExposureLimit = LIMIT) -> None:
        self.rig = Rig(KIND, limit)
        self.accounts = Accounts()
        self._seconds = 0

    def hold(self, usd_e8: int, usdt_e8: int) -> None:
        for asset, quantity_e8 in (("USD", usd_e8), ("USDT", usdt_e8)):
            self.rig.take(self.accounts.change(self._seconds, asset, quantity_e8))

    def see(self, mid_e8: int, seconds: int = 61) -> Finding | None:
        """Let the price of tether be this for a while."""
        for _ in range(seconds):
            self.rig.take(coin(self._seconds, mid_e8))
            self._seconds += 1
        return self.rig.whole()


@LEVELS
def test_severity_at_each_share_of_what_is_allowed(share_e8: int, severity: str | None) -> None:
    # At twice its dollar the coin may be a hundredth of a whole equity: worth held, out of 100.
    firm = Firm(StablecoinExposureLimit(share_e8=E8, tolerated_e8=E8 // 100, lasts_us=60_000_000))
    held_e8 = share_e8 // 2
    firm.hold(100 * E8 - 2 * held_e8, held_e8)
    finding = firm.see(2 * E8)
    expected = severity_of(2 * held_e8)
    assert expected == severity or share_e8 % 2
    assert (finding is None) == (expected is None)
    if finding is not None:
        alert = firm.rig.book.decide(finding, tick(1, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject, alert.severity) == (KIND.name, "USDT", expected)
        assert (alert.limit_e8, alert.unit) == (E8 // 100, "ratio of equity")
        assert alert.measured_e8 == 2 * held_e8 // 100


@pytest.mark.parametrize(
    ("deviation_e8", "allowed_e8"),
    [
        (0, E8 // 5),
        (TOLERATED_E8, E8 // 5),
        (-TOLERATED_E8, E8 // 5),
        (2 * TOLERATED_E8, E8 // 10),
        (-4 * TOLERATED_E8, E8 // 20),
        (10 * TOLERATED_E8, E8 // 50),
    ],
)
def test_twice_as_far_off_means_half_as_much(deviation_e8: int, allowed_e8: int) -> None:
    assert LIMIT.allowed_e8(deviation_e8) == allowed_e8


def test_a_coin_on_its_peg_is_cash_and_off_it_an_exposure_until_it_is_sold() -> None:
    firm = Firm()
    firm.hold(90 * E8, 10 * E8)
    assert firm.see(E8) is None
    assert firm.see(99_500_000) is None
    finding = firm.see(97_500_000)
    assert finding is not None
    raised = firm.rig.book.decide(finding, tick(200, 0))
    assert isinstance(raised, RiskAlertRaised)
    assert raised.severity == "CRITICAL"
    assert raised.message == (
        "9.77 % of the equity are in USDT, which is 2.50 % off its dollar; the limit is 4.00 %"
    )
    firm.hold(9 * E8, -9 * E8)
    over = firm.rig.whole()
    assert over is not None
    assert isinstance(firm.rig.book.decide(over, tick(201, 0)), RiskAlertResolved)


def test_a_coin_that_finds_its_peg_again_ends_it() -> None:
    firm = Firm()
    firm.hold(90 * E8, 10 * E8)
    finding = firm.see(95_000_000)
    assert finding is not None
    firm.rig.book.decide(finding, tick(100, 0))
    over = firm.see(99_900_000)
    assert over is not None
    assert isinstance(firm.rig.book.decide(over, tick(200, 0)), RiskAlertResolved)


def test_an_alert_that_is_restored_while_the_coin_is_on_its_peg_ends() -> None:
    before, firm = Firm(), Firm()
    for one in (before, firm):
        one.hold(40 * E8, 60 * E8)
        assert one.see(E8) is None
    finding = before.see(E8 * 94 // 100)
    assert finding is not None
    raised = before.rig.book.decide(finding, tick(1, 0))
    assert isinstance(raised, RiskAlertRaised)
    assert firm.see(E8) is None
    firm.rig.book.evolve(raised)
    ended = firm.see(E8)
    assert ended is not None
    assert isinstance(firm.rig.book.decide(ended, tick(200, 0)), RiskAlertResolved)


def test_a_coin_that_is_owed_is_an_exposure_too() -> None:
    firm = Firm()
    firm.hold(200 * E8, -50 * E8)
    finding = firm.see(105_000_000)
    assert finding is not None
    assert finding.measured_e8 == 50 * 105_000_000 * E8 // (200 * E8 - 50 * 105_000_000)


def test_the_price_of_now_comes_first_then_what_lasted_then_the_balances() -> None:
    firm = Firm()
    firm.hold(90 * E8, 10 * E8)
    firm.see(95_000_000)
    finding = firm.see(94_000_000, 5)
    assert finding is not None
    balances = firm.rig.portfolio.balance_ids("USDT")
    assert finding.inputs == (coin(65, 0).event_id, coin(60, 0).event_id, *balances)


def test_nothing_is_said_before_everything_owned_has_a_mark() -> None:
    firm = Firm()
    firm.hold(0, 10 * E8)
    firm.rig.take(firm.accounts.change(0, "BTC", E8))
    assert firm.see(95_000_000) is None
    firm.rig.portfolio.mark("BTC", E8, coin(0, 0).event_id)
    assert firm.rig.whole() is not None


def test_without_equity_whatever_is_held_is_far_too_much() -> None:
    firm = Firm()
    firm.hold(-20 * E8, 10 * E8)
    finding = firm.see(95_000_000)
    assert finding is not None
    assert finding.measured_e8 == 100 * E8


@given(
    usd_e8=st.integers(0, 10**6 * E8),
    usdt_e8=st.integers(E8, 10**6 * E8),
    mid_e8=st.integers(E8 // 2, 3 * E8 // 2),
)
def test_the_loss_against_par_has_one_bound(usd_e8: int, usdt_e8: int, mid_e8: int) -> None:
    firm = Firm()
    firm.hold(usd_e8, usdt_e8)
    finding = firm.see(mid_e8)
    deviation_e8 = abs(mid_e8 - E8)
    share = usdt_e8 * mid_e8 / (usd_e8 * E8 + usdt_e8 * mid_e8)
    # Holding times deviation, as a fraction of the equity, against a fifth of half a per cent.
    used = share * max(deviation_e8, TOLERATED_E8) / E8 / 0.001
    if deviation_e8 <= TOLERATED_E8 or used < 0.4999:
        assert finding is None
    elif used > 0.5001:
        assert finding is not None
        assert finding.utilisation_e8 / E8 == pytest.approx(used, rel=1e-3)
