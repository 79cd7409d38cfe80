"""Where the live feed takes its prices from, as its settings say."""

from pathlib import Path

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.models.source import ModelSource
from ecosystem.units import SECOND_US
from producers.live.clock import wall_us
from producers.live.settings import LiveSettings
from producers.machines import Feed
from producers.market_data.live_sources.board import QuoteBoard
from producers.market_data.live_sources.poller import Poller
from producers.market_data.live_sources.settings import load_live_sources
from producers.market_data.live_sources.source import LiveSource
from producers.market_data.recordings.use import read_uses, source_of


def feed_of(settings: LiveSettings) -> Feed:
    """Return where prices come from: the models, unless the settings say otherwise.

    Raises:
        InvalidInputError: what is to be followed is not named, or cannot be followed.
    """
    source, file = settings.market_data_source, settings.market_data_file
    if source == "model":
        return Feed()
    if file is None:
        raise InvalidInputError(
            f"TSE_MARKET_DATA_SOURCE is {source!r}: TSE_MARKET_DATA_FILE must say what it follows"
        )
    if source == "recording":
        return Feed(source_of(read_uses(file), settings.seed))
    return _live(settings, file)


def _live(settings: LiveSettings, file: Path) -> Feed:
    if settings.clock_scale != 1.0:
        raise InvalidInputError(
            f"TSE_CLOCK_SCALE {settings.clock_scale:g} with live sources; 1 is allowed"
        )
    sources = load_live_sources(file)
    board = QuoteBoard()
    poller = Poller(sources, board)
    poller.start()
    live = LiveSource(
        sources,
        board,
        ModelSource(settings.seed, SECOND_US),
        lambda step: settings.clock_epoch_us + step * SECOND_US,
        wall_us,
    )
    return Feed(live, live.state, poller.stop)
