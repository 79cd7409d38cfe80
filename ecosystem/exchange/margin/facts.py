"""What a venue says about accounts and perpetuals."""

from collections.abc import Sequence

from ecosystem.events.accounts import (
    AccountOpened,
    AccountOpenRequested,
    AccountRequestRejected,
    AccountStateChanged,
    AccountStateChangeRequested,
    AccountTransferRequested,
    PositionChanged,
    PositionLiquidated,
)
from ecosystem.events.books import FundingRateSet
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderAccepted
from ecosystem.events.words import (
    AccountKind,
    AccountRefusal,
    BalanceReason,
    CancelReason,
    EventId,
    PositionReason,
)
from ecosystem.exchange.answers import Answers, Causes
from ecosystem.exchange.balance_facts import balance_changed
from ecosystem.exchange.margin.measures import required_margin_e8
from ecosystem.exchange.margin.requirements import initial_margin_e8
from ecosystem.exchange.margin.terms import COLLATERAL, PERPETUALS
from ecosystem.exchange.order_facts import cancelled
from ecosystem.exchange.orders import Order

AccountRequest = AccountOpenRequested | AccountStateChangeRequested | AccountTransferRequested


def opened(answers: Answers, account: str, master: str, kind: AccountKind) -> None:
    """The venue has an account from its opening on."""
    event_id = answers.roots.root(f"account/{account}", 0)
    _opened(answers, (event_id, event_id, event_id), account, master, kind)


def opened_on_request(answers: Answers, request: AccountOpenRequested) -> None:
    """The venue opened an account that was wished for."""
    event_id = answers.derive(request.event_id, "account-opened")
    ids = (event_id, request.correlation_id, request.event_id)
    _opened(answers, ids, request.account, request.master_account, request.kind)


def _opened(
    answers: Answers,
    ids: tuple[EventId, EventId, EventId],
    account: str,
    master: str,
    kind: AccountKind,
) -> None:
    answers.add(
        AccountOpened(
            event_id=ids[0],
            correlation_id=ids[1],
            causation_id=ids[2],
            event_time_us=answers.time_us,
            venue=answers.venue,
            account=account,
            master_account=master,
            kind=kind,
            state="ACTIVE",
        )
    )


def state_changed(answers: Answers, request: AccountStateChangeRequested) -> Causes:
    """An account has another state, which causes what follows."""
    event_id = answers.derive(request.event_id, "account-state")
    answers.add(
        AccountStateChanged(
            event_id=event_id,
            correlation_id=request.correlation_id,
            causation_id=request.event_id,
            event_time_us=answers.time_us,
            venue=answers.venue,
            account=request.account,
            state=request.state,
            reason=request.reason,
        )
    )
    return event_id, request.correlation_id


def request_rejected(
    answers: Answers, request: AccountRequest, refusal: tuple[AccountRefusal, str]
) -> None:
    """The venue refused a wish about an account."""
    answers.add(
        AccountRequestRejected(
            event_id=answers.derive(request.event_id, "account-rejected"),
            correlation_id=request.correlation_id,
            causation_id=request.event_id,
            event_time_us=answers.time_us,
            venue=answers.venue,
            account=request.account,
            request_id=request.event_id,
            reason=refusal[0],
            detail=refusal[1],
        )
    )


def transferred(answers: Answers, request: AccountTransferRequested) -> None:
    """Funds moved between two accounts of one master, in two records with one reference."""
    causes = (request.event_id, request.correlation_id)
    for number, (account, change_e8) in enumerate(
        ((request.account, -request.amount_e8), (request.to_account, request.amount_e8))
    ):
        balance_changed(
            answers,
            answers.derive(request.event_id, "transfer", number),
            (account, request.asset, "TRANSFER", request.event_id),
            (change_e8, 0),
            causes,
        )


def position_changed(
    answers: Answers, order: Order, fill: OrderFilled, reason: PositionReason
) -> None:
    """A position changed by an execution."""
    position = answers.state.perpetuals.position(fill.account, fill.instrument)
    answers.add(
        PositionChanged(
            event_id=answers.derive(fill.event_id, "position"),
            correlation_id=fill.correlation_id,
            causation_id=fill.event_id,
            event_time_us=answers.time_us,
            venue=answers.venue,
            account=fill.account,
            instrument=fill.instrument,
            reason=reason,
            reference_id=order.order_id,
            quantity_change_e8=fill.quantity_e8 if order.buys else -fill.quantity_e8,
            quantity_e8=position.quantity_e8,
            entry_price_e8=position.entry_price_e8,
            realised_pnl_e8=position.realised_e8,
            margin_e8=initial_margin_e8(position.cost_e8, PERPETUALS[fill.instrument]),
            position_sequence=position.changes,
        )
    )


