"""What the trading engine's door takes and answers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from doors.fields import Decimal, HexId, Name
from ecosystem.events.control.words import StrategyState


class StrategyAnswer(BaseModel):
    """A strategy and what it is doing."""

    name: Name
    account: Name
    implementation: str
    state: StrategyState
    instruments: list[str]
    venues: list[str]
    open_orders_count: int
    orders_count: int = Field(description="submitted since the engine began")
    strengths: dict[str, Decimal] = Field(description="the last signal, -1 to 1, by instrument")


class PerformanceAnswer(BaseModel):
    """How a strategy has done since the engine began; amounts in USD."""

    strategy: Name
    realised: Decimal
    unrealised: Decimal
    fees: Decimal
    total: Decimal
    trades_closed_count: int
    win_rate: float | None = Field(description="share of closing executions that made a profit")
    sharpe: float | None = Field(description="annual, from profits per minute")
    drawdown: Decimal
    samples_count: int


class PositionAnswer(BaseModel):
    """What a strategy has bought less sold, somewhere."""

    strategy: Name
    account: Name
    venue: Name
    instrument: str
    quantity: Decimal
    average_price: Decimal | None
    realised: Decimal = Field(description="in the quote asset, before fees")
    unrealised: Decimal | None


class ProfitAnswer(BaseModel):
    """A profit in USD, at the marks of now."""

    realised: Decimal
    unrealised: Decimal
    fees: Decimal


class PnlAnswer(ProfitAnswer):
    """The profit of all trading, and whose it is."""

    total: Decimal
    by_strategy: dict[str, ProfitAnswer]


class StartWish(BaseModel):
    """A strategy to run: what is left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "back from review"}]},
    )

    implementation: Name | None = Field(default=None, examples=["momentum"])
    account: Name | None = Field(default=None, description="needed by a new strategy")
    reason: str = Field(default="asked at the door", min_length=1, max_length=200)


class StopWish(BaseModel):
    """A strategy to rest."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "under review"}]}
    )

    reason: str = Field(default="asked at the door", min_length=1, max_length=200)


class SwapWish(BaseModel):
    """Another implementation for a strategy that goes on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"implementation": "mean-reversion", "reason": "try"}]},
    )

    implementation: Name = Field(examples=["mean-reversion"])
    reason: str = Field(default="asked at the door", min_length=1, max_length=200)


class StrategyTaken(BaseModel):
    """A wish stands on the log; the engine answers it by an event."""

    strategy: Name
    correlation_id: HexId
    outcome: Literal["PENDING", "DONE", "REFUSED"]
    state: StrategyState | None = Field(description="the state it has now, where it was answered")
    reason: str = Field(description="why it was refused, or the reason given")
