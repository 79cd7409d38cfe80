"""Views of the monitor's state as the door tells them; who calls holds the window's lock."""

from collections.abc import Iterable
from typing import Final

from consumers.risk_monitor.door.answers import (
    BreakerAnswer,
    FeedAnswer,
    LimitsAnswer,
    MandateAnswer,
    PlaceAnswer,
    PnlAnswer,
    PnlDetailAnswer,
    PositionAnswer,
    RuleAnswer,
    Severity,
    StatusAnswer,
    TradingAnswer,
    UtilisationAnswer,
    VenueAnswer,
)
from consumers.risk_monitor.door.window import MonitorWindow
from doors.fields import decimal
from doors.identity import utc_text
from doors.wording import words
from ecosystem.risk.breaker import CircuitBreaker
from ecosystem.risk.derivatives import Derivatives
from ecosystem.risk.market import Market
from ecosystem.risk.monitor import RiskEngine
from ecosystem.risk.rules.registry import RULES
from ecosystem.risk.venues import Venues
from ecosystem.risk.watch import QUIET, SEVERITIES, Watch
from ecosystem.units import E8, SECOND_US

SILENT_MAX_S: Final = 5.0
"""Wall time without a record after which the input counts as stale."""
USED_MAX: Final = 500
"""Utilisations of one answer at the most, the highest ones."""


def status(
    window: MonitorWindow, engine: RiskEngine, *, monitor: str, acting: bool, wall_us: int
) -> StatusAnswer:
    """Return how far the monitor has come, and how fresh its input is."""
    progress, silent_s = window.progress, window.silent_s()
    now_us = engine.reached_us
    return StatusAnswer(
        monitor=monitor,
        slice=progress.slice_sequence,
        event_time=utc_text(now_us) if now_us else None,
        wall_time=utc_text(wall_us),
        lag_records=progress.lag_records,
        lag_s=round(progress.lag_s, 4),
        silent_s=round(silent_s, 1),
        stale=silent_s > SILENT_MAX_S,
        events_count=progress.events_count,
        slices_count=progress.slices_count,
        undecodable_count=progress.undecodable_count,
        alerts_active=_by_severity(engine.book.active()),
        breaker=breaker(engine.breaker, window.memory.openings_count),
        limit_version=engine.book.limit_version,
        rules_count=len(engine.rules),
        defects=dict(engine.quality.counts()),
        feeds=_feeds(engine.state.market, now_us),
        venues=_venues(engine.state.venues),
        acting=acting,
    )


def _feeds(market: Market, now_us: int) -> list[FeedAnswer]:
    return [
        FeedAnswer(
            instrument=symbol,
            price=decimal(market.mids_e8[symbol]),
            time=utc_text(tick.event_time_us),
            age_s=max(0, now_us - tick.event_time_us) / SECOND_US,
        )
        for symbol, tick in sorted(market.ticks.items())
    ]


def _venues(venues: Venues) -> list[VenueAnswer]:
    return [
        VenueAnswer(venue=name, state=said.state, since_time=utc_text(venues.since_us[name]))
        for name, said in sorted(venues.statuses.items())
    ]


def breaker(found: CircuitBreaker, openings_count: int) -> BreakerAnswer:
    """Return how the circuit breaker stands."""
    opened = found.opened
    if opened is None:
        return BreakerAnswer(
            state="CLOSED",
            cause=None,
            opened_time=None,
            resets_time=None,
            measured=None,
            limit=None,
            unit=None,
            openings_count=openings_count,
        )
    return BreakerAnswer(
        state="OPEN",
        cause=opened.cause,
        opened_time=utc_text(opened.event_time_us),
        resets_time=utc_text(opened.reset_time_us),
        measured=decimal(opened.measured_e8),
        limit=decimal(opened.limit_e8),
        unit=opened.unit,
        openings_count=openings_count,
    )


