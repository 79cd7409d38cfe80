"""What can be injected into the custodian."""

from collections.abc import Mapping
from typing import Final

from ecosystem.custodian.calendar import CYCLES
from ecosystem.custodian.faults import delay, failure, holiday, offline, rejection, slowness
from ecosystem.firm import CUSTODIAN
from ecosystem.scenario import Parameter
from ecosystem.units import E8
from producers.test_coordinator.vocabulary.words import InjectionWord, ParameterWord

_KINDS: Final = ParameterWord(
    key="kinds",
    name="kinds",
    kind="names",
    why="settlement kinds; all means every one",
    bounds=(1, len(CYCLES)),
    choices=(delay.ALL, *CYCLES),
    default=(delay.ALL,),
)
_SHARE_BOUNDS: Final = (E8 // 100, E8)


def _of_kinds(measure: str, parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
    kinds = parameters["kinds"]
    assert isinstance(kinds, tuple)
    return tuple(f"{measure} {kind}" for kind in delay.kinds_of(kinds))


_BANK_KINDS: Final = tuple(kind for kind, cycle in CYCLES.items() if cycle.business_days)

INJECTIONS: Final = (
    InjectionWord(
        kind=delay.KIND,
        targets=(CUSTODIAN,),
        why="settlements that fall due are put off, once each",
        duration_us=delay.DURATION_US,
        measures=lambda parameters: _of_kinds("settlement minutes", parameters),
        parameters=(
            _KINDS,
            ParameterWord(
                key="delay",
                name="delay_us",
                kind="duration",
                why="how much later than due they complete",
                bounds=delay.DELAY_US,
            ),
        ),
    ),
    InjectionWord(
        kind=failure.KIND,
        targets=(CUSTODIAN,),
        why="a share of the settlements that fall due fails, and what they lock is freed",
        duration_us=failure.DURATION_US,
        measures=lambda parameters: _of_kinds("completion", parameters),
        parameters=(
            _KINDS,
            ParameterWord(
                key="share",
                name="share_e8",
                kind="fraction",
                why="share of the settlements that fail",
                bounds=_SHARE_BOUNDS,
                default=E8,
            ),
            ParameterWord(
                key="reason",
                name="reason",
                kind="choice",
                why="what the custodian says about it",
                choices=tuple(failure.REASONS),
                default="counterparty",
            ),
        ),
    ),
    InjectionWord(
        kind=rejection.KIND,
        targets=(CUSTODIAN,),
        why="a share of the transfers between venue and custody is refused",
        duration_us=rejection.DURATION_US,
        measures=lambda _: ("transfer",),
        parameters=(
            ParameterWord(
                key="share",
                name="share_e8",
                kind="fraction",
                why="share of the transfers that are refused",
                bounds=_SHARE_BOUNDS,
                default=E8,
            ),
            ParameterWord(
                key="reason",
                name="reason",
                kind="choice",
                why="what the custodian says about it",
                choices=tuple(rejection.REASONS),
                default="limit",
            ),
        ),
    ),
    InjectionWord(
        kind=holiday.KIND,
        targets=(CUSTODIAN,),
        why="banks stay closed on days no calendar names: bank settlements are due later",
        duration_us=holiday.DURATION_US,
        measures=lambda _: tuple(f"settlement minutes {kind}" for kind in _BANK_KINDS),
        parameters=(
            ParameterWord(
                key="in-days",
                name="in_days",
                kind="count",
                why="days from the day in New York on which it begins to the first closed one",
                bounds=holiday.IN_DAYS,
                default=0,
            ),
            ParameterWord(
                key="days",
                name="days",
                kind="count",
                why="how many days are closed",
                bounds=holiday.DAYS,
                default=1,
            ),
        ),
    ),
    InjectionWord(
        kind=slowness.KIND,
        targets=(CUSTODIAN,),
        why="approvals take a multiple of their time, at most a day in all",
        duration_us=slowness.DURATION_US,
        measures=lambda _: ("approval minutes",),
        parameters=(
            ParameterWord(
                key="factor",
                name="factor_e8",
                kind="factor",
                why="how many times longer they take",
                bounds=slowness.FACTOR_E8,
            ),
            ParameterWord(
                key="from-amount",
                name="from_usd_e8",
                kind="amount",
                why="worth in USD from which on settlements are hit",
                bounds=slowness.FROM_USD_E8,
                default=0,
            ),
        ),
    ),
    InjectionWord(
        kind=offline.KIND,
        targets=(CUSTODIAN,),
        why="the custodian is down: nothing progresses until it is back and catches up",
        duration_us=offline.DURATION_US,
        measures=lambda _: (
            "status",
            "approval minutes",
            "reconciliation minutes",
            *(f"settlement minutes {kind}" for kind in CYCLES),
        ),
        parameters=(),
    ),
)
