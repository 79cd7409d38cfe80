"""What can be injected into the market data feed."""

from collections.abc import Mapping
from typing import Final

from ecosystem.firm import FEED
from ecosystem.market_data import crash
from ecosystem.scenario import Parameter
from ecosystem.units import E8
from producers.test_coordinator.vocabulary.words import InjectionWord, ParameterWord


def _crash_measures(parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
    named = parameters["instruments"]
    assert isinstance(named, tuple)
    return tuple(f"price {symbol}" for symbol in crash.instruments_altered(named))


INJECTIONS: Final = (
    InjectionWord(
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
    ),
)
