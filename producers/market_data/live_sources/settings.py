"""Live sources from strict YAML: which exchanges, for which instruments, believed how much.

sources:
  - name: kraken
    exchange: kraken
    weight: 3
    instruments: {BTC-USD: BTC/USD, USDT-USD: USDT/USD}
  - name: mirror
    exchange: bitstamp
    weight: 1
    url: http://127.0.0.1:9000
    instruments: {BTC-USD: BTC/USD}
every: 1s
timeout: 5s
stale: 30s
sources-min: 2
agree-within: 1%
"""

from pathlib import Path
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.consensus import ConsensusTerms
from ecosystem.units import E8, SECOND_US
from eventlog.catalogue.yaml_nodes import Mistakes, compose, line_of, unknown
from producers.test_coordinator.section import Section

KEYS: Final = ("sources", "every", "timeout", "stale", "sources-min", "agree-within")
SOURCE_KEYS: Final = ("name", "exchange", "weight", "url", "instruments")
SOURCES_MAX: Final = 20
WEIGHT: Final = (1, 1_000)
EVERY_US: Final = (SECOND_US // 20, 60 * SECOND_US)
TIMEOUT_US: Final = (SECOND_US // 10, 60 * SECOND_US)
STALE_US: Final = (SECOND_US, 600 * SECOND_US)
AGREE_WITHIN_E8: Final = (E8 // 10_000, E8 // 10)


class LiveExchange(msgspec.Struct, frozen=True, kw_only=True):
    """One source: an exchange as ccxt knows it."""

    name: str
    exchange: str
    weight: int
    markets: dict[str, str]
    """What the exchange calls each of our instruments, in ccxt's unified form."""
    url: str = ""
    """Asked instead of the exchange's own address: a mirror, or a server of a test."""


class LiveSourceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The live sources of a feed."""

    exchanges: tuple[LiveExchange, ...]
    every_us: int
    timeout_us: int
    stale_us: int
    sources_min: int
    agree_within_e8: int

    @property
    def instruments(self) -> tuple[str, ...]:
        """Our instruments that at least one source knows."""
        named = {symbol for one in self.exchanges for symbol in one.markets}
        return tuple(symbol for symbol in INSTRUMENTS if symbol in named)

    def terms(self, instrument: str) -> ConsensusTerms:
        """Return the terms on which an instrument's sources agree."""
        weights = {one.name: one.weight for one in self.exchanges if instrument in one.markets}
        return ConsensusTerms(
            weights=weights,
            stale_us=self.stale_us,
            sources_min=self.sources_min,
            agree_within_e8=self.agree_within_e8,
        )


def load_live_sources(path: Path) -> LiveSourceSettings:
    """Return the live sources of a file.

    Raises:
        CatalogueError: with every mistake: file, line, what was found and what is allowed.
        InvalidInputError: fewer sources for an instrument than must agree.
    """
    mistakes = Mistakes(str(path))
    top = Section(compose(path, str(path)), mistakes, "live sources", KEYS)
    exchanges = [
        found
        for section in top.sections("sources", SOURCE_KEYS, SOURCES_MAX)
        if (found := _exchange(section)) is not None
    ]
    settings = LiveSourceSettings(
        exchanges=tuple(exchanges),
        every_us=top.duration("every", EVERY_US, required=False, default=SECOND_US) or 0,
        timeout_us=top.duration("timeout", TIMEOUT_US, required=False, default=5 * SECOND_US) or 0,
        stale_us=top.duration("stale", STALE_US, required=False, default=30 * SECOND_US) or 0,
        sources_min=top.count("sources-min", (1, SOURCES_MAX), required=False, default=2) or 0,
        agree_within_e8=top.fraction(
            "agree-within", AGREE_WITHIN_E8, required=False, default=E8 // 100
        )
        or 0,
    )
    if not exchanges and not mistakes.found:
        mistakes.add(top.line_at("sources"), "live sources: no source found; one is needed")
    names = [one.name for one in exchanges]
    if len(set(names)) < len(names):
        mistakes.add(top.line_at("sources"), f"live sources: names {', '.join(names)} repeat")
    mistakes.raise_if_any()
    for instrument in settings.instruments:
        try:
            settings.terms(instrument)
        except InvalidInputError as error:
            raise InvalidInputError(f"{path}: {instrument}: {error}") from error
    return settings


def _exchange(section: Section) -> LiveExchange | None:
    name = section.name("name")
    exchange = section.text("exchange", required=True)
    weight = section.count("weight", WEIGHT, required=False, default=1)
    url = section.text("url") or ""
    if url and not url.startswith(("http://", "https://")):
        section.mistake(section.line_of_value("url"), "url", f"{url!r} found; http(s) is allowed")
    named = section.mapping("instruments", f"{section.what}.instruments", None)
    markets: dict[str, str] = {}
    for symbol, node in named.entries.items():
        if symbol not in INSTRUMENTS:
            section.mistakes.add(line_of(node), unknown("instrument", symbol, tuple(INSTRUMENTS)))
        elif (market := named.text(symbol, required=True)) is not None:
            markets[symbol] = market
    if not named.entries:
        section.mistakes.add(section.line, f"{section.what}: instruments are missing")
    if name is None or exchange is None or weight is None:
        return None
    return LiveExchange(
        name=name, exchange=exchange, weight=weight, markets=markets, url=url.rstrip("/")
    )
