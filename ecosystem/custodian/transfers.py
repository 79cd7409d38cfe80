"""Which transfers a custodian takes: known places, fair amounts, allowed destinations, funds."""

from typing import Final

from ecosystem.custodian.calendar import CYCLES
from ecosystem.custodian.clients import Client
from ecosystem.custodian.facts import Refusal
from ecosystem.custodian.state import CustodyState
from ecosystem.events.settlements import TransferRequested
from ecosystem.instruments import ASSETS
from ecosystem.units import format_e8

BANK_KINDS: Final = ("DOMESTIC_WIRE", "ACH", "INTERNATIONAL_WIRE")
BANK_ASSET: Final = "USD"


def refusal(state: CustodyState, request: TransferRequested) -> Refusal | None:
    """Return why a transfer is refused; None when it is taken."""
    client = next(
        (one for one in state.clients if one.published and one.account == request.custody_account),
        None,
    )
    if request.venue not in state.venues:
        found = f"venue {request.venue!r}; allowed: {', '.join(state.venues)}"
        return "UNKNOWN_VENUE", found
    if client is None:
        return "UNKNOWN_ACCOUNT", f"custody account {request.custody_account!r} is none of yours"
    # The assets of one client never go to another, nor come from there.
    if not client.owns(request.account) or not state.records.knows(request.venue, request.account):
        found = f"account {request.account!r} at {request.venue}; allowed: accounts of yours there"
        return "UNKNOWN_ACCOUNT", found
    return _terms(request) or _funds(state, client, request)


def _terms(request: TransferRequested) -> Refusal | None:
    asset, kind = request.asset, request.kind
    if asset not in ASSETS:
        return "UNKNOWN_ASSET", f"asset {asset!r}; allowed: {', '.join(ASSETS)}"
    if request.amount_e8 <= 0:
        return "INVALID_AMOUNT", f"{format_e8(request.amount_e8)}; allowed: above 0"
    if kind not in CYCLES or request.direction == "UNKNOWN":
        found = f"{kind} {request.direction}; allowed: {', '.join(CYCLES)}, TO_CUSTODY or TO_VENUE"
        return "INVALID_KIND", found
    if kind in BANK_KINDS and asset != BANK_ASSET:
        return "INVALID_KIND", f"{kind} of {asset}; banks move {BANK_ASSET}"
    return None


def _funds(state: CustodyState, client: Client, request: TransferRequested) -> Refusal | None:
    asset, amount_e8 = request.asset, request.amount_e8
    worth_e8 = state.worth_usd_e8(asset, amount_e8)
    if worth_e8 > client.transfer_max_usd_e8:
        found = f"{format_e8(worth_e8, 2)} USD; allowed: {format_e8(client.transfer_max_usd_e8, 2)}"
        return "LIMIT_EXCEEDED", found
    if request.direction == "TO_VENUE":
        if request.venue not in client.whitelist:
            listed = ", ".join(sorted(client.whitelist)) or "none"
            return "NOT_WHITELISTED", f"{request.venue}; allowed: {listed}"
        free_e8 = state.ledger.holding(client.account, asset).available_e8
    else:
        free_e8 = state.records.available_e8(request.venue, request.account, asset)
    if amount_e8 > free_e8:
        found = f"{format_e8(amount_e8)} {asset}; available: {format_e8(max(free_e8, 0))}"
        return "INSUFFICIENT_BALANCE", found
    return None
