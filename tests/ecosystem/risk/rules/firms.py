"""Portfolios for the rules about the whole: a few holdings, contracts and prices."""

from collections.abc import Mapping

from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.risk.watch import Finding
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, event_id, position, tick
from tests.ecosystem.risk.rules.rig import Rig

PERPETUAL = "BTC-USD-PERP"


class Firm:
    """Moves the portfolio of a rig; amounts and prices are scaled."""

    def __init__(self, rig: Rig, prices_e8: Mapping[str, int] | None = None) -> None:
        self.rig = rig
        self._accounts = Accounts()
        self._count = 0
        self._contracts_e8: dict[str, int] = {}
        self._sequences: dict[str, int] = {}
        for asset, price_e8 in (prices_e8 or {"BTC": E8, "ETH": E8, "USDT": E8}).items():
            self.mark(asset, price_e8)

    def mark(self, asset: str, price_e8: int) -> None:
        """Give an asset a price, and bitcoin's perpetual the same as bitcoin."""
        self._count += 1
        self.rig.portfolio.mark(asset, price_e8, event_id(f"mark/{asset}", self._count))
        if asset == "BTC":
            tick_id = event_id(f"mark/{PERPETUAL}", self._count)
            self.rig.portfolio.mark_derivative(PERPETUAL, price_e8, tick_id)

    def hold(self, asset: str, amount_e8: int) -> None:
        """Own so much of an asset."""
        held_e8 = self.rig.portfolio.positions_e8.get(asset, 0)
        self.rig.portfolio.balance(self._accounts.change(0, asset, amount_e8 - held_e8))

    def contracts(self, amount_e8: int, venue: str = "exchange-okx") -> None:
        """Have so many contracts of the perpetual at a venue, entered at the price of now."""
        sequence = self._sequences[venue] = self._sequences.get(venue, -1) + 1
        before_e8, self._contracts_e8[venue] = self._contracts_e8.get(venue, 0), amount_e8
        self.rig.portfolio.position(
            position(
                0,
                amount_e8,
                self.rig.portfolio.derivatives.marks_e8[PERPETUAL] if amount_e8 else 0,
                change_e8=amount_e8 - before_e8,
                sequence=sequence,
                venue=venue,
            )
        )

    def found(self) -> dict[str, Finding]:
        """Return what is found in the whole, by subject, and let the alerts take their course."""
        found = list(self.rig.rule.judge_whole())
        for finding in found:
            self.rig.book.decide(finding, tick(1, 1))
        return {finding.watch.subject: finding for finding in found}

    def alert(self, finding: Finding) -> RiskAlertRaised:
        """Return the alert that is raised for a finding on a fresh watch."""
        told = finding.watch.told
        assert isinstance(told, RiskAlertRaised)
        return told


def balance_of(asset: str, sequence: int = 0) -> bytes:
    """Return the id of a balance of the firm's."""
    return event_id(f"balance/exchange-okx/firm-momentum/{asset}", sequence)


def position_of(sequence: int = 0, venue: str = "exchange-okx") -> bytes:
    """Return the id of a position of the firm's."""
    return event_id(f"position/{venue}/firm-futures/{PERPETUAL}", sequence)
