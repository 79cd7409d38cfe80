"""The custodian is down: nothing progresses, and all is made up for when it is back."""

from typing import Final

import msgspec

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.injections import read_parameters
from ecosystem.units import HOUR_US, MINUTE_US

KIND: Final = "custodian-offline"
DURATION_US: Final = (MINUTE_US, 72 * HOUR_US)


class Offline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It has no parameters: it begins, and it ends."""


def read(scheduled: InjectionScheduled) -> Offline:
    """Return the fault of a schedule.

    Raises:
        InvalidInputError: parameters that are not allowed.
    """
    return read_parameters(scheduled, Offline)
