"""The counter of a custodian's door: transfers become events, and are found again."""

from doors.problems import ProblemError
from doors.wording import words
from ecosystem.custodian import views
from ecosystem.custodian.machine import Custodian
from ecosystem.events.settlements import TransferCancelRequested, TransferRequested
from ecosystem.events.words import EventId
from ecosystem.units import parse_e8
from producers.custodian.answers import SettlementAnswer, TransferAnswer, TransferWish
from producers.live.envelope import root_envelope
from producers.live.requests import Requests
from producers.live.window import Window


class TransferCounter:
    """Takes wishes for transfers of one custodian, and finds transfers again."""

    def __init__(self, name: str, window: Window[Custodian], requests: Requests) -> None:
        self._name = name
        self._window = window
        self._requests = requests

    def request(self, wish: TransferWish, key: str | None) -> EventId:
        """Return the id of the transfer asked for; it stands on the log.

        Raises:
            ProblemError: the key stands for another transfer, or the log does not take it.
        """
        key = key or wish.client_transfer_id
        transfer_id = self._requests.name(key and f"transfer/{key}")
        with self._window.looking() as machine:
            known = views.transfer(machine.state, transfer_id) is not None
        if known and self._requests.traces.events(transfer_id) is None:
            return transfer_id  # asked for before the last restart
        self._requests.send(
            TransferRequested(
                **root_envelope(transfer_id, self._requests.now_us()),
                transfer_id=transfer_id,
                custodian=self._name,
                venue=wish.venue,
                account=wish.account,
                custody_account=wish.custody_account,
                asset=wish.asset,
                amount_e8=parse_e8(wish.amount),
                direction=wish.direction,
                kind=wish.kind,
            )
        )
        return transfer_id

    def cancel(self, transfer_id: EventId) -> TransferCancelRequested:
        """Return the wish that a transfer be called off; it stands on the log.

        Raises:
            ProblemError: it is unknown, or no longer pending.
        """
        found = self.find(transfer_id)
        if found.status not in ("REQUESTED", "PENDING"):
            raise ProblemError(
                409, "not-pending", f"transfer {transfer_id.hex()} is {found.status}"
            )
        request = TransferCancelRequested(
            **root_envelope(self._requests.name(None), self._requests.now_us()),
            transfer_id=transfer_id,
            custodian=self._name,
            reason="asked at the door",
        )
        self._requests.send(request)
        return request

    def find(self, transfer_id: EventId) -> TransferAnswer:
        """Return a transfer.

        Raises:
            ProblemError: it is unknown here.
        """
        with self._window.looking() as machine:
            found = views.transfer(machine.state, transfer_id)
        if found is not None:
            return transfer_answer(found)
        for event in self._requests.traces.events(transfer_id) or ():
            if isinstance(event, TransferRequested):
                name = transfer_id.hex()
                return TransferAnswer(transfer_id=name, correlation_id=name, status="REQUESTED")
        raise ProblemError(404, "unknown-transfer", f"transfer {transfer_id.hex()} is unknown here")


def transfer_answer(view: views.TransferView) -> TransferAnswer:
    """Return a transfer as it is shown."""
    if view.settlement is None:
        return TransferAnswer(
            transfer_id=view.transfer_id.hex(),
            status="REJECTED",
            reason=view.rejected,
            detail=view.detail,
        )
    settlement = SettlementAnswer(**words(view.settlement))
    return TransferAnswer(
        transfer_id=view.transfer_id.hex(),
        correlation_id=settlement.correlation_id,
        status=settlement.status,
        settlement=settlement,
        detail=view.detail,
    )
