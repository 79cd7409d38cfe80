"""What is booked by half: facts that belong together and come in several records.

An execution of a spot instrument changes two balances. One of a perpetual changes the position and
then, by what it realised less the fee, one balance. Where an account cannot pay, the insurance
fund's payment comes before the payment it makes possible. All records of one such fact are caused
by one event, and concern one account.

A deposit has no second record that is sure to come. But what an account is opened with is stated
asset by asset, and so is what goes in or out together: a second is waited for more of it.
"""

from typing import Final

from ecosystem.events.accounts import PositionChanged
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.words import EventId
from ecosystem.units import SECOND_US

HALF_BOOKED_US: Final = SECOND_US
"""How long the rest of a fact is waited for; what stays alone for longer is taken for the whole."""
_FLOWS: Final = ("DEPOSIT", "WITHDRAWAL")
_PAYS: Final = ("FUNDING", "LIQUIDATION")


class Legs:
    """The facts of which a part is still to come, by account and cause."""

    __slots__ = ("_since_us",)

    def __init__(self) -> None:
        self._since_us: dict[tuple[EventId, str], int] = {}

    def balance(self, event: BalanceChanged) -> None:
        """Take in a balance: what it begins, or completes."""
        reason = event.reason
        if reason == "TRADE":
            fact = (event.causation_id, event.account)
            if self._since_us.pop(fact, None) is None:
                self._since_us[fact] = event.event_time_us
        elif reason == "INSURANCE":
            self._since_us.setdefault((event.causation_id, event.account), event.event_time_us)
        elif reason in _FLOWS:
            self._since_us[event.event_id, event.account] = event.event_time_us
        elif reason in _PAYS and self._since_us:
            self._since_us.pop((event.causation_id, event.account), None)

    def position(self, event: PositionChanged) -> None:
        """Take in a change of a derivative position, which a balance will follow."""
        self._since_us[event.causation_id, event.account] = event.event_time_us

    def open(self, now_us: int) -> bool:
        """Return whether a fact is booked by half."""
        if self._since_us:
            self._since_us = {
                fact: at_us
                for fact, at_us in self._since_us.items()
                if now_us - at_us < HALF_BOOKED_US
            }
        return bool(self._since_us)
