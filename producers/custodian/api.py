"""The REST endpoints of a custodian."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool

from doors.fields import NAME_PATTERN, IdPath, NamePath, read_id
from doors.guard import CORRELATION
from doors.pages import Page, Paging
from doors.problems import ProblemError, documented
from doors.wording import words
from ecosystem.custodian import views
from ecosystem.custodian.machine import Custodian
from ecosystem.custodian.settlement import Status
from producers.custodian.answers import (
    CancelTaken,
    MasterBalanceAnswer,
    ReconciliationAnswer,
    SegregatedAnswer,
    SettlementAnswer,
    TransferAnswer,
    TransferWish,
)
from producers.custodian.counter import TransferCounter, transfer_answer
from producers.live.requests import KEY_PATTERN, Requests
from producers.live.window import Window

PREFIX: Final = "/api/v1"
WAIT_S_MAX: Final = 10
Wait = Annotated[
    float, Query(ge=0, le=WAIT_S_MAX, description="seconds to wait for the custodian's answer")
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=KEY_PATTERN,
        description="the same key is the same transfer; before `client_transfer_id`",
    ),
]


def custodian_routers(name: str, window: Window[Custodian], requests: Requests) -> list[APIRouter]:
    """Return the routes of one custodian."""
    counter = TransferCounter(name, window, requests)
    return [_custody_router(window), _transfer_router(window, requests, counter)]


def _custody_router(window: Window[Custodian]) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["custody"], responses=documented(503))

    @router.get("/balances")
    def master_balances() -> list[MasterBalanceAnswer]:
        """Show the master accounts of the clients of this log, in their parts."""
        with window.looking() as machine:
            found = views.master_balances(machine.state)
        return [MasterBalanceAnswer(**words(one)) for one in found]

    @router.get("/clients")
    def segregated() -> list[SegregatedAnswer]:
        """Show what is kept for each client, apart from what is kept for others."""
        with window.looking() as machine:
            found = views.segregated_balances(machine.state)
        return [SegregatedAnswer(**words(one)) for one in found]

    @router.get("/clients/{client}/balances", responses=documented(404))
    def of_client(client: NamePath) -> SegregatedAnswer:
        """Show what is kept for one client."""
        with window.looking() as machine:
            found = views.segregated_balances(machine.state)
        for one in found:
            if one.client == client:
                return SegregatedAnswer(**words(one))
        raise ProblemError(404, "unknown-client", f"client {client!r} is unknown here")

    @router.get("/settlements")
    def settlements(
        paging: Paging,
        status: Status | None = None,
        account: Annotated[str | None, Query(pattern=NAME_PATTERN)] = None,
    ) -> Page[SettlementAnswer]:
        """List the open settlements and the last that ended, newest first."""
        with window.looking() as machine:
            found = views.settlements(machine.state)
        wanted = [
            one for one in found if status in (None, one.status) and account in (None, one.account)
        ]
        return paging.page([SettlementAnswer(**words(one)) for one in wanted])

    @router.get("/settlements/{settlement_id}", responses=documented(404))
    def settlement(settlement_id: IdPath) -> SettlementAnswer:
        """Tell how a settlement stands."""
        with window.looking() as machine:
            found = views.settlement(machine.state, read_id(settlement_id))
        if found is None:
            raise ProblemError(
                404, "unknown-settlement", f"settlement {settlement_id} is unknown here"
            )
        return SettlementAnswer(**words(found))

    @router.get("/reconciliations")
    def reconciliations(paging: Paging) -> Page[ReconciliationAnswer]:
        """List the last reconciliations with the venues, newest first."""
        with window.looking() as machine:
            found = views.reconciliations(machine.state)
        return paging.page([ReconciliationAnswer(**words(one)) for one in found])

    return router


def _transfer_router(
    window: Window[Custodian], requests: Requests, counter: TransferCounter
) -> APIRouter:
    router = APIRouter(prefix=f"{PREFIX}/transfers", tags=["transfers"], responses=documented(503))

    @router.get("")
    def transfers(paging: Paging) -> Page[TransferAnswer]:
        """List the transfers, newest first, then those refused."""
        with window.looking() as machine:
            found = views.transfers(machine.state)
        return paging.page([transfer_answer(one) for one in found])

    @router.get("/{transfer_id}", responses=documented(404))
    def transfer(transfer_id: IdPath) -> TransferAnswer:
        """Tell how a transfer stands."""
        return counter.find(read_id(transfer_id))

    @router.post("", status_code=202)
    async def request(
        wish: TransferWish, response: Response, key: Key = None, wait: Wait = 0
    ) -> TransferAnswer:
        """Ask for an asset to be moved: the custodian instructs it, or refuses, by an event."""
        transfer_id = await run_in_threadpool(counter.request, wish, key)
        await requests.traces.answered(transfer_id, wait)
        response.headers[CORRELATION] = transfer_id.hex()
        response.headers["Location"] = f"{PREFIX}/transfers/{transfer_id.hex()}"
        return await run_in_threadpool(counter.find, transfer_id)

    @router.delete("/{transfer_id}", status_code=202, responses=documented(404, 409))
    async def cancel(transfer_id: IdPath, response: Response, wait: Wait = 0) -> CancelTaken:
        """Ask for a transfer to be called off while it is pending."""
        asked = await run_in_threadpool(counter.cancel, read_id(transfer_id))
        await requests.traces.answered(asked.correlation_id, wait)
        response.headers[CORRELATION] = asked.correlation_id.hex()
        now = await run_in_threadpool(counter.find, read_id(transfer_id))
        return CancelTaken(
            transfer_id=transfer_id,
            correlation_id=asked.correlation_id.hex(),
            status=now.status,
        )

    return router
