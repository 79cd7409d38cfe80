"""Where the live feed takes its prices from, as its settings say."""

from ecosystem.errors import InvalidInputError
from producers.live.settings import LiveSettings
from producers.machines import Feed
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
    return Feed(source_of(read_uses(file), settings.seed))
