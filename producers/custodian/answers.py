"""What a custodian's door takes and answers."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from doors.fields import Decimal, HexId, Name, PositiveDecimal
from ecosystem.custodian.settlement import Status
from ecosystem.events.words import Resolution, TransferRejectReason
from ecosystem.instruments import ASSETS
from producers.live.requests import KEY_PATTERN

Kind = Literal["CRYPTO_INTERNAL", "CRYPTO_EXTERNAL", "DOMESTIC_WIRE", "ACH", "INTERNATIONAL_WIRE"]
Direction = Literal["TO_CUSTODY", "TO_VENUE"]
_WISHES: Final[list[JsonValue]] = [
    {
        "venue": "exchange-okx",
        "account": "firm-momentum",
        "custody_account": "custody-firm",
        "asset": "USD",
        "amount": "250",
        "direction": "TO_VENUE",
        "kind": "CRYPTO_INTERNAL",
        "client_transfer_id": "my-transfer-1",
    }
]


class MasterBalanceAnswer(BaseModel):
    """What a master account has of one asset, in its parts."""

    client: Name
    account: Name
    asset: str
    available: Decimal
    pending_settlement: Decimal = Field(description="still at a venue; no part of the total")
    reserved: Decimal
    cold_storage: Decimal
    staking: Decimal
    total: Decimal


class SegregatedAnswer(BaseModel):
    """All that is kept for one client, apart from what is kept for others."""

    client: Name
    account: Name
    balances: list[MasterBalanceAnswer]


class SettlementAnswer(BaseModel):
    """A settlement as it stands."""

    settlement_id: HexId
    correlation_id: HexId
    status: Status
    direction: str
    kind: str
    venue: Name
    account: Name
    custody_account: Name
    asset: str
    amount: Decimal
    approvals_count: int
    approvals_needed: int
    instructed_time: str
    due_time: str
    updated_time: str
    is_transfer: bool
    reason: str


class TransferWish(BaseModel):
    """An asset to be moved between a venue and custody."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": _WISHES})

    venue: Name
    account: Name = Field(description="at the venue")
    custody_account: Name
    asset: str = Field(pattern="^[A-Z]{3,5}$", json_schema_extra={"enum": list(ASSETS)})
    amount: PositiveDecimal
    direction: Direction
    kind: Kind = "CRYPTO_INTERNAL"
    client_transfer_id: str | None = Field(
        default=None,
        pattern=KEY_PATTERN,
        description="the same id is the same transfer, however often it is sent",
    )


class TransferAnswer(BaseModel):
    """A transfer: asked for, refused, or the settlement it has become."""

    transfer_id: HexId
    correlation_id: HexId | None = None
    status: Literal[
        "REQUESTED", "REJECTED", "PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELLED"
    ]
    settlement: SettlementAnswer | None = None
    reason: TransferRejectReason | None = Field(default=None, description="why it was refused")
    detail: str = ""


class CancelTaken(BaseModel):
    """A wish to call a transfer off stands on the log."""

    transfer_id: HexId
    correlation_id: HexId
    status: str = Field(description="of the transfer now")


class ReconciliationAnswer(BaseModel):
    """What the custodian found when it compared records with a venue."""

    event_time: str
    venue: Name
    asset: str
    reconciliation_sequence: int
    custodian_total: Decimal
    venue_total: Decimal
    discrepancy: Decimal
    discrepancy_usd: Decimal
    resolution: Resolution
    note: str
