"""The clients of the custodian: whose assets it keeps, where they may go, and how they are kept.

Each client has one master account. What a custodian tells a client is that client's business
alone: on the log of the firm there is not a word about the assets of others.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.events.words import Direction, SettlementKind
from ecosystem.firm import CUSTODY_ACCOUNT, FIRM, SECOND_VENUE, VENUE
from ecosystem.units import E8, HOUR_US, MINUTE_US
from ecosystem.venues import VENUES

_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})
_NO_KINDS: Final[Mapping[str, SettlementKind]] = MappingProxyType({})


class StandingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer that is made again and again."""

    begins_us: int
    """When it is first made, counted from the opening."""
    every_us: int
    venue: str
    account: str
    asset: str
    amount_e8: int
    direction: Direction
    kind: SettlementKind = "CRYPTO_INTERNAL"


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One client and its terms."""

    name: str
    """Its master account at venues; accounts named `<name>-...` are its sub-accounts."""
    account: str
    """Its master account in custody."""
    published: bool = True
    """Whether the log is this client's: what is kept for others is not written on it."""
    opening_e8: Mapping[str, int] = _NOTHING
    cold_share_e8: Mapping[str, int] = _NOTHING
    """By asset, the share of what is not reserved or staked that is kept in cold storage."""
    staking_share_e8: Mapping[str, int] = _NOTHING
    """By asset, the share of the opening holdings that is staked."""
    whitelist: frozenset[str] = frozenset()
    """The venues that assets may be sent to."""
    transfer_max_usd_e8: int = 10_000_000 * E8
    standing: tuple[StandingOrder, ...] = ()
    kinds: Mapping[str, SettlementKind] = _NO_KINDS
    """How the profit of each account settles, where it is not `CRYPTO_INTERNAL`."""

    def owns(self, account: str) -> bool:
        """Tell whether an account at a venue is this client's."""
        return account == self.name or account.startswith(f"{self.name}-")

    def kind_of(self, account: str) -> SettlementKind:
        """Return how the profit of an account settles."""
        return self.kinds.get(account, "CRYPTO_INTERNAL")


def _float(venue: str, begins_us: int) -> tuple[StandingOrder, StandingOrder]:
    # A float goes out to the venue and comes home half an hour later.
    out = StandingOrder(
        begins_us=begins_us,
        every_us=HOUR_US,
        venue=venue,
        account="firm-arbitrage",
        asset="USD",
        amount_e8=25 * E8,
        direction="TO_VENUE",
    )
    home = msgspec.structs.replace(
        out, begins_us=begins_us + 30 * MINUTE_US, direction="TO_CUSTODY"
    )
    return out, home


THE_FIRM: Final = Client(
    name=FIRM,
    account=CUSTODY_ACCOUNT,
    # Little beside what is at the venues: the firm lives by trading.
    opening_e8=MappingProxyType({"USD": 1_000 * E8, "USDT": 500 * E8}),
    cold_share_e8=MappingProxyType({"USDT": 4 * E8 // 10}),
    whitelist=frozenset(VENUES),
    standing=(*_float(VENUE, 10 * MINUTE_US), *_float(SECOND_VENUE, 25 * MINUTE_US)),
    kinds=MappingProxyType({"firm-reversion": "CRYPTO_EXTERNAL"}),
)
SECOND_CLIENT: Final = Client(
    name="client-two",
    account="custody-client-two",
    published=False,
    opening_e8=MappingProxyType(
        {"BTC": 25 * E8, "ETH": 400 * E8, "USD": 250_000 * E8, "USDT": 50_000 * E8}
    ),
    cold_share_e8=MappingProxyType({"BTC": 9 * E8 // 10, "ETH": 8 * E8 // 10}),
    staking_share_e8=MappingProxyType({"ETH": E8 // 4}),
)
CLIENTS: Final = (THE_FIRM, SECOND_CLIENT)
