"""The injection `feed-disruption`: the market is well, and what the feed says of it is not.

Three modes spoil what a tick says: `stale` repeats the quote with which the disruption began,
`crossed` puts the bid above the ask, `decimals` moves the point of every price. Five spoil its
way: `loss` drops ticks one by one, `gaps` drops stretches of them, `delay` brings them late but in
order, `reordering` brings some after their successor, `duplicates` brings some twice.

`rate` is the share of ticks (of stretches, for gaps) that are hit, drawn for each from a stream of
the injection's own; `stale` and `delay` hit every tick. Signs of life go on as ever: the feed is
alive, only wrong.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.faults.contract import ALL, DURATION_US, Grid, check_names
from ecosystem.market_data.quotes import Quote
from ecosystem.rng import Stream
from ecosystem.units import E8, MINUTE_US, SECOND_US

KIND: Final = "feed-disruption"
Mode = Literal["loss", "gaps", "delay", "reordering", "duplicates", "stale", "crossed", "decimals"]
MODES: Final[tuple[Mode, ...]] = (
    "loss",
    "gaps",
    "delay",
    "reordering",
    "duplicates",
    "stale",
    "crossed",
    "decimals",
)
MEASURES: Final = {
    "loss": ("gap", "silence"),
    "gaps": ("gap", "silence"),
    "delay": ("age",),
    "reordering": ("age",),
    "duplicates": ("copies",),
    "stale": ("price",),
    "crossed": ("spread",),
    "decimals": ("price",),
}
"""What each mode alters: the distance to the tick before, in ticks, and the time until the next,
in seconds; the age of a tick when it comes, in seconds; how often it comes; its last price; its
spread."""
RATE_E8: Final = (0, E8)
RATE_E8_DEFAULT: Final = E8 // 5
DELAY_US: Final = (SECOND_US // 10, 30 * SECOND_US)
DELAY_US_DEFAULT: Final = 2 * SECOND_US
GAP_US: Final = (SECOND_US, 10 * MINUTE_US)
GAP_US_DEFAULT: Final = 10 * SECOND_US
PLACES: Final = (1, 4)
PLACES_DEFAULT: Final = 2

LOST: Final = -1
"""The delay of a tick that never comes."""
_EVERY_TICK: Final = ("stale", "delay")


class DisruptionParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong, with which instruments, and how often."""

    mode: str
    instruments: tuple[str, ...] = (ALL,)
    rate_e8: int = RATE_E8_DEFAULT
    delay_us: int = DELAY_US_DEFAULT
    """For `delay`."""
    gap_us: int = GAP_US_DEFAULT
    """Length of one stretch, for `gaps`."""
    places: int = PLACES_DEFAULT
    """By how many places the point moves, for `decimals`."""


def instruments_altered(named: Sequence[str]) -> tuple[str, ...]:
    """Return the instruments a disruption of these alters."""
    return tuple(symbol for symbol in INSTRUMENTS if symbol in named or ALL in named)


class Disruption:
    """One disruption of the feed."""

    def __init__(self, scheduled: InjectionScheduled, *, seed: int, grid: Grid) -> None:
        """Read the schedule.

        Raises:
            InvalidInputError: not the parameters of a disruption, or outside their bounds.
        """
        found = read_parameters(scheduled, DisruptionParameters)
        if found.mode not in MODES:
            raise InvalidInputError(
                f"injection {scheduled.name!r}: mode {found.mode!r} found;"
                f" {', '.join(MODES)} are allowed"
            )
        check_names(scheduled, found.instruments, (ALL, *INSTRUMENTS))
        check_bounds(
            scheduled,
            ("rate_e8", found.rate_e8, *RATE_E8),
            ("delay_us", found.delay_us, *DELAY_US),
            ("gap_us", found.gap_us, *GAP_US),
            ("places", found.places, *PLACES),
            ("duration_us", scheduled.ends_at_us - scheduled.starts_at_us, *DURATION_US),
        )
        self.mode = found.mode
        self.altered = frozenset(instruments_altered(found.instruments))
        self.first = grid.first_from(scheduled.starts_at_us)
        self.last = grid.first_from(scheduled.ends_at_us)
        """The step after the last that is disrupted; a call to end may bring it forward."""
        self.measures = {symbol: f"{MEASURES[found.mode][0]} {symbol}" for symbol in self.altered}
        self._rate = E8 if found.mode in _EVERY_TICK else found.rate_e8
        self._delay_steps = grid.steps(found.delay_us)
        self._gap_steps = grid.steps(found.gap_us)
        self._tenfold = 10**found.places
        self._draws = {
            symbol: Stream(seed, "market-data", KIND, scheduled.name, symbol)
            for symbol in self.altered
        }

    @property
    def delay_steps_max(self) -> int:
        """By how many steps a tick may be late."""
        return {"delay": self._delay_steps, "reordering": 1}.get(self.mode, 0)

    def hits(self, symbol: str, step: int) -> bool:
        """Return whether the tick of a step is one of those that go wrong."""
        if symbol not in self.altered or not self.first <= step < self.last:
            return False
        number = step // self._gap_steps if self.mode == "gaps" else step
        return self._draws[symbol].integer(number, 0, E8 - 1) < self._rate

    def loses(self, symbol: str, step: int) -> bool:
        """Return whether the tick of a step never comes."""
        return self.mode in ("loss", "gaps") and self.hits(symbol, step)

    def delay_steps(self, symbol: str, step: int) -> int:
        """Return how many steps late the tick of a step comes; `LOST` when never."""
        match self.mode:
            case "loss" | "gaps":
                return LOST if self.hits(symbol, step) else 0
            case "delay":
                return self._delay_steps if self.hits(symbol, step) else 0
            case "reordering":
                return int(self.hits(symbol, step))
            case _:
                return 0

    def spoiled(self, symbol: str, step: int, quote: Quote, frozen: Quote | None) -> Quote:
        """Return what the tick of a step says.

        Args:
            frozen: the quote with which the disruption began, where there was one.
        """
        if not self.hits(symbol, step):
            return quote
        match self.mode:
            case "stale":
                return quote if frozen is None else frozen
            case "crossed":
                return (quote[1], quote[0], *quote[2:])
            case "decimals":
                return self._misplaced(symbol, step, quote)
            case _:
                return quote

    def _misplaced(self, symbol: str, step: int, quote: Quote) -> Quote:
        bid_e8, ask_e8, last_e8, *quantities = quote
        # Another field of the same draw: whether the point went left or right.
        if self._draws[symbol].bits(step) & 1:
            prices = bid_e8 * self._tenfold, ask_e8 * self._tenfold, last_e8 * self._tenfold
        else:
            prices = bid_e8 // self._tenfold, ask_e8 // self._tenfold, last_e8 // self._tenfold
        return (*prices, *quantities)
