"""Plans of runs, from scenario files."""

import json
import secrets
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.risk.limits import parse_limits
from ecosystem.run import RunPlan
from ecosystem.trading.gate.limits import parse_limits as parse_trading_limits
from producers.desk import DeskSettings, registry_of
from producers.test_coordinator.scenario_file import load_scenario
from replay.plan import MONITOR_COMMAND
from tse.running.environment import ROOT

SCENARIOS: Final = ROOT / "scenarios"
LIMITS: Final = SCENARIOS / "limits.toml"
"""The limits of a run that is given no others, which are those of the laboratory's firm; every run
records the text of its own."""
DISTRIBUTION: Final = "trading-ecosystem"


def scenario_path(name_or_path: str) -> Path:
    """Return the file of a bundled scenario's name, or of a path.

    Raises:
        InvalidInputError: there is no such file; names the bundled scenarios.
    """
    for candidate in (Path(name_or_path), SCENARIOS / f"{name_or_path}.yaml"):
        if candidate.is_file():
            return candidate
    bundled = ", ".join(sorted(path.stem for path in SCENARIOS.glob("*.yaml")))
    raise InvalidInputError(
        f"scenario {name_or_path!r}: no such file; a path or one of {bundled} is allowed"
    )


def new_run_id() -> str:
    """Return a fresh name for a run, which says nothing of its scenario."""
    return f"r{secrets.token_hex(5)}"


def world_plan(
    name_or_path: str,
    seed: int,
    *,
    twin: bool = False,
    limits: Path | None = None,
    strategies: Sequence[str] = (),
    trading_limits: Path | None = None,
    monitor_command: Sequence[str] = (),
) -> RunPlan:
    """Return the plan of a fresh world run of a scenario.

    Raises:
        InvalidInputError: the scenario is missing, or it or the limits are wrong; lists every
            mistake.
    """
    path = scenario_path(name_or_path)
    limits_text = checked_limits(limits or LIMITS)
    desk = checked_desk(strategies, trading_limits)
    watched_by = {MONITOR_COMMAND: list(monitor_command)} if monitor_command else {}
    return RunPlan(
        run_id=new_run_id(),
        scenario=load_scenario(path),
        scenario_text=path.read_text(encoding="utf-8"),
        seed=seed,
        twin=twin,
        settings_json=json.dumps({"limits_toml": limits_text, **desk.recorded(), **watched_by}),
        software_version=software_version(),
    )


def checked_desk(strategies: Sequence[str], trading_limits: Path | None) -> DeskSettings:
    """Return settings that the trading engine will accept.

    Raises:
        InvalidInputError: a strategy or the limits are not what is allowed.
    """
    text = ""
    if trading_limits is not None:
        try:
            text = trading_limits.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInputError(f"trading limits {trading_limits}: {error}") from error
        parse_trading_limits(text, str(trading_limits))
    registry_of(strategies)
    return DeskSettings(strategies=tuple(strategies), limits_toml=text)


def checked_limits(path: Path) -> str:
    """Return the text of a limits file that the risk monitor will accept.

    Raises:
        InvalidInputError: it cannot be read, or lists every mistake in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"limits {path}: {error}") from error
    parse_limits(text, str(path))
    return text


def software_version() -> str:
    """Return the version of the installed distribution."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
