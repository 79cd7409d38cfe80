"""What the feed keeps for each instrument: its names, its draws, its models."""

from typing import Final

from ecosystem.ids import RootIds
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.depth import DepthModel
from ecosystem.market_data.quotes import QuoteModel
from ecosystem.rng import Stream


class Line:
    """One instrument on the feed."""

    __slots__ = (
        "again_ids",
        "base",
        "beat_ids",
        "depth",
        "draws",
        "measure",
        "model",
        "quote_asset",
        "symbol",
        "tick_ids",
    )

    def __init__(self, symbol: str, seed: int, roots: RootIds) -> None:
        instrument = INSTRUMENTS[symbol]
        self.symbol = symbol
        self.base, self.quote_asset = instrument.base, instrument.quote
        self.tick_ids = roots.stream(f"tick/{symbol}")
        self.again_ids = roots.stream(f"tick-again/{symbol}")
        self.beat_ids = roots.stream(f"heartbeat/{symbol}")
        self.measure = f"price {symbol}"
        self.draws = Stream(seed, "market-data", "quote", symbol)
        self.depth = DepthModel(instrument, Stream(seed, "market-data", "depth", symbol))
        self.model = QuoteModel(instrument)


def lines(seed: int, roots: RootIds) -> tuple[Line, ...]:
    """Return the lines of all instruments, in their order."""
    return tuple(Line(symbol, seed, roots) for symbol in INSTRUMENTS)


LAST: Final = 2
"""Where a quote holds the last price."""
