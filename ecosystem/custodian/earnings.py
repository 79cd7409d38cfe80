"""What accounts have earned at each venue and not yet sent to custody."""

from ecosystem.custodian.profit import Profits
from ecosystem.events.accounts import PositionChanged
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.fills import OrderFilled
from ecosystem.instruments import INSTRUMENTS


class Earnings:
    """Realised profit by venue, account and asset, less what was instructed for settlement."""

    __slots__ = ("_profits", "_unsettled_e8")

    def __init__(self) -> None:
        self._profits: dict[str, Profits] = {}
        self._unsettled_e8: dict[tuple[str, str, str], int] = {}

    def unsettled_e8(self, venue: str, account: str, asset: str) -> int:
        """Return what was earned and not yet instructed; negative after losses."""
        return self._unsettled_e8.get((venue, account, asset), 0)

    def filled(self, fill: OrderFilled) -> str:
        """Take in an execution and return the asset it earns."""
        instrument = INSTRUMENTS.get(fill.instrument)
        if instrument is not None and instrument.kind == "PERPETUAL":
            # What it realised is told with the position.
            self.add(fill.venue, fill.account, fill.fee_asset, -fill.fee_e8)
            return instrument.quote
        asset, profit_e8 = self._of(fill.venue).realise(fill)
        self.add(fill.venue, fill.account, asset, profit_e8)
        return asset

    def position_changed(self, event: PositionChanged) -> str:
        """Take in a change of a derivative position and return the asset it earns."""
        instrument = INSTRUMENTS.get(event.instrument)
        asset = instrument.quote if instrument is not None else "USD"
        self.add(event.venue, event.account, asset, event.realised_pnl_e8)
        return asset

    def deposited(self, event: BalanceChanged) -> None:
        """Take in what an account held before it traded."""
        self._of(event.venue).deposit(event.account, event.asset, event.change_e8)

    def add(self, venue: str, account: str, asset: str, amount_e8: int) -> None:
        """Add to what is unsettled; a negative amount was instructed, or lost."""
        place = (venue, account, asset)
        self._unsettled_e8[place] = self._unsettled_e8.get(place, 0) + amount_e8

    def _of(self, venue: str) -> Profits:
        profits = self._profits.get(venue)
        if profits is None:
            profits = self._profits[venue] = Profits()
        return profits
