"""Whom a fault hits: instruments and accounts, by name or all of them."""

from typing import Final, TypeVar

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import HOUR_US, SECOND_US

ALL: Final = "all"
DURATION_US: Final = (SECOND_US, 24 * HOUR_US)
"""Least and greatest length of a fault at a venue."""


class Scoped(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters every fault of a venue has."""

    instruments: tuple[str, ...] = (ALL,)
    accounts: tuple[str, ...] = (ALL,)

    def hits(self, symbol: str, account: str) -> bool:
        """Tell whether an account's dealings in an instrument are hit."""
        return self.hits_instrument(symbol) and (ALL in self.accounts or account in self.accounts)

    def hits_instrument(self, symbol: str) -> bool:
        """Tell whether an instrument is hit, for one account or for all."""
        return ALL in self.instruments or symbol in self.instruments

    @property
    def hits_everybody(self) -> bool:
        """Whether all accounts are hit."""
        return ALL in self.accounts


_Fault = TypeVar("_Fault", bound=Scoped)


def read_scoped(scheduled: InjectionScheduled, kind: type[_Fault]) -> _Fault:
    """Return the parameters of a fault whose scope and length are allowed.

    Raises:
        InvalidInputError: not the parameters of such a fault, or nobody it could hit.
    """
    found = read_parameters(scheduled, kind)
    length_us = scheduled.ends_at_us - scheduled.starts_at_us
    check_bounds(scheduled, ("duration_us", length_us, *DURATION_US))
    unknown = sorted(set(found.instruments) - {ALL, *INSTRUMENTS})
    where = f"injection {scheduled.name!r}"
    if unknown or not found.instruments:
        allowed = ", ".join((ALL, *INSTRUMENTS))
        raise InvalidInputError(f"{where}: instruments {found.instruments}; allowed are {allowed}")
    if not found.accounts:
        raise InvalidInputError(f"{where}: no account named; {ALL} or names are allowed")
    return found
