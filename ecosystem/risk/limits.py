"""Limits: configuration with a version, read strictly from TOML into frozen structs."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.instruments import ASSETS
from ecosystem.units import E8, SECOND_US, format_e8

_VALUE_MAX: Final = Decimal(10) ** 10
_MISSING: Final = object()
SEVERITY_KEYS: Final = ("low", "medium", "high", "critical", "clear", "cooldown_s")
RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "price_shock": ("move", "window_s"),
    "drawdown": ("fall",),
    "daily_loss": ("loss_usd",),
    "position_limit": ASSETS,
}
"""The rules, and the keys of each one's table besides `enabled` and `severity`."""


class SeverityScale(msgspec.Struct, frozen=True, kw_only=True):
    """Which share of a limit used means which severity, and when it is over."""

    shares_e8: tuple[int, int, int, int]
    """Least shares for LOW, MEDIUM, HIGH and CRITICAL, rising."""
    clear_e8: int
    """An active alert is resolved below this share; less than the one for LOW."""
    cooldown_us: int

    def level(self, utilisation_e8: int) -> int:
        """Return the level a utilisation has: -1 below LOW, up to 3 for CRITICAL."""
        return sum(utilisation_e8 >= share_e8 for share_e8 in self.shares_e8) - 1


class PriceShockLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest move of a price inside a window, as a fraction."""

    move_e8: int
    window_us: int
    scale: SeverityScale


class DrawdownLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest fall of the equity from high water, as a fraction."""

    fall_e8: int
    scale: SeverityScale


class DailyLossLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest loss in one UTC day, in USD."""

    loss_e8: int
    scale: SeverityScale


class PositionBounds(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an asset may be owned, and owed; both positive."""

    long_e8: int
    short_e8: int


class PositionLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of each asset that has any."""

    bounds: Mapping[str, PositionBounds]
    scale: SeverityScale


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """One version of all limits; None for a rule that is switched off."""

    version: int
    price_shock: PriceShockLimit | None
    drawdown: DrawdownLimit | None
    daily_loss: DailyLossLimit | None
    position_limit: PositionLimit | None


def parse_limits(text: str, origin: str) -> Limits:
    """Return the limits in a TOML text.

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
    root = _Table(document, "", mistakes)
    root.only(("version", "severity", *RULES))
    shares = root.table("severity")
    shares.only(SEVERITY_KEYS)
    limits = Limits(
        version=root.whole("version"),
        price_shock=_price_shock(root.rule("price_shock"), shares),
        drawdown=_drawdown(root.rule("drawdown"), shares),
        daily_loss=_daily_loss(root.rule("daily_loss"), shares),
        position_limit=_position_limit(root.rule("position_limit"), shares),
    )
    if mistakes:
        raise InvalidInputError(
            "\n".join(f"{origin}: {mistake}" for mistake in dict.fromkeys(mistakes))
        )
    return limits


class _Table:
    def __init__(self, content: Mapping[str, Any], path: str, mistakes: list[str]) -> None:
        self._content = content
        self._path = path
        self._mistakes = mistakes

    def _where(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def wrong(self, key: str, found: object, allowed: str) -> None:
        what = "nothing" if found is _MISSING else repr(_plain(found))
        self._mistakes.append(f"{self._where(key)}: {what} found, {allowed} is allowed")

    def only(self, keys: tuple[str, ...]) -> None:
        for key in self._content:
            if key not in keys:
                close = get_close_matches(key, keys, 1)
                hint = f"; did you mean {close[0]}?" if close else ""
                self._mistakes.append(
                    f"{self._where(key)}: unknown; {', '.join(keys)} are allowed{hint}"
                )

    def table(self, key: str, *, optional: bool = False) -> "_Table":
        found = self._content.get(key, _MISSING)
        if not isinstance(found, dict) and not (optional and found is _MISSING):
            self.wrong(key, found, "a table")
        content = found if isinstance(found, dict) else {}
        # A table that is not there is one mistake, not one for each of its keys.
        return _Table(content, self._where(key), self._mistakes if content is found else [])

    def rule(self, key: str) -> "_Table":
        table = self.table(key)
        table.only(("enabled", "severity", *RULES[key]))
        return table

    @property
    def enabled(self) -> bool:
        found = self._content.get("enabled", True)
        if not isinstance(found, bool):
            self.wrong("enabled", found, "true or false")
        return found is True

    def has(self, key: str) -> bool:
        return key in self._content

    def number(self, key: str) -> int:
        """Return a positive decimal, scaled."""
        found = self._content.get(key, _MISSING)
        if isinstance(found, int | Decimal) and not isinstance(found, bool):
            value = Decimal(found)
            if value.is_finite() and 0 < value <= _VALUE_MAX and value * E8 == int(value * E8):
                return int(value * E8)
        self.wrong(key, found, f"a number above 0, up to {_VALUE_MAX:,f}, with eight decimals")
        return 1

    def whole(self, key: str) -> int:
        """Return a positive integer."""
        found = self._content.get(key, _MISSING)
        if isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= _VALUE_MAX:
            return found
        self.wrong(key, found, "a whole number from 1")
        return 1


def _plain(found: object) -> object:
    return float(found) if isinstance(found, Decimal) else found


def _price_shock(table: _Table, shares: _Table) -> PriceShockLimit | None:
    limit = PriceShockLimit(
        move_e8=table.number("move"),
        window_us=table.whole("window_s") * SECOND_US,
        scale=_scale(table, shares),
    )
    return limit if table.enabled else None


def _drawdown(table: _Table, shares: _Table) -> DrawdownLimit | None:
    limit = DrawdownLimit(fall_e8=table.number("fall"), scale=_scale(table, shares))
    return limit if table.enabled else None


def _daily_loss(table: _Table, shares: _Table) -> DailyLossLimit | None:
    limit = DailyLossLimit(loss_e8=table.number("loss_usd"), scale=_scale(table, shares))
    return limit if table.enabled else None


def _position_limit(table: _Table, shares: _Table) -> PositionLimit | None:
    bounds = {}
    for asset in ASSETS:
        if table.has(asset):
            bound = table.table(asset)
            bound.only(("long", "short"))
            bounds[asset] = PositionBounds(
                long_e8=bound.number("long"), short_e8=bound.number("short")
            )
    limit = PositionLimit(bounds=bounds, scale=_scale(table, shares))
    return limit if table.enabled else None


def _scale(rule: _Table, shares: _Table) -> SeverityScale:
    own = rule.table("severity", optional=True)
    own.only(SEVERITY_KEYS)
    low, medium, high, critical, clear = (
        (own if own.has(key) else shares).number(key) for key in SEVERITY_KEYS[:-1]
    )
    rises = clear < low < medium < high < critical
    if not rises and all(own.has(key) or shares.has(key) for key in SEVERITY_KEYS[:-1]):
        found = " ".join(format_e8(share, 2) for share in (clear, low, medium, high, critical))
        rule.wrong("severity", found, "clear < low < medium < high < critical")
    cooldown_s = (own if own.has("cooldown_s") else shares).whole("cooldown_s")
    return SeverityScale(
        shares_e8=(low, medium, high, critical),
        clear_e8=clear,
        cooldown_us=cooldown_s * SECOND_US,
    )
