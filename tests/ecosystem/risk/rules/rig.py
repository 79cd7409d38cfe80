"""One rule by itself: facts are taken in and judged as the engine does it."""

from typing import Any

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.portfolio import Portfolio
from ecosystem.risk.rule import RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.watch import Finding
from tests.ecosystem.risk.rules.levels import SCALE


class Rig:
    """A rule with a limit, the state it looks at, and its alerts.

    Args:
        guarded: let the intake look at each event before, as in the engine.
    """

    def __init__(
        self,
        kind: RuleKind,
        limit: Any,
        *,
        limit_version: int = 1,
        scale: SeverityScale = SCALE,
        guarded: bool = False,
    ) -> None:
        self.state = RiskState()
        self.book = AlertBook(limit_version)
        self.rule = kind.rule(limit, scale, self.state, self.book)
        self._guarded = guarded

    @property
    def portfolio(self) -> Portfolio:
        """The portfolio of the state."""
        return self.state.portfolio

    def take(self, *events: Event) -> list[Finding]:
        """Take events in; return what was found at each."""
        found: list[Finding] = []
        for event in events:
            self.state.now_us = max(self.state.now_us, event.event_time_us)
            believed = self._believed(event)
            if self.state.quality.untold:
                found += self.rule.judge_defects(event.event_time_us)
                self.state.quality.untold.clear()
            judge = self.rule.judges().get(type(event))
            if isinstance(event, PriceTicked) and event.instrument not in self.rule.instruments:
                continue
            if judge is not None and believed is not None:
                found += judge(believed, event.event_time_us)
        return found

    def _believed(self, event: Event) -> Event | None:
        take = self.state.takes.get(type(event), lambda _: True)
        if self._guarded:
            return self.state.intake.guarded(type(event), take)(event)
        return event if take(event) else None

    def one(self, *events: Event) -> Finding | None:
        """Take events in; return the one thing that was found, if any."""
        found = self.take(*events)
        assert len(found) <= 1
        return found[0] if found else None

    def whole(self) -> Finding | None:
        """Return the one thing that is found in the whole, if any."""
        found = self.rule.judge_whole()
        assert len(found) <= 1
        return found[0] if found else None

    def wait(self, now_us: int) -> list[Finding]:
        """Let time pass; return what was found if the rule wanted to be asked."""
        self.state.now_us = max(self.state.now_us, now_us)
        return list(self.rule.judge_time(now_us)) if now_us >= self.rule.due_us else []
