"""What an exchange's door takes and answers."""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from doors.fields import SYMBOL_PATTERN, Decimal, HexId, Name, PositiveDecimal
from ecosystem.events.words import RejectReason, Side
from ecosystem.exchange.orders import Status
from ecosystem.instruments import INSTRUMENTS
from producers.live.requests import KEY_PATTERN

SYMBOLS: Final = list(INSTRUMENTS)
Instrument = Annotated[
    str, Field(pattern=SYMBOL_PATTERN, json_schema_extra={"enum": SYMBOLS}, examples=["BTC-USD"])
]
OrderSide = Literal["BUY", "SELL"]
OrderKind = Literal["MARKET", "LIMIT", "STOP", "STOP_LIMIT"]
Force = Literal["GTC", "IOC", "FOK", "DAY"]
_WISHES: Final[list[JsonValue]] = [
    {
        "account": "firm-momentum",
        "instrument": "BTC-USD",
        "side": "BUY",
        "order_type": "MARKET",
        "time_in_force": "IOC",
        "quantity": "0.1",
    },
    {
        "account": "firm-reversion",
        "instrument": "ETH-USD",
        "side": "SELL",
        "order_type": "LIMIT",
        "time_in_force": "GTC",
        "quantity": "1.5",
        "limit_price": "3100",
        "post_only": True,
        "client_order_id": "my-order-1",
    },
]


class OrderWish(BaseModel):
    """An order to be placed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": _WISHES})

    account: Name = Field(examples=["firm-momentum"])
    instrument: Instrument
    side: OrderSide
    order_type: OrderKind
    time_in_force: Force = Field(default="GTC", description="of a market order IOC or FOK")
    quantity: PositiveDecimal
    limit_price: PositiveDecimal | None = None
    stop_price: PositiveDecimal | None = None
    post_only: bool = False
    reduce_only: bool = False
    client_order_id: str | None = Field(
        default=None,
        pattern=KEY_PATTERN,
        description="the same id of an account is the same order, however often it is sent",
    )

    @model_validator(mode="after")
    def _has_the_prices_of_its_kind(self) -> Self:
        for name, price, kinds in (
            ("limit_price", self.limit_price, ("LIMIT", "STOP_LIMIT")),
            ("stop_price", self.stop_price, ("STOP", "STOP_LIMIT")),
        ):
            if (price is not None) != (self.order_type in kinds):
                found = "none" if price is None else price
                raise ValueError(f"{name} of a {self.order_type} order: {found} found")
        return self


class ReplaceWish(BaseModel):
    """Other terms for a live order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"quantity": "0.2", "limit_price": "59000"}]},
    )

    quantity: PositiveDecimal
    limit_price: PositiveDecimal | None = None
    stop_price: PositiveDecimal | None = None


class Taken(BaseModel):
    """A wish stands on the log; the venue answers it by events."""

    order_id: HexId
    correlation_id: HexId = Field(description="names the causal tree the answers are part of")
    status: Status = Field(description="SUBMITTED until the venue has answered")
    reason: RejectReason | None = Field(default=None, description="why the venue rejected it")
    detail: str | None = None


class OrderAnswer(BaseModel):
    """An order as it stands."""

    order_id: HexId
    correlation_id: HexId
    account: Name
    instrument: str
    status: Status
    side: Side | None = None
    order_type: str | None = None
    time_in_force: str | None = None
    quantity: Decimal | None = None
    remaining_quantity: Decimal | None = None
    executed_quantity: Decimal | None = None
    executed_notional: Decimal | None = Field(default=None, description="in the quote asset")
    fees: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    accepted_time: str | None = None
    updated_time: str
    reason: RejectReason | None = Field(default=None, description="why it was rejected")
    detail: str | None = None


class Account(BaseModel):
    """An account of the venue."""

    account: Name
    master_account: Name
    kind: str
    state: str


class BalanceAnswer(BaseModel):
    """What an account holds of one asset; available plus locked is total."""

    asset: str
    available: Decimal
    locked: Decimal
    total: Decimal
    margin: Decimal = Field(default="0", description="the part of locked that is margin")


class Balances(BaseModel):
    """What an account holds."""

    account: Name
    balances: list[BalanceAnswer]


class PositionAnswer(BaseModel):
    """A position in a perpetual, marked; amounts in its quote asset."""

    instrument: str
    quantity: Decimal = Field(description="negative when short")
    entry_price: Decimal
    mark_price: Decimal
    index_price: Decimal
    notional: Decimal
    unrealised_pnl: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    equity: Decimal
    liquidation_price: Decimal | None
    leverage: Decimal | None


class Positions(BaseModel):
    """The open positions of an account."""

    account: Name
    positions: list[PositionAnswer]


class Level(BaseModel):
    """One price of a book, and all that stands there."""

    price: Decimal
    quantity: Decimal


class OrderBook(BaseModel):
    """A book, best prices first."""

    venue: str
    instrument: str
    event_time: str = Field(description="of the tick that market makers quote around")
    book_sequence: int
    last_price: Decimal
    bids: list[Level]
    asks: list[Level]


class Trade(BaseModel):
    """An execution, told from the side that took."""

    trade_id: HexId | None = Field(description="null: of noise traders, who are not on the log")
    instrument: str
    time: str
    price: Decimal
    quantity: Decimal
    side: Side


class InstrumentAnswer(BaseModel):
    """What is traded here, and the rules an order must keep."""

    instrument: str
    kind: str
    base: str
    quote: str
    tick_size: Decimal
    lot_size: Decimal
    quantity_min: Decimal
    quantity_max: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
