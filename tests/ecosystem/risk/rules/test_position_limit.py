"""Position limit: what is owned or owed of an asset, at each severity and in random books."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.risk.rules.position_limit import KIND, PositionBounds, PositionLimit
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, tick
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig

LIMIT = PositionLimit(bounds={"BTC": PositionBounds(long_e8=10 * E8, short_e8=5 * E8)})
PLACES = [
    ("exchange-okx", "firm-momentum"),
    ("exchange-okx", "firm-reversion"),
    ("custodian", "custody"),
]


@pytest.mark.parametrize("sign", [1, -1])
@LEVELS
def test_severity_at_each_share_of_the_limit(
    share_e8: int, severity: str | None, sign: int
) -> None:
    rig = Rig(KIND, LIMIT)
    position_e8 = share_e8 * (10 if sign > 0 else -5)
    finding = rig.one(Accounts().change(0, "BTC", position_e8))
    assert (finding is None) == (severity is None)
    if finding is not None:
        alert = rig.book.decide(finding, tick(1, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject) == ("position_limit", "BTC")
        assert (alert.severity, alert.measured_e8) == (severity, position_e8)
        assert (alert.limit_e8, alert.unit) == (10 * E8 if sign > 0 else -5 * E8, "BTC")


def test_inputs_are_the_balances_of_the_asset_by_place() -> None:
    rig, accounts = Rig(KIND, LIMIT), Accounts()
    balances = [
        accounts.change(0, "BTC", 3 * E8, venue=venue, account=account) for venue, account in PLACES
    ]
    finding = rig.take(*balances, accounts.change(0, "USD", E8))[-1]
    assert finding.inputs == tuple(
        balance.event_id for balance in sorted(balances, key=lambda b: (b.venue, b.account))
    )
    assert finding.message == "the firm owns 9.0000 BTC; the limit is 10.0000"


def test_an_asset_without_bounds_is_not_watched() -> None:
    assert Rig(KIND, LIMIT).take(Accounts().change(0, "USD", 10**18)) == []


@given(
    changes=st.lists(
        # A balance that changes nothing is not judged.
        st.tuples(st.sampled_from(PLACES), st.integers(-(10**9), 10**9).filter(bool)),
        min_size=1,
        max_size=30,
    )
)
def test_the_position_is_netted_over_all_places(
    changes: list[tuple[tuple[str, str], int]],
) -> None:
    rig, accounts = Rig(KIND, LIMIT), Accounts()
    owned_e8 = 0
    for (venue, account), change_e8 in changes:
        owned_e8 += change_e8
        finding = rig.one(
            accounts.change(0, "BTC", change_e8, "TRADE", venue=venue, account=account)
        )
        limit_e8 = 10 * E8 if owned_e8 >= 0 else 5 * E8
        expected = severity_of(abs(owned_e8) * E8 // limit_e8)
        assert (finding is None) == (expected is None)
        if finding is not None:
            assert finding.measured_e8 == owned_e8
