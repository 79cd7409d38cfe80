"""A market of which some instruments follow recordings, and the others the model."""

from collections.abc import Callable, Mapping, Sequence

from ecosystem.market_data.overlay import Overlay
from ecosystem.market_data.recorded.tracks import Track
from ecosystem.market_data.source import PriceSource, SourcePrice


class RecordedSource:
    """A `PriceSource` over recordings, behind an overlay on the model.

    Args:
        model: gives the prices of what is not recorded.
        open_tracks: for each instrument that follows a recording, opens it from its beginning.
    """

    def __init__(self, model: PriceSource, open_tracks: Mapping[str, Callable[[], Track]]) -> None:
        self._model = model
        self._open_tracks = dict(open_tracks)
        self._tracks = {name: opened() for name, opened in self._open_tracks.items()}
        self._overlay = Overlay(self._open_tracks)
        self._step = -1
        self._prices: Sequence[SourcePrice | None] = ()

    def prices(self, step: int) -> Sequence[SourcePrice | None]:
        """Return the price of each instrument at `step`, in the order of `INSTRUMENTS`."""
        if step == self._step:
            return self._prices
        if step < self._step:
            self._begin_anew()
        # What the crosses hold on to while a recording is silent must not depend on which steps
        # were asked for, so none is passed over.
        for number in range(self._step + 1, step):
            self._overlay.follow({name: track.at(number) for name, track in self._tracks.items()})
        followed = {name: track.at(step) for name, track in self._tracks.items()}
        self._overlay.follow(followed)
        self._prices = self._overlay.prices(self._model.prices(step), followed)
        self._step = step
        return self._prices

    def _begin_anew(self) -> None:
        self._tracks = {name: opened() for name, opened in self._open_tracks.items()}
        self._overlay = Overlay(self._open_tracks)
        self._step = -1
