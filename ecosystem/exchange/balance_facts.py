"""What a venue says about balances: deposits, locks, settlements and the two legs of a trade."""

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.settlements import SettlementCompleted
from ecosystem.events.words import BalanceReason, EventId
from ecosystem.exchange.answers import Answers, Causes

Lock = tuple[str, str, int]
"""Account, asset and amount, scaled by 1e8."""


def deposited(answers: Answers, account: str, asset: str, amount_e8: int) -> None:
    """An account got its opening balance."""
    event_id = answers.roots.root(f"deposit/{account}/{asset}", 0)
    what: tuple[str, str, BalanceReason, EventId] = (account, asset, "DEPOSIT", event_id)
    balance_changed(answers, event_id, what, (amount_e8, 0), (event_id, event_id))


def settled(
    answers: Answers, cause: Event, settlement_id: EventId, reason: BalanceReason, lock: Lock
) -> None:
    """Funds were locked for a settlement, left with it, or were freed."""
    account, asset, amount_e8 = lock
    balance_changed(
        answers,
        answers.derive(cause.event_id, "balance"),
        (account, asset, reason, settlement_id),
        (
            -amount_e8 if reason == "SETTLEMENT" else 0,
            amount_e8 if reason == "SETTLEMENT_LOCK" else -amount_e8,
        ),
        (cause.event_id, cause.correlation_id),
    )


def credited(answers: Answers, completed: SettlementCompleted) -> None:
    """An account got what a settlement brought from custody."""
    balance_changed(
        answers,
        answers.derive(completed.event_id, "balance"),
        (completed.account, completed.asset, "SETTLEMENT", completed.settlement_id),
        (completed.amount_e8, 0),
        (completed.event_id, completed.correlation_id),
    )


def balance_changed(
    answers: Answers,
    event_id: EventId,
    what: tuple[str, str, BalanceReason, EventId],
    changes_e8: tuple[int, int],
    causes: Causes,
) -> None:
    """An account's balance of one asset changed.

    Args:
        what: account, asset, reason and what it refers to.
        changes_e8: of the total, and of the locked part.
    """
    account, asset, reason, reference_id = what
    change_e8, lock_change_e8 = changes_e8
    held = answers.state.accounts.balance(account, asset)
    locked_e8 = held.locked_e8 + lock_change_e8
    total_e8 = held.available_e8 + held.locked_e8 + change_e8
    answers.add(
        BalanceChanged(
            event_id=event_id,
            correlation_id=causes[1],
            causation_id=causes[0],
            event_time_us=answers.time_us,
            venue=answers.venue,
            account=account,
            asset=asset,
            reason=reason,
            reference_id=reference_id,
            change_e8=change_e8,
            available_e8=total_e8 - locked_e8,
            locked_e8=locked_e8,
            total_e8=total_e8,
            balance_sequence=held.changes,
        )
    )
