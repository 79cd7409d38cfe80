"""Standing orders: what a client's treasury moves between custody and venues by the clock."""

import msgspec

from ecosystem.custodian.answers import Answers
from ecosystem.custodian.clients import Client, StandingOrder
from ecosystem.events.settlements import TransferRequested
from ecosystem.events.words import EventId
from ecosystem.ids import RootIds


class Standing(msgspec.Struct, frozen=True):
    """One order of one client, and how its requests are named."""

    client: Client
    order: StandingOrder
    number: int
    """Tells the standing orders of the custodian apart."""

    def next_us(self, starts_at_us: int, after_us: int) -> int:
        """Return the first time after `after_us` at which it is carried out."""
        passed = max(0, (after_us - starts_at_us - self.order.begins_us) // self.order.every_us + 1)
        return starts_at_us + self.order.begins_us + passed * self.order.every_us

    def request_id(self, roots: RootIds, starts_at_us: int, at_us: int) -> EventId:
        """Return the id of the request that is made at a time."""
        count = (at_us - starts_at_us) // self.order.every_us
        return roots.root(f"standing/{self.number}", count)

    def request(self, answers: Answers, request_id: EventId) -> TransferRequested:
        """Ask for the transfer, as the client would."""
        order = self.order
        event = TransferRequested(
            event_id=request_id,
            correlation_id=request_id,
            causation_id=request_id,
            event_time_us=answers.time_us,
            transfer_id=request_id,
            custodian=answers.state.name,
            venue=order.venue,
            account=order.account,
            custody_account=self.client.account,
            asset=order.asset,
            amount_e8=order.amount_e8,
            direction=order.direction,
            kind=order.kind,
        )
        answers.add(event)
        return event


def standing_orders(clients: tuple[Client, ...]) -> tuple[Standing, ...]:
    """Return the standing orders of the clients of this log, in order."""
    orders = [(one, order) for one in clients if one.published for order in one.standing]
    return tuple(Standing(client, order, number) for number, (client, order) in enumerate(orders))
