"""Sources: known names are used, unknown ones are grouped, and all of them are few."""

import msgspec
import pytest

from ecosystem.events.envelope import Event
from ecosystem.risk.intake.sources import NAMES_MAX, OTHERS
from ecosystem.risk.state import RiskState
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, clock, fill, tick
from tests.ecosystem.risk.intake.test_defects import BOOK
from tests.ecosystem.risk.rules.orders import submitted
from tests.ecosystem.risk.rules.test_reconciliation_break import reconciled
from tests.ecosystem.risk.rules.test_settlement_timeout import instructed

ALL: list[tuple[Event, str, str]] = [
    (tick(1, 1), "market-data/BTC-USD", "prices"),
    (msgspec.structs.replace(tick(1, 1), feed="other"), "prices", "prices"),
    (BOOK, "exchange-okx/BTC-USD", "books"),
    (submitted(1, 1), "exchange-okx/firm-momentum", "orders"),
    (fill(1, "BUY", E8, E8), "exchange-okx/firm-momentum", "fills"),
    (Accounts().change(1, "USD", 1), "exchange-okx/firm-momentum", "balances"),
    (Accounts().change(1, "USD", 1, account="nobody"), "balances", "balances"),
    (instructed(1, 1), "exchange-okx", "settlements"),
    (reconciled(1, 1, 0, 0), "exchange-okx", "settlements"),
    (clock(1, 1), "clock", "clock"),
]


@pytest.mark.parametrize(("event", "known", "unknown"), ALL)
def test_a_name_is_used_when_sound_records_have_made_it_known(
    event: Event, known: str, unknown: str
) -> None:
    fresh, state = RiskState(), RiskState()
    state.takes[type(tick(0, 1))](tick(0, 1))
    state.intake.statements.sound(Accounts().change(0, "USD", E8))
    assert (state.sources.name(event), fresh.sources.name(event)) == (known, unknown)


def test_names_are_bounded_in_number() -> None:
    state = RiskState()
    names = set()
    for number in range(NAMES_MAX + 50):
        told = Accounts().change(0, "USD", E8, account=f"account-{number}")
        state.intake.statements.sound(told)
        names.add(state.sources.name(told))
    assert len(names) == NAMES_MAX + 1
    assert OTHERS in names
