"""Approvals take a multiple of their time, for amounts from a worth on."""

from typing import Final

import msgspec

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.units import E8, HOUR_US, MINUTE_US, multiply_e8

KIND: Final = "approval-delay"
DURATION_US: Final = (MINUTE_US, 72 * HOUR_US)
FACTOR_E8: Final = (E8, 100 * E8)
FROM_USD_E8: Final = (0, 10_000_000 * E8)


class Slowness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much longer approvals take, and of which amounts."""

    factor_e8: int
    from_usd_e8: int

    def takes_us(self, unaltered_us: int) -> int:
        """Return how long an approval takes that would take `unaltered_us`."""
        return multiply_e8(unaltered_us, self.factor_e8)


def read(scheduled: InjectionScheduled) -> Slowness:
    """Return the fault of a schedule.

    Raises:
        InvalidInputError: parameters that are not allowed.
    """
    slowness = read_parameters(scheduled, Slowness)
    check_bounds(
        scheduled,
        ("factor_e8", slowness.factor_e8, *FACTOR_E8),
        ("from_usd_e8", slowness.from_usd_e8, *FROM_USD_E8),
    )
    return slowness
