"""The REST endpoints of an exchange."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from doors.fields import NAME_PATTERN, SYMBOL_PATTERN, IdPath, NamePath, decimal, read_id
from doors.guard import CORRELATION
from doors.identity import utc_text
from doors.pages import Page, Paging
from doors.problems import ProblemError, documented
from doors.streams import Streams
from doors.wording import words
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.words import EventId
from ecosystem.exchange import flow_views, views
from ecosystem.exchange.liquidity.tape import TRADES_KEPT
from ecosystem.exchange.liquidity.tape import Trade as TapeTrade
from ecosystem.exchange.machine import Exchange
from ecosystem.exchange.margin import views as margin
from ecosystem.instruments import INSTRUMENTS
from producers.exchange.answers import (
    SYMBOLS,
    Account,
    BalanceAnswer,
    Balances,
    InstrumentAnswer,
    OrderAnswer,
    OrderBook,
    OrderWish,
    PositionAnswer,
    Positions,
    ReplaceWish,
    Taken,
    Trade,
)
from producers.exchange.counter import OrderCounter, View
from producers.live.requests import KEY_PATTERN, Requests
from producers.live.window import Window

PREFIX: Final = "/api/v1"
DEPTH_MAX: Final = 50
WAIT_S_MAX: Final = 10
TRADES_MAX: Final = 2 * TRADES_KEPT
InstrumentPath = Annotated[
    str, Path(pattern=SYMBOL_PATTERN, json_schema_extra={"enum": SYMBOLS}, examples=["BTC-USD"])
]
Wait = Annotated[
    float, Query(ge=0, le=WAIT_S_MAX, description="seconds to wait for the venue's answer")
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=KEY_PATTERN,
        description="the same key of an account is the same order; before `client_order_id`",
    ),
]
LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", max_length=20, description="resume after this one")
]


def book_channel(instrument: str) -> str:
    """Return the name of the channel of a book."""
    return f"book/{instrument}"


def trade_channel(instrument: str) -> str:
    """Return the name of the channel of an instrument's trades."""
    return f"trades/{instrument}"


def trade_answer(instrument: str, trade: TapeTrade) -> Trade:
    """Return an execution as it is shown."""
    return Trade(
        trade_id=trade.trade_id and trade.trade_id.hex(),
        instrument=instrument,
        time=utc_text(trade.event_time_us),
        price=decimal(trade.price_e8),
        quantity=decimal(trade.quantity_e8),
        side=trade.side,
    )


def exchange_routers(
    window: Window[Exchange], requests: Requests, streams: Streams
) -> list[APIRouter]:
    """Return the routes of one venue."""
    counter = OrderCounter(window, requests)
    return [
        _market_router(window, streams),
        _account_router(window),
        _order_router(window, requests, counter),
    ]


def _known(instrument: str) -> str:
    if instrument not in INSTRUMENTS:
        raise ProblemError(404, "unknown-instrument", f"{instrument!r} is not traded here")
    return instrument


def _market_router(window: Window[Exchange], streams: Streams) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["market"], responses=documented(404, 503))

    @router.get("/instruments")
    def instruments() -> list[InstrumentAnswer]:
        """List what is traded, with the rules an order must keep and this venue's fees."""
        with window.looking() as machine:
            fees = machine.state.fees
            return [
                InstrumentAnswer(
                    instrument=one.symbol,
                    kind=one.kind,
                    base=one.base,
                    quote=one.quote,
                    tick_size=decimal(one.tick_size_e8),
                    lot_size=decimal(one.lot_size_e8),
                    quantity_min=decimal(one.quantity_min_e8),
                    quantity_max=decimal(one.quantity_max_e8),
                    maker_fee=decimal(fees[one.symbol].maker_e8),
                    taker_fee=decimal(fees[one.symbol].taker_e8),
                )
                for one in INSTRUMENTS.values()
            ]

    @router.get("/orderbook/{instrument}")
    def orderbook(
        instrument: InstrumentPath,
        depth: Annotated[int, Query(ge=1, le=DEPTH_MAX, description="levels a side")] = 10,
    ) -> OrderBook:
        """Show the book of an instrument, best prices first."""
        with window.looking() as machine:
            book = flow_views.order_book(machine.state, _known(instrument), depth)
        return OrderBook(**words(book))

    @router.get("/trades/{instrument}/recent")
    def recent_trades(
        instrument: InstrumentPath,
        limit: Annotated[int, Query(ge=1, le=TRADES_MAX)] = 100,
    ) -> list[Trade]:
        """List the latest trades of an instrument, latest first."""
        with window.looking() as machine:
            trades = flow_views.recent_trades(machine.state, _known(instrument), limit)
        return [trade_answer(instrument, trade) for trade in trades]

    @router.get("/stream/orderbook/{instrument}", response_class=StreamingResponse)
    async def book_stream(
        instrument: InstrumentPath, last_event_id: LastEventId = None
    ) -> StreamingResponse:
        """Follow the book of an instrument as the venue publishes it, as server-sent events."""
        return streams.response(book_channel(_known(instrument)), last_event_id)

    @router.get("/stream/trades/{instrument}", response_class=StreamingResponse)
    async def trade_stream(
        instrument: InstrumentPath, last_event_id: LastEventId = None
    ) -> StreamingResponse:
        """Follow the trades of an instrument, as server-sent events."""
        return streams.response(trade_channel(_known(instrument)), last_event_id)

    return router


