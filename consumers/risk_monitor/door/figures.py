"""The measures of the portfolio's risk that the door shows, each with its unit and meaning."""

from consumers.risk_monitor.door.answers import FigureAnswer
from doors.fields import decimal
from ecosystem.risk.monitor import RiskEngine
from ecosystem.risk.portfolio import UNIT_OF_ACCOUNT
from ecosystem.units import E8


def figures(engine: RiskEngine) -> list[FigureAnswer]:
    """Return every measure as it stands; who calls holds the window's lock."""
    marks_e8 = engine.portfolio.marks_e8
    worth_e8 = [
        quantity_e8 * marks_e8[asset] // E8
        for asset, quantity_e8 in engine.portfolio.positions_e8.items()
        if asset != UNIT_OF_ACCOUNT and asset in marks_e8
    ]
    return [
        FigureAnswer(
            name="gross_exposure",
            title="Gross exposure",
            value=decimal(sum(map(abs, worth_e8))),
            unit=UNIT_OF_ACCOUNT,
            note="worth of all positions but cash, long and short added",
        ),
        FigureAnswer(
            name="net_exposure",
            title="Net exposure",
            value=decimal(sum(worth_e8)),
            unit=UNIT_OF_ACCOUNT,
            note="long less short",
        ),
    ]
