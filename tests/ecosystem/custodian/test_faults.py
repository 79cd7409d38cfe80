"""Each injection: what it alters, what it leaves alone, and what it says about it."""

import pytest

from ecosystem.custodian.machine import Custodian
from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.envelope import Event
from ecosystem.events.settlements import (
    ReconciliationCompleted,
    SettlementApproved,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
    SettlementStarted,
    TransferRejected,
)
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.units import E8, HOUR_US, MINUTE_US
from tests.ecosystem.custodian.custody import (
    NOON_US,
    cancelled,
    deposit,
    earn,
    lock,
    names,
    only,
    opened,
    request,
    run_until,
    scheduled,
)
from tests.ecosystem.custodian.moments import moment_us

DELAY = {"kinds": ["all"], "delay_us": 2 * HOUR_US}
FAILURE = {"kinds": ["CRYPTO_INTERNAL"], "share_e8": E8, "reason": "counterparty"}
CONTROL = (InjectionApplied, InjectionEnded)


def injected(*schedules: InjectionScheduled, seed: int = 7) -> Custodian:
    """Return an open custodian that knows what will be injected."""
    custodian = opened(seed)
    for schedule in schedules:
        assert not custodian.handle(schedule, schedule.event_time_us)
    deposit(custodian, "1000", at_us=NOON_US)
    return custodian


def settle(
    custodian: Custodian, price: str = "150", account: str = "firm-momentum"
) -> SettlementInstructed:
    """Earn something at noon, and let the venue lock it."""
    instructed = only(SettlementInstructed, earn(custodian, price, account=account))
    lock(custodian, instructed)
    return instructed


def production(facts: list[Event]) -> list[Event]:
    """Return what everybody sees."""
    return [fact for fact in facts if not isinstance(fact, CONTROL)]


def test_a_settlement_that_falls_due_is_put_off_once_by_the_configured_time() -> None:
    custodian = injected(scheduled("settlement-delay", DELAY))
    instructed = settle(custodian)
    facts = run_until(custodian, NOON_US + 4 * HOUR_US)
    delayed, completed = only(SettlementDelayed, facts), only(SettlementCompleted, facts)
    assert delayed.due_time_us == instructed.due_time_us + 2 * HOUR_US
    assert delayed.event_time_us == instructed.due_time_us + 1
    assert completed.event_time_us == delayed.due_time_us + 1
    assert completed.causation_id == delayed.event_id
    note = only(InjectionApplied, facts)
    assert note.altered_event_id == delayed.event_id
    assert note.measure == "settlement minutes CRYPTO_INTERNAL"
    assert note.altered_e8 - note.unaltered_e8 == 120 * E8
    assert only(InjectionEnded, facts).applied_count == 1


def test_what_falls_due_outside_its_time_or_is_of_another_kind_is_left_alone() -> None:
    other = scheduled("settlement-delay", {"kinds": ["ACH"], "delay_us": HOUR_US})
    early = scheduled(
        "settlement-delay", DELAY, ends_at_us=NOON_US + 5 * MINUTE_US, name="too early"
    )
    plain, hit = injected(), injected(other, early)
    settle(plain)
    settle(hit)
    unaltered = run_until(plain, NOON_US + HOUR_US)
    found = run_until(hit, NOON_US + HOUR_US)
    assert names(unaltered) == names(production(found))
    assert not [fact for fact in found if isinstance(fact, InjectionApplied)]


def test_run_and_twin_agree_until_the_first_altered_event() -> None:
    plain, hit = opened(), opened()
    schedule = scheduled("settlement-delay", DELAY)
    hit.handle(schedule, schedule.event_time_us)
    straight: list[Event] = []
    altered: list[Event] = []
    for custodian, facts in ((plain, straight), (hit, altered)):
        facts += run_until(custodian, NOON_US)
    assert straight == altered
    first, second = plain.due_us(), hit.due_us()
    assert first == second


