"""The table of a settlement's life: every legal move and every illegal one."""

import itertools

import msgspec
import pytest

from ecosystem.custodian.settlement import NEXT, Settlement, SettlementFact, Status
from ecosystem.errors import IllegalTransitionError
from ecosystem.events.settlements import (
    SettlementApproved,
    SettlementCancelled,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
    SettlementStarted,
)
from ecosystem.units import E8, MINUTE_US
from tests.ecosystem.custodian.custody import NOON_US
from tests.ecosystem.custodian.fills import new_id

ID = new_id()
COMMON = {
    "event_id": ID,
    "correlation_id": ID,
    "causation_id": ID,
    "event_time_us": NOON_US,
    "settlement_id": ID,
    "venue": "exchange-okx",
    "account": "firm-momentum",
    "custody_account": "custody-firm",
    "asset": "USD",
    "amount_e8": E8,
    "kind": "CRYPTO_INTERNAL",
    "due_time_us": NOON_US + MINUTE_US,
    "direction": "TO_CUSTODY",
    "approvals_needed": 2,
    "approvals_count": 1,
    "reason": "because",
}
FACTS = (
    SettlementApproved,
    SettlementStarted,
    SettlementDelayed,
    SettlementCompleted,
    SettlementFailed,
    SettlementCancelled,
)
PATHS: dict[Status, tuple[type[SettlementFact], ...]] = {
    "PENDING": (),
    "IN_PROGRESS": (SettlementStarted,),
    "COMPLETED": (SettlementStarted, SettlementCompleted),
    "FAILED": (SettlementFailed,),
    "CANCELLED": (SettlementCancelled,),
}


def fact(kind: type[SettlementFact]) -> SettlementFact:
    """Return a fact of a kind about the one settlement."""
    return msgspec.convert(COMMON, kind)


def settlement(status: Status) -> Settlement:
    """Return a settlement that has come to a status."""
    found = Settlement(msgspec.convert(COMMON, SettlementInstructed), 0, E8)
    for kind in PATHS[status]:
        found.evolve(fact(kind))
    assert found.status == status
    return found


@pytest.mark.parametrize(("status", "kind"), [*itertools.product(PATHS, FACTS)])
def test_what_the_table_has_happens_and_nothing_else_can(
    status: Status, kind: type[SettlementFact]
) -> None:
    found = settlement(status)
    last = found.last
    if (status, kind) in NEXT:
        found.evolve(fact(kind))
        assert found.status == NEXT[status, kind]
        return
    with pytest.raises(IllegalTransitionError, match=f"which is {status}; allowed on its own"):
        found.evolve(fact(kind))
    assert (found.status, found.last) == (status, last)


def test_a_fact_on_other_terms_is_illegal_and_changes_nothing() -> None:
    found = settlement("PENDING")
    for change in ({"amount_e8": 2 * E8}, {"asset": "BTC"}, {"account": "somebody"}):
        other = msgspec.convert({**COMMON, **change}, SettlementFailed)
        with pytest.raises(IllegalTransitionError):
            found.evolve(other)
    assert found.status == "PENDING"


def test_approvals_come_one_by_one_and_no_more_than_are_needed() -> None:
    found = settlement("PENDING")
    skipped = msgspec.convert({**COMMON, "approvals_count": 2}, SettlementApproved)
    with pytest.raises(IllegalTransitionError, match="allowed: one after 0 of 2"):
        found.evolve(skipped)
    found.evolve(fact(SettlementApproved))
    found.evolve(skipped)
    assert found.approved
    third = msgspec.convert({**COMMON, "approvals_count": 3}, SettlementApproved)
    with pytest.raises(IllegalTransitionError, match="allowed: one after 2 of 2"):
        found.evolve(third)
