"""Limits: configuration with a version, read strictly from TOML into frozen structs."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.risk.rules.registry import RULES
from ecosystem.risk.severity import SEVERITY_KEYS, SeverityScale, read_scale
from ecosystem.risk.tables import Table


class RuleLimit(msgspec.Struct, frozen=True):
    """What one rule is configured with."""

    limit: Any
    """A struct of the rule's own, in its file."""
    scale: SeverityScale


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """One version of all limits, by rule; a rule that is switched off is not in it."""

    version: int
    rules: Mapping[str, RuleLimit]


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
    root.only(("version", "severity", *RULES))
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
    if mistakes:
        raise InvalidInputError(
            "\n".join(f"{origin}: {mistake}" for mistake in dict.fromkeys(mistakes))
        )
    return Limits(version=version, rules=rules)
