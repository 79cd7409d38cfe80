"""What the door answers: money as decimals in text, ids as hexadecimal digits, times in UTC."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from doors.fields import Decimal, HexId

Severity = Literal["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
Level = Literal["QUIET", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
State = Literal["ACTIVE", "ACKNOWLEDGED", "RESOLVED", "EXPIRED"]
Time = str
"""UTC, ISO 8601 to the microsecond."""


class Answer(BaseModel):
    """The ground of every answer."""

    model_config = ConfigDict(frozen=True)


class BreakerAnswer(Answer):
    """How the circuit breaker stands."""

    state: Literal["OPEN", "CLOSED"] = Field(description="OPEN: trading must stop")
    cause: str | None = Field(description="why it opened")
    opened_time: Time | None
    resets_time: Time | None = Field(description="when it closes by itself, event time")
    measured: Decimal | None
    limit: Decimal | None
    unit: str | None
    openings_count: int = Field(ge=0)


class FeedAnswer(Answer):
    """How old the last good price of an instrument is."""

    instrument: str
    price: Decimal
    time: Time
    age_s: float = Field(ge=0, description="of event time")


class VenueAnswer(Answer):
    """What a venue, custodian or feed last said of itself."""

    venue: str
    state: str
    since_time: Time


class StatusAnswer(Answer):
    """How far the monitor has come, and how fresh its input is."""

    monitor: str
    slice: int = Field(description="the last slice whose answer is on the log; -1: none yet")
    event_time: Time | None = Field(description="event time reached")
    wall_time: Time
    lag_records: int | None = Field(description="offsets on the log not read yet; null: not known")
    lag_s: float = Field(ge=0, description="from a slice's last record on the log to its answer")
    silent_s: float = Field(ge=0, description="since the last record came, on the wall")
    stale: bool = Field(description="no record has come for longer than expected")
    events_count: int = Field(ge=0)
    slices_count: int = Field(ge=0)
    undecodable_count: int = Field(ge=0)
    alerts_active: dict[Severity, int]
    breaker: BreakerAnswer
    limit_version: int
    rules_count: int
    defects: dict[str, int] = Field(description="input left out since the start, by defect")
    feeds: list[FeedAnswer]
    venues: list[VenueAnswer]
    acting: bool = Field(description="whether this door takes acts from whoever has the token")


class PlaceAnswer(Answer):
    """What one account at one place holds of an asset."""

    venue: str
    account: str
    quantity: Decimal


class PositionAnswer(Answer):
    """What the firm owns of one asset or derivative, everywhere."""

    asset: str = Field(description="an asset, or the instrument of a derivative")
    quantity: Decimal
    in_transit: Decimal = Field(description="part of the quantity that settlements are moving")
    mark: Decimal | None = Field(description="price in USD")
    value: Decimal | None = Field(
        description="in USD at the mark; of a derivative its unrealised profit"
    )
    places: list[PlaceAnswer]


class TradingAnswer(Answer):
    """What one account's trading in one instrument has made, in units of the quote asset."""

    account: str
    instrument: str
    quantity: Decimal
    cost: Decimal = Field(description="what the open quantity was bought for")
    realised: Decimal
    unrealised: Decimal | None


class PnlAnswer(Answer):
    """Profit and loss in USD."""

    total: Decimal = Field(description="equity less deposits")
    realised: Decimal = Field(description="of all trading, before fees")
    unrealised: Decimal = Field(description="of all trading, at the mids of now")
    fees: Decimal
    equity: Decimal = Field(description="worth of all holdings that have a mark")
    day: Decimal = Field(description="profit since midnight UTC")
    high_water: Decimal = Field(description="highest profit ever")
    drawdown: Decimal = Field(description="fall from high water, a fraction")


class PnlDetailAnswer(PnlAnswer):
    """Profit and loss, and whose it is."""

    trading: list[TradingAnswer]


class PointAnswer(Answer):
    """One point of the curves."""

    time: Time
    total: Decimal
    realised: Decimal
    unrealised: Decimal
    equity: Decimal
    drawdown: Decimal


class MandateAnswer(Answer):
    """Whether one mandate is kept for one subject."""

    mandate: str
    subject: str
    compliant: bool
    utilisation: Decimal
    since_time: Time | None = Field(description="since when it is broken")


class UtilisationAnswer(Answer):
    """Which share of a limit one subject uses."""

    rule: str
    subject: str
    utilisation: Decimal
    level: Level = Field(description="the severity of the active alert; QUIET without one")
    alert_id: HexId | None


class RuleAnswer(Answer):
    """One rule, with the limit that holds now."""

    rule: str
    title: str
    watches: str
    limit_words: str
    clears: str
    unit: str
    version: int
    enabled: bool
    limit: dict[str, Any] = Field(description="empty where the rule is switched off")
    shares: dict[str, Decimal] = Field(description="least shares of the limit by severity")
    utilisation: list[UtilisationAnswer]


class LimitsAnswer(Answer):
    """Every rule, with its limit and how much of it is used."""

    version: int
    rules: list[RuleAnswer]


class LimitsChangeAnswer(Answer):
    """One change of the limits."""

    event_id: HexId
    version: int
    time: Time
    effective_time: Time
    pending: bool = Field(description="whether it does not hold yet")
    author: str
    reason: str


class LimitsTextAnswer(LimitsChangeAnswer):
    """One change of the limits with its text."""

    limits_toml: str


class AcknowledgementAnswer(Answer):
    """Who took note of an alert."""

    author: str
    note: str
    time: Time


class AlertAnswer(Answer):
    """One alert, as last told."""

    alert_id: HexId
    rule: str
    subject: str
    state: State
    severity: Severity
    raised_time: Time
    told_time: Time
    ended_time: Time | None
    measured: Decimal
    limit: Decimal
    utilisation: Decimal
    unit: str
    message: str
    escalations_count: int
    acknowledged: AcknowledgementAnswer | None


class AlertDetailAnswer(AlertAnswer):
    """One alert with everything it rests on."""

    correlation_id: HexId
    trigger: HexId = Field(description="the event at which it was raised")
    inputs: list[HexId] = Field(description="the events that determined the measured value")
    rule_version: int
    limit_version: int
    events: list[dict[str, Any]] = Field(description="its life, each with its type under `event`")


class TimelineAnswer(Answer):
    """One thing the monitor said."""

    event_id: HexId
    event: str
    time: Time
    severity: Severity | None
    alert_id: HexId | None
    title: str
    text: str


class FigureAnswer(Answer):
    """One measure of the portfolio's risk."""

    name: str
    title: str
    value: Decimal | None = Field(description="null: not known yet")
    unit: str = Field(examples=["USD"])
    note: str


class SnapshotAnswer(Answer):
    """How everything stands, as the stream tells it."""

    status: StatusAnswer
    pnl: PnlAnswer
    figures: list[FigureAnswer]
    positions: list[PositionAnswer]
    utilisation: list[UtilisationAnswer]
    broken: list[MandateAnswer]
    alerts: list[AlertAnswer]
