"""The words of scenario files: what can be injected into whom, and what can be expected."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.events.words import Severity
from ecosystem.firm import CUSTODIAN, FEED, OPENING_BALANCES_E8
from ecosystem.risk.rules import registry as risk
from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US
from ecosystem.venues import VENUES
from producers.test_coordinator.vocabulary import custodian, exchange, market_data, trading_engine
from producers.test_coordinator.vocabulary.words import InjectionWord

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

PLACES: Final = (*VENUES, CUSTODIAN, FEED)
"""What an alert about a place can be about."""
ACCOUNTS: Final = tuple(
    sorted({account for held in OPENING_BALANCES_E8.values() for account in held})
)
ABOUT_ACCOUNTS: Final = ("order_rate", "order_size", "repeated_execution")
"""Rules whose alerts are about accounts."""
RULES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        name: kind.subjects or (ACCOUNTS if name in ABOUT_ACCOUNTS else PLACES)
        for name, kind in risk.RULES.items()
    }
)
"""The rules of the risk monitor, and the subjects each can raise an alert on."""

INJECTIONS: Final[Mapping[str, InjectionWord]] = MappingProxyType(
    {
        word.kind: word
        for part in (market_data, exchange, custodian, trading_engine)
        for word in part.INJECTIONS
    }
)
"""Every kind of injection, by name; a kind may have several targets."""
