"""The words of scenario files: what can be injected into whom, and what can be expected.

The reader, its messages and the JSON schema for editors are made of these tables.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from ecosystem.events.words import Severity
from ecosystem.firm import FEED
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data import crash
from ecosystem.scenario import Parameter
from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US

DURATION_US: Final = (MINUTE_US, 72 * HOUR_US)
"""Least and greatest length of a run."""
WITHIN_US: Final = (SECOND_US, 24 * HOUR_US)
DEVIATION_E8: Final = (0, E8)
INJECTIONS_MAX: Final = 50
EXPECTATIONS_MAX: Final = 100
TAGS_MAX: Final = 20
TITLE_MAX: Final = 120
DESCRIPTION_MAX: Final = 4000
NAME_PATTERN: Final = r"^[a-z][a-z0-9-]{0,61}[a-z0-9]$"
"""Names of scenarios, injections and tags: DNS labels of two letters or more."""

SEVERITIES: Final[Mapping[str, Severity]] = MappingProxyType(
    {"low": "LOW", "medium": "MEDIUM", "high": "HIGH", "critical": "CRITICAL"}
)

RULES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "price_shock": tuple(INSTRUMENTS),
        "drawdown": ("portfolio",),
        "daily_loss": ("portfolio",),
        "position_limit": ("BTC", "ETH", "USD", "USDT"),
    }
)
"""The rules of the risk monitor, and the subjects each can raise an alert on."""


class ParameterWord(msgspec.Struct, frozen=True, kw_only=True):
    """One key under `with`."""

    key: str
    name: str
    """The parameter as machines know it; the unit is its suffix."""
    kind: Literal["fraction", "duration", "names"]
    why: str
    bounds: tuple[int, int] = (0, 0)
    """For fractions and durations; of names, how many."""
    choices: tuple[str, ...] = ()
    default: int | None = None
    """None: it must be given."""


class InjectionWord(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of injection."""

    kind: str
    targets: tuple[str, ...]
    why: str
    duration_us: tuple[int, int]
    parameters: tuple[ParameterWord, ...]
    measures: Callable[[Mapping[str, Parameter]], tuple[str, ...]]
    """What it alters, given its parameters."""


def _crash_measures(parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
    named = parameters["instruments"]
    assert isinstance(named, tuple)
    return tuple(f"price {symbol}" for symbol in crash.instruments_altered(named))


INJECTIONS: Final[Mapping[str, InjectionWord]] = MappingProxyType(
    {
        crash.KIND: InjectionWord(
            kind=crash.KIND,
            targets=(FEED,),
            why="prices fall steadily over the time of the injection and then bounce a little",
            duration_us=crash.DURATION_US,
            measures=_crash_measures,
            parameters=(
                ParameterWord(
                    key="instruments",
                    name="instruments",
                    kind="names",
                    why="dollar pairs, whose crosses follow; all means BTC-USD and ETH-USD",
                    bounds=(1, len(crash.INSTRUMENTS_HIT)),
                    choices=(crash.ALL, *crash.INSTRUMENTS_HIT),
                ),
                ParameterWord(
                    key="change",
                    name="change_e8",
                    kind="fraction",
                    why="change of the price at the end of the injection",
                    bounds=(crash.CHANGE_E8_MIN, 0),
                ),
                ParameterWord(
                    key="bounce",
                    name="bounce_e8",
                    kind="fraction",
                    why="part of the fall that is recovered afterwards",
                    bounds=(0, E8),
                    default=crash.BOUNCE_E8_DEFAULT,
                ),
                ParameterWord(
                    key="bounce-for",
                    name="bounce_us",
                    kind="duration",
                    why="time the bounce takes",
                    bounds=crash.BOUNCE_US,
                    default=crash.BOUNCE_US_DEFAULT,
                ),
            ),
        )
    }
)