def test_a_failed_settlement_names_its_reason_and_the_profit_is_instructed_again() -> None:
    custodian = injected(scheduled("settlement-failure", FAILURE))
    held_e8 = custodian.held_e8("USD")
    instructed = settle(custodian)
    facts = run_until(custodian, NOON_US + HOUR_US)
    failed = only(SettlementFailed, facts)
    assert failed.reason == "the counterparty did not deliver"
    note = only(InjectionApplied, facts)
    assert (note.altered_event_id, note.measure) == (failed.event_id, "completion CRYPTO_INTERNAL")
    assert (note.unaltered_e8, note.altered_e8) == (E8, 0)
    assert custodian.held_e8("USD") == held_e8
    place = ("exchange-okx", "firm-momentum", "USD")
    assert custodian.state.earnings.unsettled_e8(*place) == instructed.amount_e8


def test_the_share_is_the_share_of_settlements_that_fail() -> None:
    ends: list[str] = []
    for seed in range(60):
        custodian = injected(
            scheduled("settlement-failure", {**FAILURE, "share_e8": E8 // 4}), seed=seed
        )
        settle(custodian)
        ends += names(production(run_until(custodian, NOON_US + HOUR_US)))
    assert 5 <= ends.count("SettlementFailed") <= 27
    assert ends.count("SettlementFailed") + ends.count("SettlementCompleted") == 60


def test_refused_transfers_carry_the_reason_and_nothing_moves() -> None:
    custodian = injected(scheduled("transfer-rejection", {"share_e8": E8, "reason": "whitelist"}))
    rejected, note = custodian.handle(request("100"), NOON_US)
    assert isinstance(rejected, TransferRejected)
    assert rejected.reason == "NOT_WHITELISTED"
    assert isinstance(note, InjectionApplied)
    assert (note.measure, note.unaltered_e8, note.altered_e8) == ("transfer", E8, 0)
    assert not custodian.state.settlements
    # What would be refused anyway is not the injection's doing.
    (plain,) = custodian.handle(request("-1"), NOON_US)
    assert isinstance(plain, TransferRejected)
    assert plain.reason == "INVALID_AMOUNT"


def test_a_declared_holiday_makes_new_settlements_due_later_and_puts_off_old_ones() -> None:
    starts_us = NOON_US + HOUR_US
    custodian = injected(
        scheduled(
            "bank-holiday",
            {"in_days": 1, "days": 1},
            starts_at_us=starts_us,
            ends_at_us=starts_us + 48 * HOUR_US,
        )
    )
    before = settle(custodian, account="firm-reversion")
    assert before.due_time_us == moment_us("2026-01-07 17:00")
    run_until(custodian, starts_us)
    facts = earn(custodian, "150", account="firm-reversion", at_us=starts_us + MINUTE_US)
    after = only(SettlementInstructed, facts)
    assert after.due_time_us == moment_us("2026-01-08 17:00")
    note = only(InjectionApplied, facts)
    assert note.altered_event_id == after.event_id
    assert note.altered_e8 - note.unaltered_e8 == 24 * 60 * E8
    late = run_until(custodian, before.due_time_us + 1)
    delayed = only(SettlementDelayed, late)
    assert delayed.settlement_id == before.settlement_id
    assert delayed.due_time_us == moment_us("2026-01-08 17:00")
    assert only(InjectionApplied, late).altered_event_id == delayed.event_id


def test_slow_approvals_take_the_factor_longer_and_the_settlement_is_late() -> None:
    custodian = injected(scheduled("approval-delay", {"factor_e8": 10 * E8, "from_usd_e8": 0}))
    instructed = settle(custodian)
    facts = run_until(custodian, NOON_US + 3 * HOUR_US)
    approved = only(SettlementApproved, facts)
    note = only(InjectionApplied, facts)
    assert (note.altered_event_id, note.measure) == (approved.event_id, "approval minutes")
    assert abs(note.altered_e8 - 10 * note.unaltered_e8) < E8 // 100
    delayed, started = only(SettlementDelayed, facts), only(SettlementStarted, facts)
    assert instructed.due_time_us < delayed.due_time_us == started.due_time_us
    assert only(SettlementCompleted, facts).event_time_us == started.due_time_us + 1


def test_small_amounts_are_approved_as_ever_where_only_large_ones_are_slow() -> None:
    fault = {"factor_e8": 10 * E8, "from_usd_e8": 1_000 * E8}
    custodian = injected(scheduled("approval-delay", fault))
    instructed = settle(custodian)
    facts = run_until(custodian, instructed.due_time_us)
    assert only(SettlementCompleted, facts)
    assert not [fact for fact in facts if isinstance(fact, InjectionApplied)]


@pytest.mark.parametrize("called_off", [False, True])
def test_slow_approvals_are_given_when_the_injection_ends(called_off: bool) -> None:
    ends_us = NOON_US + 20 * MINUTE_US
    schedule = scheduled(
        "approval-delay",
        {"factor_e8": 100 * E8, "from_usd_e8": 0},
        ends_at_us=NOON_US + 4 * HOUR_US if called_off else ends_us,
    )
    custodian = injected(schedule)
    settle(custodian)
    facts = run_until(custodian, ends_us - 1)
    assert names(facts) == []
    if called_off:
        custodian.handle(cancelled(schedule, ends_us), ends_us)
    approved = only(SettlementApproved, run_until(custodian, ends_us))
    assert ends_us < approved.event_time_us < ends_us + 100


def test_while_it_is_offline_nothing_progresses_and_then_all_is_made_up_for() -> None:
    starts_us, ends_us = NOON_US + 6 * MINUTE_US, NOON_US + 6 * MINUTE_US + 2 * HOUR_US
    schedule = scheduled("custodian-offline", {}, starts_at_us=starts_us, ends_at_us=ends_us)
    custodian = injected(schedule)
    first = settle(custodian)
    facts = run_until(custodian, starts_us)
    assert names(production(facts))[-2:] == ["VenueStatusChanged", "SettlementDelayed"]
    down = only(VenueStatusChanged, facts)
    assert (down.state, down.is_root) == ("DOWN", True)
    delayed = only(SettlementDelayed, facts)
    assert (delayed.causation_id, delayed.settlement_id) == (down.event_id, first.settlement_id)
    notes = [fact for fact in facts if isinstance(fact, InjectionApplied)]
    assert [note.measure for note in notes] == ["status", "settlement minutes CRYPTO_INTERNAL"]
    # Neither profit nor transfer is taken, and nobody reconciles.
    quiet_us = NOON_US + HOUR_US
    assert not earn(custodian, "170", account="firm-arbitrage", at_us=quiet_us)
    assert not custodian.handle(request("10", at_us=quiet_us), quiet_us)
    assert not run_until(custodian, ends_us - 1)
    back = run_until(custodian, ends_us)
    up = only(VenueStatusChanged, back)
    assert (up.state, up.causation_id) == ("UP", down.event_id)
    made_up = [fact for fact in back if isinstance(fact, SettlementInstructed)]
    assert [one.direction for one in made_up] == ["TO_CUSTODY", "TO_VENUE"]
    assert only(SettlementCompleted, back).settlement_id == first.settlement_id
    assert len([fact for fact in back if isinstance(fact, ReconciliationCompleted)]) == 8
    measures = {fact.measure for fact in back if isinstance(fact, InjectionApplied)}
    assert measures == {"reconciliation minutes", "settlement minutes CRYPTO_INTERNAL"}
    assert only(InjectionEnded, back).applied_count > 9
    regular = run_until(custodian, ends_us + 10 * MINUTE_US)
    assert len([fact for fact in regular if isinstance(fact, ReconciliationCompleted)]) == 16


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("settlement-delay", {"kinds": ["all"], "delay_us": 73 * HOUR_US}, "delay_us .* allowed"),
        ("settlement-delay", {"kinds": [], "delay_us": HOUR_US}, "number of kinds 0 found"),
        ("settlement-failure", {**FAILURE, "share_e8": E8 + 1}, "share_e8 .* allowed"),
        ("settlement-failure", {**FAILURE, "reason": "whim"}, "'whim' found; counterparty, "),
        ("transfer-rejection", {"share_e8": E8, "reason": "whim"}, "'whim' found; limit, "),
        ("bank-holiday", {"in_days": 8, "days": 1}, "in_days 8 found; 0 to 7 is allowed"),
        ("approval-delay", {"factor_e8": E8 - 1, "from_usd_e8": 0}, "factor_e8 .* allowed"),
        ("custodian-offline", {"colour": "red"}, "unknown field"),
        ("market-crash", {}, "custodian applies approval-delay, bank-holiday, "),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(
    kind: str, parameters: object, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        opened().handle(scheduled(kind, parameters), NOON_US)
