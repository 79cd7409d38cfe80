"""What follows from ticks of the feed: the house quotes anew, and that may execute orders."""

from collections.abc import Callable, Sequence

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.exchange.answers import Answers
from ecosystem.exchange.faults.market import DisturbedMarket
from ecosystem.exchange.floor import Floor
from ecosystem.exchange.liquidity.meeting import usual_fills_e8
from ecosystem.exchange.liquidity.noise import NoiseTrade
from ecosystem.exchange.margin.desk import WATCHES, MarginDesk
from ecosystem.exchange.margin.terms import PERPETUALS
from ecosystem.exchange.state import VenueState
from ecosystem.machine import TickFacts


class TickDesk:
    """Takes in the ticks of the feed a venue follows.

    Args:
        feed: whose ticks are believed.
        market: notes what faults do to the market.
        begin: makes the answers that are given at an event time.
        finish: returns the facts of answers, with all that follows from them.
        changed: called when there may be something else due than before.
    """

    __slots__ = (
        "_begin",
        "_changed",
        "_feed",
        "_finish",
        "_floor",
        "_margin",
        "_market",
        "_quotes",
        "_state",
        "_waiting",
    )

    def __init__(
        self,
        state: VenueState,
        floor: Floor,
        margin: MarginDesk,
        market: DisturbedMarket,
        *,
        feed: str,
        begin: Callable[[int], Answers],
        finish: Callable[[Answers], Sequence[Event]],
        changed: Callable[[], None],
    ) -> None:
        self._state = state
        self._quotes = state.house.quotes
        self._waiting = state.waiting
        self._floor = floor
        self._margin = margin
        self._market = market
        self._feed = feed
        self._begin = begin
        self._finish = finish
        self._changed = changed

    def take(self, ticks: Sequence[PriceTicked], now_us: int) -> TickFacts:
        """Return what follows from ticks; faults must have been looked at before."""
        found: list[tuple[int, Sequence[Event]]] = []
        state, quotes, waiting, feed = self._state, self._quotes, self._waiting, self._feed
        market, halts, orders = self._market, state.halted, state.orders
        for place, tick in enumerate(ticks):
            symbol = tick.instrument
            quote = quotes.get(symbol)
            if quote is None or tick.feed != feed:
                continue
            began = quote.stand(tick)
            perpetual = WATCHES.get(symbol)
            exposed = perpetual is not None and self._follow(perpetual, tick)
            halted = symbol in halts
            if exposed or halted or (orders and any(waiting[symbol])):
                facts = self._matched(tick, now_us, began=began, exposed=exposed, halted=halted)
                if facts:
                    found.append((place, facts))
            elif market.missed:
                market.take_missed(symbol)
        return found

    def restore(self, tick: PriceTicked) -> None:
        """Take in a tick of the past, deciding nothing."""
        symbol = tick.instrument
        quote = self._quotes.get(symbol)
        if quote is None or tick.feed != self._feed:
            return
        quote.stand(tick)
        self._margin.follow(tick)
        if symbol in self._state.halted:
            self._misses(tick)
        else:
            self._market.take_missed(symbol)

    def _matched(
        self, tick: PriceTicked, now_us: int, *, began: bool, exposed: bool, halted: bool
    ) -> Sequence[Event]:
        symbol, state = tick.instrument, self._state
        if halted:
            self._misses(tick)
        comes, noise = (False, None) if halted else self._comes(symbol, began=began)
        missed = None if halted else self._market.take_missed(symbol)
        stops = state.stops[symbol]
        mark_e8 = self._floor.mark_price_e8(symbol) if stops and not halted else None
        if not comes and not exposed and (mark_e8 is None or stops.reached(mark_e8) is None):
            return ()
        self._changed()
        answers = self._begin(now_us)
        causes = (tick.event_id, tick.correlation_id)
        disturbed = comes and symbol in state.house.disturbances
        usual_e8 = usual_fills_e8(state, symbol, noise) if disturbed else {}
        if comes:
            self._floor.meet_house(answers, symbol, causes, noise)
        if mark_e8 is not None:
            self._floor.trigger(answers, symbol, mark_e8, causes)
        if exposed:
            self._margin.watch(tick, answers)
        facts = self._finish(answers)
        if not usual_e8 and missed is None:
            return facts
        return [*facts, *self._market.note_matched(tick, facts, usual_e8, missed)]

    def _follow(self, perpetual: str, tick: PriceTicked) -> bool:
        """Take in a tick that marks follow, and return whether it may be followed by executions."""
        perpetuals = self._state.perpetuals
        if perpetual in perpetuals.funding_due_us:
            perpetuals.marks[perpetual].follow(tick)
        else:
            self._margin.follow(tick)
            self._changed()
        if not perpetuals.exposed:
            return False
        return not any(one in self._state.halted for one in PERPETUALS)

    def _comes(self, symbol: str, *, began: bool) -> tuple[bool, NoiseTrade | None]:
        house, book = self._state.house, self._state.books[symbol]
        bid_e8, ask_e8 = book.bids.best_price_e8(), book.asks.best_price_e8()
        if not house.touches(symbol, bid_e8, ask_e8):
            return False, None
        noise = house.noise_trade(symbol, bid_e8, ask_e8) if began else None
        return noise is not None or house.crosses(symbol, bid_e8, ask_e8), noise

    def _misses(self, tick: PriceTicked) -> None:
        symbol = tick.instrument
        mark_e8 = self._floor.mark_price_e8(symbol)
        stopped = mark_e8 is not None and self._state.stops[symbol].reached(mark_e8) is not None
        if stopped or self._comes(symbol, began=False)[0]:
            self._market.miss(symbol, tick.event_time_us)
