"""The custodian's door before a real machine on the log in memory."""

from collections.abc import Iterator
from typing import Any

import pytest

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.settlements import TransferRequested
from ecosystem.units import E8
from tests.events import event_id
from tests.producers.stands import Stand, until

TRANSFERS = "/api/v1/transfers"
OUT: dict[str, Any] = {
    "venue": "exchange-okx",
    "account": "firm-momentum",
    "custody_account": "custody-firm",
    "asset": "USD",
    "amount": "100",
    "direction": "TO_VENUE",
}
UNKNOWN = "e" * 32


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """A custodian that has opened."""
    with Stand("custodian") as stand:
        stand.put(*stand.ticks(), deposit(stand.clock.now_us()))
        until(lambda: bool(stand.client.get("/api/v1/balances").json()))
        yield stand


def deposit(now_us: int) -> BalanceChanged:
    """Return what makes an account at a venue known to the custodian."""
    return BalanceChanged(
        event_id=event_id(9),
        correlation_id=event_id(9),
        causation_id=event_id(9),
        event_time_us=now_us,
        venue="exchange-okx",
        account="firm-momentum",
        asset="USD",
        reason="DEPOSIT",
        reference_id=event_id(9),
        change_e8=15_000 * E8,
        available_e8=15_000 * E8,
        locked_e8=0,
        total_e8=15_000 * E8,
        balance_sequence=0,
    )


def request(stand: Stand, wish: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = stand.client.post(TRANSFERS, json=wish, params={"wait": 5}, headers=headers)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{TRANSFERS}/{told['transfer_id']}"
    return told


def usd(stand: Stand) -> dict[str, str]:
    balances = stand.client.get("/api/v1/balances").json()
    (found,) = [one for one in balances if one["asset"] == "USD"]
    return dict(found)


def test_a_transfer_reserves_is_followed_and_is_called_off(stand: Stand) -> None:
    before = usd(stand)
    told = request(stand, OUT)
    assert told["status"] == "PENDING"
    settlement = told["settlement"]
    assert (settlement["amount"], settlement["is_transfer"]) == ("100", True)
    assert float(usd(stand)["available"]) == float(before["available"]) - 100
    shown = stand.client.get(f"/api/v1/settlements/{settlement['settlement_id']}").json()
    assert shown["status"] == "PENDING"
    followed = stand.client.get(f"/api/v1/requests/{told['transfer_id']}").json()["events"]
    assert [event["event"] for event in followed][:2] == [
        "TransferRequested",
        "SettlementInstructed",
    ]
    path = f"{TRANSFERS}/{told['transfer_id']}"
    called_off = stand.client.delete(path, params={"wait": 5})
    assert (called_off.status_code, called_off.json()["status"]) == (202, "CANCELLED")
    assert usd(stand) == before
    assert stand.client.delete(path).status_code == 409


def test_a_transfer_that_is_refused_changes_nothing_and_says_why(stand: Stand) -> None:
    before = usd(stand)
    told = request(stand, OUT | {"amount": "1000000"})
    assert (told["status"], told["reason"]) == ("REJECTED", "INSUFFICIENT_BALANCE")
    assert told["detail"]
    assert usd(stand) == before
    elsewhere = request(stand, OUT | {"venue": "exchange-nowhere"})
    assert elsewhere["status"] == "REJECTED"


def test_the_same_key_is_the_same_transfer(stand: Stand) -> None:
    def count() -> int:
        found = stand.events("settlements")
        return sum(isinstance(event, TransferRequested) for event in found)

    first = request(stand, OUT, **{"Idempotency-Key": "one"})
    asked = count()
    again = request(stand, OUT | {"client_transfer_id": "one"})
    assert (again["transfer_id"], count()) == (first["transfer_id"], asked)
    other = stand.client.post(
        TRANSFERS, json=OUT | {"amount": "5"}, headers={"Idempotency-Key": "one"}
    )
    assert other.status_code == 422


def test_clients_are_shown_apart(stand: Stand) -> None:
    clients = stand.client.get("/api/v1/clients").json()
    assert len({client["account"] for client in clients}) == len(clients) > 1
    for client in clients:
        alone = stand.client.get(f"/api/v1/clients/{client['client']}/balances").json()
        assert {one["client"] for one in alone["balances"]} <= {client["client"]}


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/settlements/{UNKNOWN}",
        f"{TRANSFERS}/{UNKNOWN}",
        "/api/v1/clients/nobody/balances",
    ],
)
def test_what_is_unknown_is_not_found(stand: Stand, path: str) -> None:
    answer = stand.client.get(path)
    assert answer.status_code == 404
    assert ":problem:unknown-" in answer.json()["type"]


def test_reconciliations_are_listed_and_metrics_tell(stand: Stand) -> None:
    request(stand, OUT | {"amount": "1"})
    assert "items" in stand.client.get("/api/v1/reconciliations").json()
    lines = stand.client.get("/metrics").text.splitlines()
    samples = {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in lines}
    counted = samples['custodian_settlements_total{status="PENDING",type="CRYPTO_INTERNAL"}']
    assert float(counted) >= 1
    assert float(samples["custodian_pending_settlements"]) >= 1
    assert "custodian_reconciliation_discrepancies" in samples
    assert "# TYPE custodian_chaos_active gauge" in lines
