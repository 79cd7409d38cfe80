"""The words of scenario files: what can be injected into whom, and what can be expected."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.events.words import Severity
from ecosystem.firm import CUSTODIAN, CUSTODY_ACCOUNT, FEED, OPENING_BALANCES_E8
from ecosystem.instruments import ASSETS, INSTRUMENTS
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
LINES: Final = tuple(f"{FEED}/{symbol}" for symbol in INSTRUMENTS)
"""Each instrument's ticks, as the feed sends them."""
ACCOUNTS_AT_VENUES: Final = tuple(
    f"{venue}/{account}" for venue, held in OPENING_BALANCES_E8.items() for account in held
)
BALANCES: Final = tuple(f"{account}/{asset}" for account in ACCOUNTS_AT_VENUES for asset in ASSETS)
RECORDS: Final = (
    *(f"{CUSTODIAN}/{venue}/{asset}" for venue in VENUES for asset in ASSETS),
    *(f"{CUSTODIAN}/{CUSTODY_ACCOUNT}/{asset}" for asset in ASSETS),
)
"""What the custodian says of each venue's balances, and of its own."""
UNNAMED: Final = ("prices", "books", "orders", "fills", "balances", "settlements")
"""Topics, for records whose source nobody knows."""
BOOKS: Final = tuple(f"{venue}/{symbol}" for venue in VENUES for symbol in INSTRUMENTS)
"""What an alert about one book of one venue can be about."""
ABOUT_BOOKS: Final = ("liquidity", "price_divergence")
"""Rules whose alerts are about books, besides what else they are about."""
SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "order_rate": ACCOUNTS,
        "order_size": ACCOUNTS,
        "repeated_execution": ACCOUNTS,
        "data_quality": (*LINES, *ACCOUNTS_AT_VENUES, *PLACES, *UNNAMED),
        "feed_gap": LINES,
        "reconciliation_break": (*RECORDS, *BALANCES),
    }
)
"""What the alerts of a rule are about that does not say so itself; places where it is not here."""
RULES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        name: (*kind.subjects, *BOOKS)
        if name in ABOUT_BOOKS
        else kind.subjects or SUBJECTS.get(name, PLACES)
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
