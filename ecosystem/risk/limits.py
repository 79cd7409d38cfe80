"""Limits: configuration with a version, read strictly from TOML into frozen structs."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.risk.alerts import AlertTimes
from ecosystem.risk.breaker import BreakerLimit
from ecosystem.risk.rules.registry import RULES
from ecosystem.risk.severity import SEVERITY_KEYS, SeverityScale, read_scale
from ecosystem.risk.tables import Table
from ecosystem.units import SECOND_US

ALERT_KEYS: Final = (
    "critical_after_s",
    "high_after_s",
    "unacknowledged_after_s",
    "expires_after_s",
    "per_hour",
)
BREAKER_KEYS: Final = ("loss_usd", "fast_loss_usd", "fast_window_s", "criticals", "reset_s")


class RuleLimit(msgspec.Struct, frozen=True):
    """What one rule is configured with."""

    limit: Any
    """A struct of the rule's own, in its file."""
    scale: SeverityScale


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """One version of all limits, by rule; a rule that is switched off is not in it."""

    version: int
    rules: Mapping[str, RuleLimit]
    alerts: AlertTimes
    breaker: BreakerLimit


def parse_limits(text: str, origin: str) -> Limits:
    """Return the limits in a TOML text.

    Every rule must have its table: what is not watched must be switched off, not forgotten.

    Args:
        origin: where the text is from, for the messages.
    Raises:
        InvalidInputError: lists every mistake, with what is allowed.
    """
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError(f"{origin}: {error}") from error
    mistakes: list[str] = []
    root = Table(document, "", mistakes)
    root.only(("version", "severity", "alerts", "circuit_breaker", *RULES))
    shares = root.table("severity")
    shares.only(SEVERITY_KEYS)
    version = root.whole("version")
    rules: dict[str, RuleLimit] = {}
    for name, kind in RULES.items():
        table = root.table(name)
        table.only(("enabled", "severity", *kind.keys))
        limit = RuleLimit(kind.read(table), read_scale(table, shares))
        if table.enabled:
            rules[name] = limit
    alerts, breaker = _alert_times(root.table("alerts")), _breaker(root.table("circuit_breaker"))
    if mistakes:
        raise InvalidInputError(
            "\n".join(f"{origin}: {mistake}" for mistake in dict.fromkeys(mistakes))
        )
    return Limits(version=version, rules=rules, alerts=alerts, breaker=breaker)


def _alert_times(table: Table) -> AlertTimes:
    table.only(ALERT_KEYS)
    critical_s, high_s, unacknowledged_s, expires_s, per_hour = map(table.whole, ALERT_KEYS)
    return AlertTimes(
        critical_after_us=critical_s * SECOND_US,
        high_after_us=high_s * SECOND_US,
        unacknowledged_after_us=unacknowledged_s * SECOND_US,
        expires_after_us=expires_s * SECOND_US,
        per_hour=per_hour,
    )


def _breaker(table: Table) -> BreakerLimit:
    table.only(BREAKER_KEYS)
    return BreakerLimit(
        loss_e8=table.number("loss_usd"),
        fast_loss_e8=table.number("fast_loss_usd"),
        fast_window_us=table.whole("fast_window_s") * SECOND_US,
        criticals=table.whole("criticals"),
        reset_us=table.whole("reset_s") * SECOND_US,
    )
