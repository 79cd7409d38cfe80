"""How the trading engine is set up for a run: strategies of the user's own, and other limits.

A strategy is named as `package.module:Class@account`. The module must be importable, and the class
keeps the contract in `ecosystem.trading.contract`, which is all of us that it imports.
"""

import importlib
import json
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.contract import Strategy
from ecosystem.trading.gate.limits import DEFAULT_LIMITS, parse_limits
from ecosystem.trading.machine import TradingEngine
from ecosystem.trading.misbehaving.faults import ACCOUNTS
from ecosystem.trading.registry import FIRM, Registry, SeatPlan, with_seat
from ecosystem.venues import VENUES

_SPEC: Final = re.compile(r"(?P<module>[\w.]+):(?P<name>\w+)@(?P<account>[\w-]+)")
_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class DeskSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What determines the trading of a run besides its seed; recorded with every run."""

    strategies: tuple[str, ...] = ()
    limits_toml: str = ""
    """Empty: the engine's own limits."""

    def recorded(self) -> dict[str, object]:
        """Return what belongs into the settings of a run; nothing of what is as always."""
        kept: dict[str, object] = {}
        if self.strategies:
            kept["strategies"] = list(self.strategies)
        if self.limits_toml:
            kept["trading_limits_toml"] = self.limits_toml
        return kept


def settings_of(settings_json: str) -> DeskSettings:
    """Return the desk settings among the recorded settings of a run."""
    recorded = json.loads(settings_json)
    return DeskSettings(
        strategies=tuple(recorded.get("strategies", ())),
        limits_toml=recorded.get("trading_limits_toml", ""),
    )


def build_engine(seed: int, settings: DeskSettings) -> TradingEngine:
    """Return the trading engine of a run.

    Raises:
        InvalidInputError: a strategy or the limits are not what is allowed.
    """
    limits = DEFAULT_LIMITS
    if settings.limits_toml:
        limits = parse_limits(settings.limits_toml, "trading limits")
    return TradingEngine(seed=seed, registry=registry_of(settings.strategies), limits=limits)


def registry_of(specs: Sequence[str]) -> Registry:
    """Return the firm's strategies and the user's.

    Raises:
        InvalidInputError: a strategy cannot be found, or is none.
    """
    registry = FIRM
    for spec in specs:
        found = _SPEC.fullmatch(spec)
        if found is None:
            raise InvalidInputError(
                f"strategy {spec!r}: package.module:Class@account is allowed, the account one of"
                f" {', '.join(ACCOUNTS)}"
            )
        kind, account = _load(spec, found["module"], found["name"]), found["account"]
        if account not in ACCOUNTS:
            raise InvalidInputError(
                f"strategy {spec!r}: account {account!r}; {', '.join(ACCOUNTS)} are allowed"
            )
        name = _WORD.sub("-", found["name"]).lower()
        plan = SeatPlan(name=name, account=account, implementation=name)
        registry = with_seat(registry, plan, kind)
    return registry


def _load(spec: str, module: str, name: str) -> type[Strategy]:
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise InvalidInputError(
            f"strategy {spec!r}: {error}; the module must be importable, e.g. by PYTHONPATH=."
        ) from error
    if not isinstance(found, type) or not issubclass(found, Strategy):
        raise InvalidInputError(
            f"strategy {spec!r}: {name} of {module} is {type(found).__name__}; a subclass of"
            " ecosystem.trading.contract.Strategy is allowed"
        )
    for what, words, allowed in (
        ("instruments", found.instruments, INSTRUMENTS),
        ("venues", found.venues, VENUES),
    ):
        unknown = [word for word in words if word not in allowed]
        if unknown or not words:
            raise InvalidInputError(
                f"strategy {spec!r}: {what} {', '.join(unknown) or 'none'}; one or more of"
                f" {', '.join(allowed)} are allowed"
            )
    try:
        found()
    except TypeError as error:
        raise InvalidInputError(
            f"strategy {spec!r}: {error}; a class that needs no arguments is allowed"
        ) from error
    return found
