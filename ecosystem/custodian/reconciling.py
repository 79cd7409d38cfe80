"""Every five minutes the custodian compares its record of each venue with the venue's word."""

from typing import Final

from ecosystem.custodian.answers import Answers
from ecosystem.custodian.records import Comparison
from ecosystem.events.settlements import ReconciliationCompleted
from ecosystem.events.words import Resolution
from ecosystem.instruments import ASSETS
from ecosystem.units import E8, MINUTE_US, format_e8

EVERY_US: Final = 5 * MINUTE_US
RESOLVED_BELOW_USD_E8: Final = 100 * E8
NOTED_TO_USD_E8: Final = 1_000 * E8


def resolution_of(discrepancy_usd_e8: int, matches: bool) -> Resolution:
    """Return what is done about a discrepancy of this worth."""
    if matches:
        return "MATCHED"
    if discrepancy_usd_e8 < RESOLVED_BELOW_USD_E8:
        return "AUTO_RESOLVED"
    return "RESOLVED_WITH_NOTE" if discrepancy_usd_e8 <= NOTED_TO_USD_E8 else "UNDER_REVIEW"


def reconcile(answers: Answers) -> None:
    """Compare every asset at every venue."""
    state = answers.state
    number, now_us = state.reconciliation_count, answers.now_us
    places = {(venue, asset) for venue in state.venues for asset in ASSETS}
    for venue, asset in sorted(places | state.records.venue_e8.keys()):
        found = state.records.compare((venue, asset), now_us)
        worth_e8 = abs(state.worth_usd_e8(asset, found.discrepancy_e8))
        resolution = resolution_of(worth_e8, found.discrepancy_e8 == 0)
        event_id = answers.roots.root(f"reconciliation/{venue}/{asset}", number)
        answers.add(
            ReconciliationCompleted(
                event_id=event_id,
                correlation_id=event_id,
                causation_id=event_id,
                event_time_us=answers.time_us,
                custodian=state.name,
                venue=venue,
                asset=asset,
                reconciliation_sequence=number,
                custodian_total_e8=found.record_e8,
                venue_total_e8=found.venue_e8,
                discrepancy_e8=found.discrepancy_e8,
                discrepancy_usd_e8=worth_e8,
                resolution=resolution,
                note=_note(resolution, found, asset),
            )
        )


def _note(resolution: Resolution, found: Comparison, asset: str) -> str:
    if resolution in ("MATCHED", "AUTO_RESOLVED"):
        return ""
    more = "more" if found.discrepancy_e8 > 0 else "less"
    amount = f"{format_e8(abs(found.discrepancy_e8))} {asset} {more} at the venue than recorded"
    if resolution == "RESOLVED_WITH_NOTE":
        return f"{amount}; the venue's word was taken"
    return f"{amount}; the record stands until somebody has looked into it"
