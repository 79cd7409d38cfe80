"""The REST endpoints of the trading engine."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Response
from fastapi.concurrency import run_in_threadpool

from doors.fields import NAME_PATTERN, NamePath
from doors.guard import CORRELATION
from doors.pages import Page, Paging
from doors.problems import ProblemError, documented
from doors.wording import words
from ecosystem.events.control.signals import (
    StrategyReplaceRequested,
    StrategyRequestRefused,
    StrategyStartRequested,
    StrategyStateChanged,
    StrategyStopRequested,
)
from ecosystem.events.envelope import Event
from ecosystem.trading import views
from ecosystem.trading.machine import TradingEngine
from producers.live.envelope import root_envelope
from producers.live.requests import Requests
from producers.live.window import Window
from producers.trading_engine.answers import (
    PerformanceAnswer,
    PnlAnswer,
    PositionAnswer,
    StartWish,
    StopWish,
    StrategyAnswer,
    StrategyTaken,
    SwapWish,
)

PREFIX: Final = "/api/v1"
WAIT_S_MAX: Final = 10
Wait = Annotated[
    float, Query(ge=0, le=WAIT_S_MAX, description="seconds to wait for the engine's answer")
]


class StrategyCounter:
    """Turns wishes about strategies into events."""

    def __init__(self, window: Window[TradingEngine], requests: Requests) -> None:
        self._window = window
        self._requests = requests

    def start(self, name: str, wish: StartWish) -> Event:
        """Return the wish that a strategy run; it stands on the log.

        Raises:
            ProblemError: the implementation is unknown, or a new strategy has none or no account.
        """
        if self._seat(name) is None and not (wish.implementation and wish.account):
            raise ProblemError(
                404,
                "unknown-strategy",
                f"strategy {name!r} is unknown; a new one needs implementation and account",
            )
        if wish.implementation is not None:
            self._check(wish.implementation)
        return self._send(
            StrategyStartRequested(
                **self._root(),
                strategy=name,
                account=wish.account or "",
                implementation=wish.implementation or "",
                reason=wish.reason,
            )
        )

    def stop(self, name: str, wish: StopWish) -> Event:
        """Return the wish that a strategy rest; it stands on the log.

        Raises:
            ProblemError: it is unknown.
        """
        self.known(name)
        return self._send(StrategyStopRequested(**self._root(), strategy=name, reason=wish.reason))

    def swap(self, name: str, wish: SwapWish) -> Event:
        """Return the wish that a strategy go on otherwise; it stands on the log.

        Raises:
            ProblemError: it, or the implementation, is unknown.
        """
        self.known(name)
        self._check(wish.implementation)
        return self._send(
            StrategyReplaceRequested(
                **self._root(),
                strategy=name,
                implementation=wish.implementation,
                reason=wish.reason,
            )
        )

    def known(self, name: str) -> views.StrategyView:
        """Return a strategy.

        Raises:
            ProblemError: it is unknown.
        """
        found = self._seat(name)
        if found is None:
            raise ProblemError(404, "unknown-strategy", f"strategy {name!r} is unknown")
        return found

    def taken(self, name: str, request: Event) -> StrategyTaken:
        """Return how a wish stands."""
        found = self._requests.traces.events(request.correlation_id) or ()
        for event in found:
            if isinstance(event, StrategyStateChanged):
                return self._taken(name, request, "DONE", event.state, event.reason)
            if isinstance(event, StrategyRequestRefused):
                return self._taken(name, request, "REFUSED", None, event.reason)
        return self._taken(name, request, "PENDING", None, "")

    def _taken(
        self, name: str, request: Event, outcome: Any, state: Any, why: str
    ) -> StrategyTaken:
        return StrategyTaken(
            strategy=name,
            correlation_id=request.correlation_id.hex(),
            outcome=outcome,
            state=state,
            reason=why,
        )

    def _root(self) -> Any:
        return root_envelope(self._requests.name(None), self._requests.now_us())

    def _send(self, request: Event) -> Event:
        self._requests.send(request)
        return request

    def _seat(self, name: str) -> views.StrategyView | None:
        with self._window.looking() as machine:
            return next((one for one in views.strategies(machine.state) if one.name == name), None)

    def _check(self, implementation: str) -> None:
        with self._window.looking() as machine:
            known = machine.state.registry.implementations
            if implementation not in known:
                raise ProblemError(
                    422,
                    "unknown-implementation",
                    f"implementation {implementation!r} found; {', '.join(known)} are allowed",
                )


def engine_routers(window: Window[TradingEngine], requests: Requests) -> list[APIRouter]:
    """Return the routes."""
    counter = StrategyCounter(window, requests)
    return [_strategy_router(window, requests, counter), _portfolio_router(window)]


def _strategy_router(
    window: Window[TradingEngine], requests: Requests, counter: StrategyCounter
) -> APIRouter:
    router = APIRouter(
        prefix=f"{PREFIX}/strategies", tags=["strategies"], responses=documented(404, 503)
    )

    async def taken(name: str, request: Event, wait: float, response: Response) -> StrategyTaken:
        await requests.traces.answered(request.correlation_id, wait)
        response.headers[CORRELATION] = request.correlation_id.hex()
        response.headers["Location"] = f"{PREFIX}/strategies/{name}"
        return counter.taken(name, request)

    @router.get("")
    def strategies(paging: Paging) -> Page[StrategyAnswer]:
        """List the strategies, those that faults brought included."""
        with window.looking() as machine:
            found = views.strategies(machine.state)
        return paging.page([StrategyAnswer(**words(one)) for one in found])

    @router.get("/{strategy}")
    def strategy(strategy: NamePath) -> StrategyAnswer:
        """Tell how a strategy stands."""
        return StrategyAnswer(**words(counter.known(strategy)))

    @router.get("/{strategy}/performance")
    def performance(strategy: NamePath) -> PerformanceAnswer:
        """Tell what a strategy has made."""
        with window.looking() as machine:
            found = views.performance(machine.state, strategy)
        if found is None:
            raise ProblemError(404, "unknown-strategy", f"strategy {strategy!r} is unknown")
        return PerformanceAnswer(**words(found))

    @router.post("/{strategy}/start", status_code=202)
    async def start(
        strategy: NamePath,
        response: Response,
        wish: Annotated[StartWish | None, Body()] = None,
        wait: Wait = 0,
    ) -> StrategyTaken:
        """Ask for a strategy to run, with another implementation or as a new one where told."""
        request = await run_in_threadpool(counter.start, strategy, wish or StartWish())
        return await taken(strategy, request, wait, response)

    @router.post("/{strategy}/stop", status_code=202)
    async def stop(
        strategy: NamePath,
        response: Response,
        wish: Annotated[StopWish | None, Body()] = None,
        wait: Wait = 0,
    ) -> StrategyTaken:
        """Ask for a strategy to rest; its open orders are cancelled."""
        request = await run_in_threadpool(counter.stop, strategy, wish or StopWish())
        return await taken(strategy, request, wait, response)

    @router.put("/{strategy}/implementation", status_code=202)
    async def swap(
        strategy: NamePath, wish: SwapWish, response: Response, wait: Wait = 0
    ) -> StrategyTaken:
        """Ask for a strategy to go on with another implementation."""
        request = await run_in_threadpool(counter.swap, strategy, wish)
        return await taken(strategy, request, wait, response)

    return router


def _portfolio_router(window: Window[TradingEngine]) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["portfolio"], responses=documented(503))

    @router.get("/positions")
    def positions(
        paging: Paging, strategy: Annotated[str | None, Query(pattern=NAME_PATTERN)] = None
    ) -> Page[PositionAnswer]:
        """List what strategies have bought less sold, by venue and instrument."""
        with window.looking() as machine:
            found = views.positions(machine.state)
        wanted = [one for one in found if strategy in (None, one.strategy)]
        return paging.page([PositionAnswer(**words(one)) for one in wanted])

    @router.get("/pnl")
    def pnl() -> PnlAnswer:
        """Tell the profit of all trading, and whose it is."""
        with window.looking() as machine:
            return PnlAnswer(**words(views.pnl(machine.state)))

    return router
