"""What strategies thought."""

from ecosystem.events.envelope import Event


class StrategySignalled(Event, frozen=True, kw_only=True, gc=False):
    """A strategy formed an opinion."""

    strategy: str
    account: str
    instrument: str
    strength_e8: int
    reason: str
