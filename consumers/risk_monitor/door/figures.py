"""The measures of the portfolio's risk that the door shows, each with its unit and meaning."""

from collections.abc import Iterator
from typing import Final

from consumers.risk_monitor.door.answers import FigureAnswer
from doors.fields import decimal
from ecosystem.risk.exposure import ASSETS_EXPOSED, Exposures
from ecosystem.risk.monitor import RiskEngine
from ecosystem.risk.portfolio import UNIT_OF_ACCOUNT
from ecosystem.risk.value_at_risk import RETURNS_MIN, Estimate
from ecosystem.units import E8

_AT_RISK: Final = (
    ("var_95", "VaR 95 %, one day", "var95_e8"),
    ("var_99", "VaR 99 %, one day", "var99_e8"),
    ("expected_shortfall_95", "Expected shortfall 95 %", "es95_e8"),
    ("expected_shortfall_99", "Expected shortfall 99 %", "es99_e8"),
)
"""Name and title of each figure, and how its fields in an estimate end."""


def figures(engine: RiskEngine) -> list[FigureAnswer]:
    """Return every measure as it stands; who calls holds the window's lock."""
    exposures = engine.state.exposure.now()
    return [*_exposed(exposures), *_at_risk(engine.state.value_at_risk.estimate())]


def _exposed(exposures: Exposures) -> list[FigureAnswer]:
    return [
        _figure(
            "gross_exposure",
            "Gross exposure",
            exposures.gross_e8,
            UNIT_OF_ACCOUNT,
            "all positions but cash, long and short added",
        ),
        _figure(
            "leverage",
            "Leverage",
            exposures.leverage_e8() if exposures.valued else None,
            "times",
            "gross exposure by equity",
        ),
        *(_delta(exposures, asset) for asset in ASSETS_EXPOSED if exposures.deltas_e8.get(asset)),
    ]


def _delta(exposures: Exposures, asset: str) -> FigureAnswer:
    worth = _usd(exposures.deltas_usd_e8[asset])
    note = f"worth {worth}"
    if exposures.valued:
        note += f", {exposures.concentration_e8(asset) * 100 // E8} % of the equity"
    return _figure(f"delta_{asset}", f"Delta {asset}", exposures.deltas_e8[asset], asset, note)


def _at_risk(estimate: Estimate | None) -> Iterator[FigureAnswer]:
    for name, title, part in _AT_RISK:
        if estimate is None:
            value_e8, note = None, f"after {RETURNS_MIN} minutes of prices"
        else:
            historical_e8: int = getattr(estimate, f"historical_{part}")
            parametric_e8: int = getattr(estimate, f"parametric_{part}")
            value_e8 = max(historical_e8, parametric_e8)
            note = _methods(historical_e8, parametric_e8)
        yield _figure(name, title, value_e8, UNIT_OF_ACCOUNT, note)


def _methods(historical_e8: int, parametric_e8: int) -> str:
    return f"{_usd(historical_e8)} historical, {_usd(parametric_e8)} parametric"


def _usd(amount_e8: int) -> str:
    return f"{amount_e8 // E8:,} {UNIT_OF_ACCOUNT}"


def _figure(name: str, title: str, value_e8: int | None, unit: str, note: str) -> FigureAnswer:
    return FigureAnswer(
        name=name,
        title=title,
        value=None if value_e8 is None else decimal(value_e8),
        unit=unit,
        note=note,
    )
