"""Where the steps of a feed fall on the time of a recording."""

import msgspec

from ecosystem.errors import InvalidInputError

SPEED_UNIT = 1_000_000
"""Speeds are integers scaled by 1e6: recorded seconds a second of event time."""


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Maps a step of the feed to recorded time; exact integers, so it never drifts."""

    origin_us: int
    """Recorded time at step 0."""
    interval_us: int
    """Event time between two steps."""
    speed_e6: int = SPEED_UNIT

    def __post_init__(self) -> None:
        if self.speed_e6 <= 0 or self.interval_us <= 0:
            raise InvalidInputError(
                f"speed {self.speed_e6 / SPEED_UNIT:g}, interval {self.interval_us} us:"
                " numbers above 0 are allowed"
            )

    def time_us(self, step: int) -> int:
        """Return the recorded time of a step."""
        return self.origin_us + step * self.interval_us * self.speed_e6 // SPEED_UNIT

    def step_from(self, time_us: int) -> int:
        """Return the first step whose recorded time is `time_us` or later."""
        return -((self.origin_us - time_us) * SPEED_UNIT // (self.interval_us * self.speed_e6))
