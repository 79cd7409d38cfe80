"""What can be injected into the exchanges."""

from collections.abc import Mapping
from typing import Final

from ecosystem.exchange.faults import downtime, latency, partial, rejection, spread, thinning
from ecosystem.exchange.faults.announcing import AVAILABILITY
from ecosystem.exchange.faults.answering import (
    REFUSALS,
    accepted_measure,
    latency_measure,
    price_measure,
    quantity_measure,
)
from ecosystem.exchange.faults.market import MATCHING, depth_measure, spread_measure
from ecosystem.exchange.faults.scope import ALL, DURATION_US
from ecosystem.firm import OPENING_BALANCES_E8
from ecosystem.instruments import INSTRUMENTS
from ecosystem.scenario import Parameter
from ecosystem.venues import VENUES
from producers.test_coordinator.vocabulary.words import InjectionWord, ParameterWord

_ACCOUNTS: Final = tuple(sorted({name for held in OPENING_BALANCES_E8.values() for name in held}))
_SCOPE: Final = (
    ParameterWord(
        key="instruments",
        name="instruments",
        kind="names",
        why="instruments that are hit; all unless said otherwise",
        bounds=(1, len(INSTRUMENTS)),
        choices=(ALL, *INSTRUMENTS),
        default=(ALL,),
    ),
    ParameterWord(
        key="accounts",
        name="accounts",
        kind="names",
        why="accounts that are hit; all unless said otherwise",
        bounds=(1, len(_ACCOUNTS)),
        choices=(ALL, *_ACCOUNTS),
        default=(ALL,),
    ),
)
_Parameters = Mapping[str, Parameter]


def _latency_measures(parameters: _Parameters) -> tuple[str, ...]:
    named = parameters["operation"]
    return tuple(
        latency_measure(operation) for operation in latency.OPERATIONS if named in (ALL, operation)
    )


def _downtime_measures(parameters: _Parameters) -> tuple[str, ...]:
    mode = parameters["mode"]
    announced = (AVAILABILITY,) if parameters["accounts"] == (ALL,) else ()
    if mode == "slow":
        return (*announced, *(latency_measure(one) for one in latency.OPERATIONS))
    works = next(works for name, (_, works) in downtime.MODES.items() if name == mode)
    refused = [one for one in latency.OPERATIONS if one not in works]
    matching = (MATCHING,) if mode == "full" else ()
    return (*announced, *(accepted_measure(one) for one in refused), REFUSALS, *matching)


def _by_instrument(parameters: _Parameters) -> list[str]:
    named = parameters["instruments"]
    assert isinstance(named, tuple)
    return [symbol for symbol in INSTRUMENTS if ALL in named or symbol in named]


def _quote_measures(parameters: _Parameters) -> tuple[str, ...]:
    return tuple(
        measure(symbol)
        for symbol in _by_instrument(parameters)
        for measure in (spread_measure, depth_measure, price_measure, quantity_measure)
    )


def _fill_measures(parameters: _Parameters) -> tuple[str, ...]:
    return tuple(
        measure(symbol)
        for symbol in _by_instrument(parameters)
        for measure in (price_measure, quantity_measure)
    )


_LATENCY: Final = InjectionWord(
    kind=latency.KIND,
    targets=tuple(VENUES),
    why="wishes wait before the venue looks at them",
    duration_us=DURATION_US,
    measures=_latency_measures,
    parameters=(
        *_SCOPE,
        ParameterWord(
            key="latency",
            name="latency_us",
            kind="duration",
            why="how long a wish waits, beyond the venue's usual delay",
            bounds=latency.LATENCY_US,
        ),
        ParameterWord(
            key="operation",
            name="operation",
            kind="choice",
            why="which wishes wait",
            choices=(ALL, *latency.OPERATIONS),
            default=ALL,
        ),
    ),
)
_REJECTION: Final = InjectionWord(
    kind=rejection.KIND,
    targets=tuple(VENUES),
    why="the venue refuses a share of the orders it would have taken",
    duration_us=DURATION_US,
    measures=lambda parameters: (accepted_measure("submit"),),
    parameters=(
        *_SCOPE,
        ParameterWord(
            key="rate",
            name="rate_e8",
            kind="fraction",
            why="share of the orders that is refused",
            bounds=rejection.RATE_E8,
        ),
        ParameterWord(
            key="reason",
            name="reason",
            kind="choice",
            why="what the venue says",
            choices=tuple(rejection.REASONS),
            default=rejection.REASON_DEFAULT,
        ),
    ),
)
_DOWNTIME: Final = InjectionWord(
    kind=downtime.KIND,
    targets=tuple(VENUES),
    why="the venue refuses some or all wishes, or answers them slowly, and says so",
    duration_us=DURATION_US,
    measures=_downtime_measures,
    parameters=(
        *_SCOPE,
        ParameterWord(
            key="mode",
            name="mode",
            kind="choice",
            why="full, or what still works: only submits, only cancels, or all of it slowly",
            choices=tuple(downtime.MODES),
            default="full",
        ),
        ParameterWord(
            key="delay",
            name="delay_us",
            kind="duration",
            why="how long wishes wait in the mode slow",
            bounds=downtime.DELAY_US,
            default=downtime.DELAY_US_DEFAULT,
        ),
    ),
)
_SPREAD: Final = InjectionWord(
    kind=spread.KIND,
    targets=tuple(VENUES),
    why="the market makers quote a multiple of their spread",
    duration_us=DURATION_US,
    measures=_quote_measures,
    parameters=(
        *_SCOPE,
        ParameterWord(
            key="factor",
            name="factor_e8",
            kind="factor",
            why="how many times as wide",
            bounds=spread.FACTOR_E8,
        ),
    ),
)
_THINNING: Final = InjectionWord(
    kind=thinning.KIND,
    targets=tuple(VENUES),
    why="the market makers quote a part of their quantities, or nothing",
    duration_us=DURATION_US,
    measures=_quote_measures,
    parameters=(
        *_SCOPE,
        ParameterWord(
            key="factor",
            name="factor_e8",
            kind="factor",
            why="what is left of the quantities; 0 for a market without market makers",
            bounds=thinning.FACTOR_E8,
        ),
    ),
)
_PARTIAL: Final = InjectionWord(
    kind=partial.KIND,
    targets=tuple(VENUES),
    why="of each execution only a share happens",
    duration_us=DURATION_US,
    measures=_fill_measures,
    parameters=(
        *_SCOPE,
        ParameterWord(
            key="share",
            name="share_e8",
            kind="fraction",
            why="share of each execution that happens",
            bounds=partial.SHARE_E8,
        ),
    ),
)

INJECTIONS: Final[tuple[InjectionWord, ...]] = (
    _LATENCY,
    _REJECTION,
    _DOWNTIME,
    _SPREAD,
    _THINNING,
    _PARTIAL,
)
