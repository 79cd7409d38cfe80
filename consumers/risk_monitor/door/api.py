"""The REST endpoints that look at the monitor."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import StringConstraints

from consumers.risk_monitor.door import alert_views, views
from consumers.risk_monitor.door.answers import (
    AlertAnswer,
    AlertDetailAnswer,
    FigureAnswer,
    LimitsAnswer,
    LimitsChangeAnswer,
    LimitsTextAnswer,
    MandateAnswer,
    PnlDetailAnswer,
    PointAnswer,
    PositionAnswer,
    Severity,
    SnapshotAnswer,
    State,
    StatusAnswer,
    TimelineAnswer,
)
from consumers.risk_monitor.door.figures import figures
from consumers.risk_monitor.door.teller import CHANNEL, Teller
from consumers.risk_monitor.door.window import MonitorWindow
from doors.fields import IdPath, read_id
from doors.pages import Page, Paging
from doors.problems import ProblemError, documented
from doors.streams import Streams
from doors.wording import words

PREFIX: Final = "/api/v1"
Some = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Names = Annotated[list[Some] | None, Query(max_length=100, description="repeatable")]
VersionPath = Annotated[int, Path(ge=1, le=10**10, examples=[2])]


def view_routers(window: MonitorWindow, teller: Teller, streams: Streams) -> list[APIRouter]:
    """Return the routes."""
    return [
        _state_router(window, teller),
        _alerts_router(window),
        _limits_router(window),
        _stream_router(streams),
    ]


def _state_router(window: MonitorWindow, teller: Teller) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["state"], responses=documented(503))

    @router.get("/status")
    def status() -> StatusAnswer:
        """Tell how far the monitor has come, how fresh its input is, and how the breaker stands."""
        with window.looking() as engine:
            return teller.status(engine)

    @router.get("/snapshot")
    def snapshot() -> SnapshotAnswer:
        """Show everything that the stream tells, as it stands."""
        return teller.snapshot()

    @router.get("/positions")
    def positions() -> list[PositionAnswer]:
        """List what the firm owns, netted by asset, with the venues and custodians where it is."""
        with window.looking() as engine:
            return views.positions(engine)

    @router.get("/pnl")
    def pnl() -> PnlDetailAnswer:
        """Tell profit and loss in USD: total, realised, unrealised, fees, and by account."""
        with window.looking() as engine:
            return views.pnl_detail(engine)

    @router.get("/pnl/history")
    def history(
        step: Annotated[
            Literal["10s", "5m"], Query(description="of event time; the last 2 hours, or 7 days")
        ] = "10s",
    ) -> list[PointAnswer]:
        """Show the curve of profit and loss, sampled on event time, oldest first."""
        with window.looking():
            samples = list(window.memory.curves[step].samples)
        return [PointAnswer(**words(sample)) for sample in samples]

    @router.get("/exposure")
    def exposure() -> list[FigureAnswer]:
        """List the measures of the portfolio's risk, each with its unit."""
        with window.looking() as engine:
            return figures(engine)

    @router.get("/compliance")
    def compliance(paging: Paging) -> Page[MandateAnswer]:
        """List every mandate by subject, the broken ones first."""
        with window.looking() as engine:
            found = views.mandates(engine)
        return paging.page(found)

    return router


def _alerts_router(window: MonitorWindow) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["alerts"], responses=documented(503))

    @router.get("/alerts")
    def alerts(
        paging: Paging,
        state: Annotated[list[State] | None, Query(description="repeatable")] = None,
        severity: Annotated[list[Severity] | None, Query(description="repeatable")] = None,
        rule: Names = None,
        subject: Names = None,
    ) -> Page[AlertAnswer]:
        """List the alerts that are remembered: those not over, then the others, newest first."""
        with window.looking():
            found = [
                case
                for case in window.memory.cases()
                if (state is None or case.state in state)
                and (severity is None or case.last.severity in severity)
                and (rule is None or case.last.rule in rule)
                and (subject is None or case.last.subject in subject)
            ]
            part = paging.page(found)
            items = [alert_views.alert(case) for case in part.items]
        return Page(items=items, total=part.total, limit=part.limit, offset=part.offset)

    @router.get("/alerts/{alert_id}", responses=documented(404))
    def alert(alert_id: IdPath) -> AlertDetailAnswer:
        """Show an alert with its trigger, inputs, measured value, limit, versions and life."""
        with window.looking():
            case = window.memory.case(read_id(alert_id))
            if case is None:
                raise ProblemError(
                    404, "unknown-alert", f"no alert {alert_id} is remembered; the log has the rest"
                )
            return alert_views.alert_detail(case)

    @router.get("/timeline")
    def timeline(paging: Paging) -> Page[TimelineAnswer]:
        """List what the monitor said, latest first."""
        with window.looking():
            told = list(window.memory.timeline)
        part = paging.page(told[::-1])
        items = [alert_views.timeline(event) for event in part.items]
        return Page(items=items, total=part.total, limit=part.limit, offset=part.offset)

    return router


def _limits_router(window: MonitorWindow) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["limits"], responses=documented(503))

    @router.get("/limits")
    def limits() -> LimitsAnswer:
        """Show every rule with the limit that holds, and which share of it each subject uses."""
        with window.looking() as engine:
            return views.limits(engine)

    @router.get("/limits/history")
    def history(paging: Paging) -> Page[LimitsChangeAnswer]:
        """List the changes of the limits, latest first."""
        with window.looking() as engine:
            now_us, changes = engine.reached_us, list(window.memory.limits)
        return paging.page([alert_views.limits_change(one, now_us) for one in changes[::-1]])

    @router.get("/limits/history/{version}", responses=documented(404))
    def change(version: VersionPath) -> LimitsTextAnswer:
        """Show one change of the limits, with its text."""
        with window.looking() as engine:
            now_us, changes = engine.reached_us, list(window.memory.limits)
        for one in reversed(changes):
            if one.limit_version == version:
                return alert_views.limits_text(one, now_us)
        raise ProblemError(
            404, "unknown-version", f"no change to version {version} of the limits is remembered"
        )

    return router


def _stream_router(streams: Streams) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["stream"])

    @router.get("/stream", response_class=StreamingResponse, responses=documented(503))
    async def stream(
        last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)] = None,
    ) -> StreamingResponse:
        """Follow alerts, and how everything stands once a second, as server-sent events."""
        return streams.response(CHANNEL, last_event_id)

    return router
