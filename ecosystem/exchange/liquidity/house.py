"""The house: market makers of the venue's own, who quote around the feed's price.

With each tick they quote anew, and always show ten levels on each side; the quantities are seeded
by the number of the tick. A level exists only when somebody comes to look at it, so a tick nobody
trades on costs next to nothing. What takers take until the next tick is gone from their best
levels first, and deeper levels come into sight; with the next tick they stand in full again, and
moved by what was taken lately (`impact`). They offer no more than they hold, and never quote
through the orders of accounts. Their orders, executions and balances are not published.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from ecosystem.events.fills import OrderFilled
from ecosystem.exchange.liquidity.impact import Impact
from ecosystem.exchange.liquidity.noise import Noise, NoiseTrade
from ecosystem.exchange.liquidity.quote import Quote
from ecosystem.exchange.liquidity.sizes import LEVELS, Sizes
from ecosystem.instruments import INSTRUMENTS, Instrument
from ecosystem.rng import Stream
from ecosystem.units import E8, SECOND_US
from ecosystem.venues import VenueTerms

HOUSE_HOLDINGS_E8: Final[Mapping[str, int]] = MappingProxyType(
    {"BTC": 20_000 * E8, "ETH": 400_000 * E8, "USD": 10**9 * E8, "USDT": 10**9 * E8}
)
"""What the house holds of each asset when a run begins."""
_SPACING_OF_PRICE: Final = 10_000
_IMPACT_SHARE: Final = 400


class Disturbance(NamedTuple):
    """What makes the house quote otherwise than it would."""

    accounts: frozenset[str] | None
    """Whom it quotes so; None for everybody, the published book included."""
    widening_e8: int
    """Factor of the spread."""
    depth_e8: int
    """Factor of the quantities."""
    share_e8: int = E8
    """Share of each execution that happens."""

    def meets(self, account: str | None) -> bool:
        """Tell whether an account, or with None the public, is quoted so."""
        return self.accounts is None or account in self.accounts


Side = tuple[tuple[int, ...], tuple[int, ...]]
"""The prices of one side of a book, best first, and the quantities at them."""
_ENOUGH_E8: Final = 1 << 62
"""Of a perpetual the house sells what it does not hold; only its levels bound it."""


class House:
    """The venue's own liquidity: holdings, quotes and the fees collected."""

    __slots__ = (
        "_delay_us",
        "_sizes",
        "disturbances",
        "fees_e8",
        "holdings_e8",
        "noise",
        "quotes",
    )

    def __init__(self, seed: int, terms: VenueTerms, holdings_e8: Mapping[str, int]) -> None:
        self.holdings_e8 = dict(holdings_e8)
        self.fees_e8 = dict.fromkeys(holdings_e8, 0)
        self.disturbances: Mapping[str, tuple[Disturbance, ...]] = {}
        """What disturbs the quotes now, by instrument."""
        self.noise: Mapping[str, Noise] = {
            symbol: Noise(seed, terms.name, one, terms.depth_e8)
            for symbol, one in INSTRUMENTS.items()
        }
        self._delay_us = terms.delay_us
        self.quotes = {
            symbol: Quote(
                Impact(one.quantity_max_e8 // _IMPACT_SHARE * terms.depth_e8 // E8),
                one.tick_size_e8,
                terms.widening_e8,
            )
            for symbol, one in INSTRUMENTS.items()
        }
        """Where it stands, by instrument; the machine takes ticks in there."""
        self._sizes = {
            symbol: Sizes(one, Stream(seed, terms.name, "house", symbol), terms.depth_e8)
            for symbol, one in INSTRUMENTS.items()
        }

    def share_e8(self, symbol: str, account: str) -> int:
        """Return which share of an account's executions happens; all of it unless disturbed."""
        share_e8 = E8
        for one in self.disturbances.get(symbol, ()):
            if one.meets(account):
                share_e8 = share_e8 * one.share_e8 // E8
        return share_e8

    def since_us(self, symbol: str) -> int:
        """Return the event time of the tick the house quotes around; 0 before the first."""
        return self.quotes[symbol].since_us

    def touch_e8(self, symbol: str) -> tuple[int, int]:
        """Return the best bid and ask nobody disturbs; zeros when the house is silent."""
        return self.quotes[symbol].touch_e8()

    def crosses(self, symbol: str, bid_e8: int | None, ask_e8: int | None) -> bool:
        """Tell whether the quote may cross an order resting at `bid_e8` or `ask_e8`."""
        own_bid_e8, own_ask_e8 = self.quotes[symbol].touch_e8()
        if not own_bid_e8:
            return False
        return (bid_e8 is not None and bid_e8 >= own_ask_e8) or (
            ask_e8 is not None and ask_e8 <= own_bid_e8
        )

    def touches(self, symbol: str, bid_e8: int | None, ask_e8: int | None) -> bool:
        """Tell whether an order resting at `bid_e8` or `ask_e8` is as good as the quote, or better.

        Others meet neither the house nor a noise trader.
        """
        own_bid_e8, own_ask_e8 = self.quotes[symbol].touch_e8()
        return (bid_e8 is not None and bid_e8 >= own_bid_e8 > 0) or (
            ask_e8 is not None and ask_e8 <= own_ask_e8
        )

    def noise_trade(self, symbol: str, bid_e8: int | None, ask_e8: int | None) -> NoiseTrade | None:
        """Return the noise trade of this second if it meets orders resting at these prices first.

        An order at the price of the house's best quote stands before it.
        """
        quote = self.quotes[symbol]
        own_bid_e8, own_ask_e8 = quote.touch_e8()
        sold_to = bid_e8 is not None and bid_e8 >= own_bid_e8 > 0
        bought_from = ask_e8 is not None and ask_e8 <= own_ask_e8
        if not sold_to and not bought_from:
            return None
        trade = self.noise[symbol].trade(quote.since_us // SECOND_US)
        return trade if (bought_from if trade.buys else sold_to) else None

    def noise_bound_e8(self, instrument: Instrument, *, buys: bool) -> tuple[int, int]:
        """Return the worst price a noise trader takes, and how much the house can settle for it."""
        bid_e8, ask_e8 = self.touch_e8(instrument.symbol)
        if buys:
            return ask_e8, _whole_lots_e8(
                instrument, self._held_e8(instrument, instrument.quote), ask_e8
            )
        return bid_e8, _whole_lots_e8(instrument, self._held_e8(instrument, instrument.base), E8)

    def middle_price_e8(self, symbol: str) -> int | None:
        """Return the middle of the best quotes; None when the house is silent."""
        return sum(self.quotes[symbol].touch_e8()) // 2 or None

    def whole_sides(self, instrument: Instrument) -> tuple[Side | None, Side | None]:
        """Return for bids and asks what `offers` would yield to the public, ten levels of each.

        None where that takes a closer look: something disturbs the house, was taken since the
        tick, or is scarce.
        """
        symbol = instrument.symbol
        quote = self.quotes[symbol]
        bid_e8, ask_e8 = quote.touch_e8()
        if not bid_e8 or symbol in self.disturbances:
            return None, None
        sizes, tick_e8 = self._sizes[symbol], instrument.tick_size_e8
        bid_sizes_e8, ask_sizes_e8 = sizes.best_e8(quote.number)
        bids = asks = None
        spacing_e8 = bid_e8 // _SPACING_OF_PRICE // tick_e8 * tick_e8 or tick_e8
        if not quote.taken[0] and (last_e8 := bid_e8 - LEVELS * spacing_e8) > 0:
            held_e16 = (self._held_e8(instrument, instrument.quote) - LEVELS) * E8
            if sizes.most_e8 * bid_e8 <= held_e16 or sum(bid_sizes_e8) * bid_e8 <= held_e16:
                bids = tuple(range(bid_e8, last_e8, -spacing_e8)), bid_sizes_e8
        spacing_e8 = ask_e8 // _SPACING_OF_PRICE // tick_e8 * tick_e8 or tick_e8
        if not quote.taken[1]:
            held_e8 = self._held_e8(instrument, instrument.base)
            if sizes.most_e8 <= held_e8 or sum(ask_sizes_e8) <= held_e8:
                prices_e8 = range(ask_e8, ask_e8 + LEVELS * spacing_e8, spacing_e8)
                asks = tuple(prices_e8), ask_sizes_e8
        return bids, asks

    def offers(
        self,
        instrument: Instrument,
        *,
        buys: bool,
        account: str | None = None,
        beyond_e8: int | None = None,
        disturbed: bool = True,
    ) -> Iterator[tuple[int, int]]:
        """Yield price and quantity, best first, that the house offers to one who buys or sells.

        Args:
            account: who asks; None for the public.
            beyond_e8: the best price of the accounts' orders on the asker's side, which the house
                does not reach.
            disturbed: whether what disturbs the house counts.
        """
        quote = self.quotes[instrument.symbol]
        if not quote.touch_e8()[0]:
            return
        widening_e8 = depth_e8 = E8
        for one in self.disturbances.get(instrument.symbol, ()) if disturbed else ():
            if one.meets(account):
                widening_e8 = widening_e8 * one.widening_e8 // E8
                depth_e8 = depth_e8 * one.depth_e8 // E8
        if not depth_e8:
            return
        price_e8 = _first_price_e8(quote, instrument, widening_e8, beyond_e8, buys=buys)
        tick_e8 = instrument.tick_size_e8
        spacing_e8 = max(tick_e8, price_e8 // _SPACING_OF_PRICE // tick_e8 * tick_e8)
        if not buys:
            spacing_e8 = -spacing_e8
        taken_e8 = quote.taken[buys]
        held_e8 = self._held_e8(instrument, instrument.base if buys else instrument.quote)
        lot_e8, shown = instrument.lot_size_e8, 0
        sizes = self._sizes[instrument.symbol]
        for quantity_e8 in sizes.quantities_e8(quote.number, int(buys), depth_e8):
            if price_e8 <= 0:
                return
            if taken_e8 >= quantity_e8:
                taken_e8 -= quantity_e8
            else:
                quantity_e8 -= taken_e8
                taken_e8 = 0
                most_e8 = held_e8 if buys else held_e8 * E8 // price_e8
                if quantity_e8 > most_e8:
                    quantity_e8 = most_e8 // lot_e8 * lot_e8
                if not quantity_e8:
                    return
                held_e8 -= quantity_e8 if buys else -(-quantity_e8 * price_e8 // E8)
                yield price_e8, quantity_e8
                shown += 1
                if shown == LEVELS:
                    return
            price_e8 += spacing_e8

    def _held_e8(self, instrument: Instrument, asset: str) -> int:
        return self.holdings_e8[asset] if instrument.kind == "SPOT" else _ENOUGH_E8

    def apply(self, fill: OrderFilled, instrument: Instrument) -> None:
        """Take the other side of an account's execution."""
        buys = fill.side == "BUY"
        sign = -1 if buys else 1
        if instrument.kind == "SPOT":  # of a perpetual it has a position instead
            self.holdings_e8[instrument.base] += sign * fill.quantity_e8
            self.holdings_e8[instrument.quote] -= sign * fill.notional_e8
        if fill.liquidity != "TAKER":
            return  # the house came to the order, so its own quotes stand, and nothing pushed it
        quote = self.quotes[instrument.symbol]
        decided_us = fill.event_time_us - self._delay_us
        quote.pending.append((decided_us, int(buys), fill.quantity_e8))
        if decided_us >= quote.since_us:
            quote.taken[buys] += fill.quantity_e8


def _first_price_e8(
    quote: Quote, instrument: Instrument, widening_e8: int, beyond_e8: int | None, *, buys: bool
) -> int:
    tick_e8 = instrument.tick_size_e8
    bid_e8, ask_e8 = quote.touch_e8()
    half_e8 = (ask_e8 - bid_e8) * (widening_e8 - E8) // (2 * E8)
    if buys:
        price_e8 = -(-(ask_e8 + half_e8) // tick_e8) * tick_e8
        return price_e8 if beyond_e8 is None else max(price_e8, beyond_e8 + tick_e8)
    price_e8 = (bid_e8 - half_e8) // tick_e8 * tick_e8
    return price_e8 if beyond_e8 is None else min(price_e8, beyond_e8 - tick_e8)


def _whole_lots_e8(instrument: Instrument, held_e8: int, price_e8: int) -> int:
    return held_e8 * E8 // price_e8 // instrument.lot_size_e8 * instrument.lot_size_e8
