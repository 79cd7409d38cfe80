"""Lays prices from outside over the model's, so that the instruments still agree with each other.

An instrument that is followed has the price it is given, or none. The others are the model's, moved
with the dollar prices of the assets they are made of: where USDT-USD follows a recording down to
0.90, BTC-USDT rises by a ninth, and no riskless round trip opens. A followed cross or perpetual
stands alone: it moves nothing but itself.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.source import SourcePrice

DOLLAR_PAIRS: Final[Mapping[str, str]] = {
    instrument.base: symbol
    for symbol, instrument in INSTRUMENTS.items()
    if instrument.quote == "USD" and instrument.kind == "SPOT"
}
"""The instrument that prices each asset in dollars."""
_SAME: Final = (1, 1)
_PLACES: Final = {symbol: place for place, symbol in enumerate(INSTRUMENTS)}


class Overlay:
    """Prices from outside over those of a model.

    While a followed dollar pair is silent, what is made of its asset holds on to its last price;
    before the first one it is silent too, lest it leap from the model's level to another.

    Args:
        followed: the instruments whose prices come from outside.
    """

    def __init__(self, followed: Collection[str]) -> None:
        self._followed = frozenset(followed)
        self._last_e8: dict[str, int] = {}
        dollars = {asset for asset, pair in DOLLAR_PAIRS.items() if pair in self._followed}
        self._derived = tuple(
            (_PLACES[symbol], instrument.base, instrument.quote)
            for symbol, instrument in INSTRUMENTS.items()
            if symbol not in self._followed and dollars & {instrument.base, instrument.quote}
        )
        self._dollars = dollars

    def follow(self, given: Mapping[str, SourcePrice | None]) -> None:
        """Remember the prices of a step; must be called for every step that has any."""
        for symbol, price in given.items():
            if price is not None:
                self._last_e8[symbol] = price.mid_price_e8

    def prices(
        self, model: Sequence[SourcePrice | None], given: Mapping[str, SourcePrice | None]
    ) -> list[SourcePrice | None]:
        """Return the price of each instrument, in the order of `INSTRUMENTS`."""
        prices = list(model)
        for symbol in self._followed:
            prices[_PLACES[symbol]] = given[symbol]
        factors = {asset: self._factor(asset, model) for asset in self._dollars}
        for place, base, quote in self._derived:
            price, up, down = model[place], factors.get(base, _SAME), factors.get(quote, _SAME)
            if price is None or up is None or down is None:
                prices[place] = None
            else:
                mid_e8 = price.mid_price_e8 * up[0] * down[1] // (up[1] * down[0])
                prices[place] = SourcePrice(mid_e8, None, price.volume_e8)
        return prices

    def _factor(self, asset: str, model: Sequence[SourcePrice | None]) -> tuple[int, int] | None:
        pair = DOLLAR_PAIRS[asset]
        modelled, given_e8 = model[_PLACES[pair]], self._last_e8.get(pair)
        if modelled is None or given_e8 is None:
            return None
        return given_e8, modelled.mid_price_e8
