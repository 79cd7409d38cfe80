"""Reconciliation break: fills, balances and custody do not tell the same story.

SEC rule 17a-13 and the UK's CASS 7.15 ask for such reconciliations between a firm's records and
those of whoever holds its assets, and that a discrepancy be resolved or reported.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.settlements import ReconciliationCompleted
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.reconciliation import Leg, Place
from ecosystem.risk.rule import Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, SECOND_US, format_e8


class ReconciliationBreakLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What two records of one amount may differ by in USD, and for how long by more."""

    difference_e8: int
    lasting_us: int


class ReconciliationBreak(Rule[ReconciliationBreakLimit]):
    """Judged at the custodian's reconciliations, and every `lasting_us` by what the monitor knows.

    Between two looks a difference counts by the least it was, so a break is told when it is one
    to two such times old, and the two records of a trade may come as far apart.
    """

    name = "reconciliation_break"

    def __init__(
        self,
        limit: ReconciliationBreakLimit,
        scale: SeverityScale,
        state: RiskState,
        book: AlertBook,
    ) -> None:
        super().__init__(limit, scale, state, book)
        self.due_us = 0

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at reconciliations."""
        return {ReconciliationCompleted: self._reconciled}

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of accounts whose two sides have differed all the time."""
        self.due_us = now_us + self.limit.lasting_us
        found: list[Finding] = []
        differing = self.state.reconciliation.differing
        for place, leg in list(differing.items()):
            found += self._judge(place, leg, leg.look())
            if not leg.difference_e8:
                del differing[place]
        return found

    def _reconciled(self, event: ReconciliationCompleted, now_us: int) -> Sequence[Finding]:
        # Whose marks are right is not ours to say: the greater worth counts.
        found_e8 = abs(event.discrepancy_e8)
        worth_e8 = max(self._worth_e8(event.asset, found_e8), event.discrepancy_usd_e8)
        subject = f"{event.custodian}/{event.venue}/{event.asset}"
        return self.found(
            self.watch(subject),
            worth_e8,
            self.limit.difference_e8,
            KIND.unit,
            lambda: [event.event_id],
            lambda: (
                f"the custodian's record of {event.venue} and the venue differ by"
                f" {format_e8(found_e8)} {event.asset}, worth {format_e8(worth_e8, 2)} USD"
                f" ({event.resolution}); the limit is"
                f" {format_e8(self.limit.difference_e8, 2)} USD"
            ),
        )

    def _judge(self, place: Place, leg: Leg, lasting_e8: int) -> Sequence[Finding]:
        worth_e8 = self._worth_e8(place[2], lasting_e8)
        subject = "/".join(place)
        watch = self.watch(subject)
        return self.found(
            watch,
            worth_e8,
            self.limit.difference_e8,
            KIND.unit,
            lambda: list(reversed(leg.events)),
            lambda: (
                f"{subject}: what is stated and what fills and settlements imply differ by"
                f" {format_e8(lasting_e8)}, worth {format_e8(worth_e8, 2)} USD, for"
                f" {self.limit.lasting_us // SECOND_US} s or longer; the limit is"
                f" {format_e8(self.limit.difference_e8, 2)} USD"
            ),
        )

    def _worth_e8(self, what: str, amount_e8: int) -> int:
        marks_e8 = self.state.portfolio.marks_e8
        instrument = INSTRUMENTS.get(what)
        if instrument is None:
            return amount_e8 * marks_e8.get(what, 0) // E8
        price_e8 = self.state.market.mids_e8.get(what, 0)
        return amount_e8 * price_e8 // E8 * marks_e8.get(instrument.quote, 0) // E8


def _read(table: Table) -> ReconciliationBreakLimit:
    return ReconciliationBreakLimit(
        difference_e8=table.number("difference_usd"),
        lasting_us=table.whole("lasting_s") * SECOND_US,
    )


KIND: Final = RuleKind(
    rule=ReconciliationBreak,
    title="Fills, balances and custody do not tell the same story",
    watches=(
        "the custodian's discrepancies; and, by account and asset, what balances state against"
        " what fills, settlements and the reasons of balances imply, by the least it was over"
        " `lasting_s`"
    ),
    limit="`difference_usd`, for `lasting_s` or longer",
    clears="below the `clear` share: when the two sides agree again",
    inputs="the reconciliation; or the latest records of the account since the two sides agreed",
    unit="USD",
    keys=("difference_usd", "lasting_s"),
    subjects=(),
    read=_read,
)