def positions(engine: RiskEngine) -> list[PositionAnswer]:
    """Return what the firm owns, netted by asset or derivative, and where it is."""
    portfolio = engine.portfolio
    places: dict[str, list[PlaceAnswer]] = {}
    for (asset, venue, account), total_e8 in portfolio.holdings().items():
        place = PlaceAnswer(venue=venue, account=account, quantity=decimal(total_e8))
        places.setdefault(asset, []).append(place)
    found = []
    for asset, quantity_e8 in sorted(portfolio.positions_e8.items()):
        mark_e8 = portfolio.marks_e8.get(asset)
        found.append(
            PositionAnswer(
                asset=asset,
                quantity=decimal(quantity_e8),
                in_transit=decimal(portfolio.in_transit_e8.get(asset, 0)),
                mark=None if mark_e8 is None else decimal(mark_e8),
                value=None if mark_e8 is None else decimal(quantity_e8 * mark_e8 // E8),
                places=places.get(asset, []),
            )
        )
    return [*found, *_derivatives(engine.state.derivatives)]


def _derivatives(derivatives: Derivatives) -> list[PositionAnswer]:
    places: dict[str, list[PlaceAnswer]] = {}
    for (symbol, venue, account), one in sorted(derivatives.positions.items()):
        if one.quantity_e8:
            place = PlaceAnswer(venue=venue, account=account, quantity=decimal(one.quantity_e8))
            places.setdefault(symbol, []).append(place)
    found = []
    for symbol, quantity_e8 in sorted(derivatives.quantities_e8.items()):
        mark_e8 = derivatives.marks_e8.get(symbol)
        found.append(
            PositionAnswer(
                asset=symbol,
                quantity=decimal(quantity_e8),
                in_transit="0",
                mark=None if mark_e8 is None else decimal(mark_e8),
                value=None if mark_e8 is None else decimal(derivatives.unrealised_e8(symbol)),
                places=places.get(symbol, []),
            )
        )
    return found


def pnl(engine: RiskEngine) -> PnlAnswer:
    """Return profit and loss in USD."""
    portfolio, trading = engine.portfolio, engine.state.trading
    marks_e8 = portfolio.marks_e8
    unrealised_e8 = trading.unrealised_usd_e8(engine.state.market.mids_e8, marks_e8)
    return PnlAnswer(
        total=decimal(portfolio.profit_e8),
        realised=decimal(trading.realised_usd_e8(marks_e8)),
        unrealised=decimal(unrealised_e8),
        fees=decimal(trading.fees_usd_e8(marks_e8)),
        equity=decimal(portfolio.equity_e8),
        day=decimal(-portfolio.loss_of_day_e8()),
        high_water=decimal(portfolio.high_water.profit_e16 // E8),
        drawdown=decimal(portfolio.drawdown_e8()),
    )


def pnl_detail(engine: RiskEngine) -> PnlDetailAnswer:
    """Return profit and loss, and whose it is."""
    mids_e8 = engine.state.market.mids_e8
    return PnlDetailAnswer(
        **pnl(engine).model_dump(),
        trading=[
            TradingAnswer(
                account=account,
                instrument=symbol,
                quantity=decimal(one.quantity_e8),
                cost=decimal(one.cost_e16, 16),
                realised=decimal(one.realised_e16, 16),
                unrealised=(
                    decimal(one.unrealised_e16(mids_e8[symbol]), 16) if symbol in mids_e8 else None
                ),
            )
            for (account, symbol), one in sorted(engine.state.trading.positions.items())
        ],
    )


def mandates(engine: RiskEngine) -> list[MandateAnswer]:
    """Return every mandate by subject, the broken ones first."""
    broken = engine.compliance.broken
    found = []
    for watch in engine.book.watches():
        since = broken.get((watch.rule, watch.subject))
        found.append(
            MandateAnswer(
                mandate=watch.rule,
                subject=watch.subject,
                compliant=since is None,
                utilisation=decimal(watch.utilisation_e8),
                since_time=None if since is None else utc_text(since.event_time_us),
            )
        )
    return sorted(found, key=lambda one: one.compliant)


def utilisation(watches: Iterable[Watch]) -> list[UtilisationAnswer]:
    """Return which share of its limit each subject uses, the highest first."""
    ordered = sorted(watches, key=lambda watch: -watch.utilisation_e8)
    return [
        UtilisationAnswer(
            rule=watch.rule,
            subject=watch.subject,
            utilisation=decimal(watch.utilisation_e8),
            level="QUIET" if watch.level == QUIET else SEVERITIES[watch.level],
            alert_id=watch.alert_id and watch.alert_id.hex(),
        )
        for watch in ordered[:USED_MAX]
    ]


def limits(engine: RiskEngine) -> LimitsAnswer:
    """Return every rule with its limit and how much of it is used."""
    watches: dict[str, list[Watch]] = {}
    for watch in engine.book.watches():
        watches.setdefault(watch.rule, []).append(watch)
    found = []
    for name, kind in RULES.items():
        rule = engine.rules.get(name)
        shares_e8 = (0, 0, 0, 0) if rule is None else rule.scale.shares_e8
        found.append(
            RuleAnswer(
                rule=name,
                title=kind.title,
                watches=kind.watches,
                limit_words=kind.limit,
                clears=kind.clears,
                unit=kind.unit,
                version=kind.rule.version,
                enabled=rule is not None,
                limit={} if rule is None else words(rule.limit),
                shares={
                    severity: decimal(share_e8)
                    for severity, share_e8 in zip(SEVERITIES, shares_e8, strict=True)
                    if rule is not None
                },
                utilisation=utilisation(watches.get(name, ())),
            )
        )
    return LimitsAnswer(version=engine.book.limit_version, rules=found)


def _by_severity(watches: Iterable[Watch]) -> dict[Severity, int]:
    counts: dict[Severity, int] = dict.fromkeys(reversed(SEVERITIES), 0)
    for watch in watches:
        counts[SEVERITIES[watch.level]] += 1
    return counts