def _account_router(window: Window[Exchange]) -> APIRouter:
    router = APIRouter(prefix=f"{PREFIX}/accounts", tags=["accounts"], responses=documented(503))

    def known(machine: Exchange, account: str) -> None:
        if account not in machine.state.sub_accounts:
            raise ProblemError(
                404, "unknown-account", f"account {account!r} is unknown at {machine.name}"
            )

    @router.get("")
    def accounts(paging: Paging) -> Page[Account]:
        """List the accounts of the venue."""
        with window.looking() as machine:
            found = margin.accounts(machine.state)
        return paging.page(
            [
                Account(
                    account=one.account,
                    master_account=one.master_account,
                    kind=one.kind,
                    state=one.state,
                )
                for one in found
            ]
        )

    @router.get("/{account}/balances", responses=documented(404))
    def balances(account: NamePath) -> Balances:
        """Show what an account holds, by asset."""
        with window.looking() as machine:
            known(machine, account)
            held = sorted(
                (asset, balance.available_e8, balance.locked_e8)
                for name, asset, balance in machine.state.accounts
                if name == account
            )
        return Balances(
            account=account,
            balances=[
                BalanceAnswer(
                    asset=asset,
                    available=decimal(available_e8),
                    locked=decimal(locked_e8),
                    total=decimal(available_e8 + locked_e8),
                )
                for asset, available_e8, locked_e8 in held
            ],
        )

    @router.get("/{account}/positions", responses=documented(404))
    def positions(account: NamePath) -> Positions:
        """Show the open positions of an account in perpetuals, marked."""
        with window.looking() as machine:
            known(machine, account)
            found = margin.positions(machine.state, account)
        return Positions(account=account, positions=[PositionAnswer(**words(one)) for one in found])

    return router


def _order_answer(view: View) -> OrderAnswer:
    if not isinstance(view, OrderSubmitted):
        return OrderAnswer(**words(view))
    told = words(view)
    return OrderAnswer(
        **{name: told[name] for name in OrderAnswer.model_fields if name in told},
        status="SUBMITTED",
        remaining_quantity=told["quantity"],
        executed_quantity="0",
        updated_time=told["event_time"],
    )


def _order_router(window: Window[Exchange], requests: Requests, counter: OrderCounter) -> APIRouter:
    router = APIRouter(prefix=f"{PREFIX}/orders", tags=["orders"], responses=documented(503))

    async def taken(
        correlation_id: EventId, order_id: EventId, wait: float, response: Response
    ) -> Taken:
        await requests.traces.answered(correlation_id, wait)
        view = await run_in_threadpool(counter.find, order_id)
        response.headers[CORRELATION] = correlation_id.hex()
        response.headers["Location"] = f"{PREFIX}/orders/{order_id.hex()}"
        return Taken(
            order_id=order_id.hex(),
            correlation_id=correlation_id.hex(),
            status="SUBMITTED" if isinstance(view, OrderSubmitted) else view.status,
            reason=view.reason if isinstance(view, views.RefusedOrderView) else None,
            detail=view.detail if isinstance(view, views.RefusedOrderView) else None,
        )

    @router.get("")
    def orders(
        paging: Paging,
        account: Annotated[str | None, Query(pattern=NAME_PATTERN)] = None,
        instrument: Annotated[str | None, Query(pattern=SYMBOL_PATTERN)] = None,
    ) -> Page[OrderAnswer]:
        """List the live orders, oldest first."""
        with window.looking() as machine:
            live = views.open_orders(machine.state, account)
        wanted = [one for one in live if instrument in (None, one.instrument)]
        return paging.page([_order_answer(one) for one in wanted])

    @router.get("/{order_id}", responses=documented(404))
    def order(order_id: IdPath) -> OrderAnswer:
        """Show an order, live or over, as far back as the venue remembers."""
        return _order_answer(counter.find(read_id(order_id)))

    @router.post("", status_code=202)
    async def submit(wish: OrderWish, response: Response, key: Key = None, wait: Wait = 0) -> Taken:
        """Place an order: put the wish on the log, and tell where its answer will be.

        The venue accepts or rejects it by events; a rejected order changes nothing.
        """
        order_id, _ = await run_in_threadpool(counter.submit, wish, key)
        return await taken(order_id, order_id, wait, response)

    @router.put("/{order_id}", status_code=202, responses=documented(404, 409))
    async def replace(
        order_id: IdPath, wish: ReplaceWish, response: Response, wait: Wait = 0
    ) -> Taken:
        """Ask for other terms of a live order."""
        request = await run_in_threadpool(counter.replace, read_id(order_id), wish)
        return await taken(request.correlation_id, request.order_id, wait, response)

    @router.delete("/{order_id}", status_code=202, responses=documented(404, 409))
    async def cancel(order_id: IdPath, response: Response, wait: Wait = 0) -> Taken:
        """Ask for the rest of a live order to be cancelled."""
        request = await run_in_threadpool(counter.cancel, read_id(order_id))
        return await taken(request.correlation_id, request.order_id, wait, response)

    return router
