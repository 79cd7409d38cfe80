"""The words production events are made of: closed sets of names, and parts of events."""

from typing import Literal, NewType

import msgspec

EventId = NewType("EventId", bytes)
"""Sixteen opaque bytes."""

Side = Literal["UNKNOWN", "BUY", "SELL"]
OrderType = Literal["UNKNOWN", "MARKET", "LIMIT", "STOP", "STOP_LIMIT"]
TimeInForce = Literal["UNKNOWN", "GTC", "IOC", "FOK", "DAY"]
RejectReason = Literal[
    "UNKNOWN",
    "INSUFFICIENT_BALANCE",
    "UNKNOWN_INSTRUMENT",
    "UNKNOWN_ACCOUNT",
    "UNKNOWN_ORDER",
    "INVALID_QUANTITY",
    "INVALID_PRICE",
    "WOULD_CROSS",
    "WOULD_INCREASE",
    "NOT_FILLABLE",
    "NO_LIQUIDITY",
    "VENUE_DOWN",
    "DUPLICATE_ORDER",
    "ACCOUNT_INACTIVE",
    "NOT_SUPPORTED",
    "INSUFFICIENT_MARGIN",
    "RATE_LIMITED",
    "PRICE_COLLAR",
    "VENUE_BUSY",
]
CancelReason = Literal[
    "UNKNOWN",
    "REQUESTED",
    "IMMEDIATE_REMAINDER",
    "SELF_MATCH",
    "NO_LIQUIDITY",
    "VENUE",
    "LIQUIDATION",
    "ACCOUNT_INACTIVE",
    "REDUCED",
]
Liquidity = Literal["UNKNOWN", "MAKER", "TAKER"]
BalanceReason = Literal[
    "UNKNOWN",
    "DEPOSIT",
    "WITHDRAWAL",
    "LOCK",
    "UNLOCK",
    "TRADE",
    "FEE",
    "SETTLEMENT_LOCK",
    "SETTLEMENT",
    "FUNDING",
    "LIQUIDATION",
    "MARGIN",
    "TRANSFER",
    "INSURANCE",
]
SettlementKind = Literal[
    "UNKNOWN", "CRYPTO_INTERNAL", "CRYPTO_EXTERNAL", "DOMESTIC_WIRE", "ACH", "INTERNATIONAL_WIRE"
]
Direction = Literal["UNKNOWN", "TO_CUSTODY", "TO_VENUE"]
TransferRejectReason = Literal[
    "UNKNOWN",
    "UNKNOWN_VENUE",
    "UNKNOWN_ACCOUNT",
    "UNKNOWN_ASSET",
    "UNKNOWN_TRANSFER",
    "INVALID_AMOUNT",
    "INVALID_KIND",
    "INSUFFICIENT_BALANCE",
    "NOT_WHITELISTED",
    "LIMIT_EXCEEDED",
    "NOT_PENDING",
]
CustodyPart = Literal["UNKNOWN", "AVAILABLE", "RESERVED", "COLD_STORAGE", "STAKING"]
Resolution = Literal["UNKNOWN", "MATCHED", "AUTO_RESOLVED", "RESOLVED_WITH_NOTE", "UNDER_REVIEW"]
AccountKind = Literal["UNKNOWN", "SPOT", "MARGIN", "FUTURES"]
AccountState = Literal["UNKNOWN", "ACTIVE", "SUSPENDED", "CLOSED"]
AccountRefusal = Literal[
    "UNKNOWN",
    "UNKNOWN_ACCOUNT",
    "ACCOUNT_EXISTS",
    "ACCOUNT_INACTIVE",
    "OTHER_MASTER",
    "TOO_MANY_ACCOUNTS",
    "ILLEGAL_STATE",
    "NOT_EMPTY",
    "INVALID_AMOUNT",
    "INSUFFICIENT_BALANCE",
    "NOT_SUPPORTED",
]
PositionReason = Literal["UNKNOWN", "TRADE", "LIQUIDATION"]
VenueState = Literal["UNKNOWN", "UP", "DEGRADED", "DOWN"]
Severity = Literal["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
EscalationReason = Literal[
    "UNKNOWN", "SEVERITY", "CRITICAL_PERSISTS", "HIGH_PERSISTS", "UNACKNOWLEDGED"
]


class PartitionEnd(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The end of one partition: the offset the next record will have."""

    topic: str
    partition: int
    end_offset: int