def liquidated(
    answers: Answers, cause: Event, account: str, symbol: str, margins_e8: tuple[int, int]
) -> Causes:
    """The venue takes over a position, which causes what follows.

    Args:
        margins_e8: equity of the account and the maintenance margin it fell below.
    """
    perpetuals = answers.state.perpetuals
    event_id = answers.derive(cause.event_id, f"liquidated/{account}/{symbol}")
    answers.add(
        PositionLiquidated(
            event_id=event_id,
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            event_time_us=answers.time_us,
            venue=answers.venue,
            account=account,
            instrument=symbol,
            quantity_e8=perpetuals.quantity_e8(account, symbol),
            mark_price_e8=perpetuals.marks[symbol].mark_price_e8,
            equity_e8=margins_e8[0],
            maintenance_margin_e8=margins_e8[1],
        )
    )
    return event_id, cause.correlation_id


def closing_order(answers: Answers, account: str, symbol: str, causes: Causes) -> Order:
    """The venue put an order of its own in an account's name, to close a position."""
    quantity_e8 = answers.state.perpetuals.quantity_e8(account, symbol)
    order_id = answers.derive(causes[0], "closing-order")
    answers.add(
        OrderAccepted(
            event_id=answers.derive(causes[0], "closing-accepted"),
            correlation_id=causes[1],
            causation_id=causes[0],
            event_time_us=answers.time_us,
            order_id=order_id,
            venue=answers.venue,
            account=account,
            instrument=symbol,
            side="SELL" if quantity_e8 > 0 else "BUY",
            order_type="MARKET",
            time_in_force="IOC",
            quantity_e8=abs(quantity_e8),
            limit_price_e8=None,
            stop_price_e8=None,
            post_only=False,
            reduce_only=True,
        )
    )
    return answers.state.orders[order_id]


def rate_set(answers: Answers, symbol: str, rate_e8: int) -> FundingRateSet:
    """The venue set a funding rate; nothing caused it but the time."""
    perpetuals = answers.state.perpetuals
    number, marks = perpetuals.fundings[symbol], perpetuals.marks[symbol]
    event_id = answers.roots.root(f"funding/{symbol}", number)
    event = FundingRateSet(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=answers.time_us,
        venue=answers.venue,
        instrument=symbol,
        funding_sequence=number,
        rate_e8=rate_e8,
        mark_price_e8=marks.mark_price_e8,
        index_price_e8=marks.index_price_e8,
        interval_us=PERPETUALS[symbol].funding_interval_us,
    )
    answers.add(event)
    return event


def paid(
    answers: Answers,
    account: str,
    change_e8: int,
    what: tuple[BalanceReason, EventId],
    causes: Causes,
) -> None:
    """Collateral came or went, and the margin is what it now has to be, as far as there is any.

    What an account cannot pay, the insurance fund does; so no balance is ever negative.

    Args:
        what: the reason of the change and what it refers to.
    """
    reason, reference_id = what
    held_e8 = _free_e8(answers, account) + answers.state.perpetuals.margin_e8(account)
    missing_e8 = -(held_e8 + change_e8)
    if missing_e8 > 0:
        _balance(answers, account, "INSURANCE", reference_id, (missing_e8, 0), causes)
        held_e8 += missing_e8
    more_e8 = _margin_gap_e8(answers, account, held_e8 + change_e8)
    if more_e8 < 0:
        _balance(answers, account, "MARGIN", reference_id, (0, more_e8), causes)
    if change_e8:
        _balance(answers, account, reason, reference_id, (change_e8, 0), causes)
    if more_e8 > 0:
        _balance(answers, account, "MARGIN", reference_id, (0, more_e8), causes)


def margined(
    answers: Answers, account: str, reference_id: EventId, causes: Causes, which: str = "margin"
) -> None:
    """Margin was locked or freed, whatever positions, orders and funds now ask for.

    Args:
        which: tells the changes of margin that follow from one cause apart.
    """
    held_e8 = _free_e8(answers, account) + answers.state.perpetuals.margin_e8(account)
    more_e8 = _margin_gap_e8(answers, account, held_e8)
    if more_e8:
        _balance(answers, account, "MARGIN", reference_id, (0, more_e8), causes, which)


def _free_e8(answers: Answers, account: str) -> int:
    return answers.state.accounts.balance(account, COLLATERAL).available_e8


def _margin_gap_e8(answers: Answers, account: str, held_e8: int) -> int:
    wanted_e8 = min(required_margin_e8(answers.state, account), held_e8)
    return wanted_e8 - answers.state.perpetuals.margin_e8(account)


def _balance(
    answers: Answers,
    account: str,
    reason: BalanceReason,
    reference_id: EventId,
    changes_e8: tuple[int, int],
    causes: Causes,
    which: str | None = None,
) -> None:
    event_id = answers.derive(causes[0], f"{which or reason.lower()}/{account}")
    balance_changed(
        answers, event_id, (account, COLLATERAL, reason, reference_id), changes_e8, causes
    )


def cancel_all(
    answers: Answers, orders: Sequence[Order], reason: CancelReason, causes: Causes
) -> None:
    """The venue took several orders out of its books at once."""
    for number, order in enumerate(orders):
        cancelled(answers, order, reason, causes, f"cancelled/{number}")
