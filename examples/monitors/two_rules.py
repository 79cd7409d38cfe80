"""A risk monitor on confluent-kafka and fastavro alone: two rules, and every clock answered.

The contract it keeps is in `docs/bring-your-own-monitor.md`. It imports nothing of this project, so
it can be copied; `tse monitor conform` runs it and says what it gets wrong.
"""

import io
import json
import os
import signal
import struct
from collections import deque
from hashlib import blake2b
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from fastavro import parse_schema, schemaless_reader, schemaless_writer

E8 = 10**8  # prices and shares are integers scaled by this
MOVE_E8, WINDOW_US = 2 * E8 // 100, 300 * 10**6  # 2 % within five minutes
RAISE_E8, CLEAR_E8 = 90 * E8 // 100, 45 * E8 // 100  # shares of a limit
READ = ("prices", "venue-status", "clock")

# What it is told: variables, the topics it may see, and the schemas of the production plane.
told = {name.removeprefix("RISK_MONITOR_"): value for name, value in os.environ.items()}
view = json.loads(Path(told["TOPICS_FILE"]).read_text())
prefix = f"{told['NAMESPACE']}." if told["NAMESPACE"] else ""
folder = Path(told["SCHEMAS_DIR"])
by_id: dict[int, tuple[str, Any]] = {}
newest: dict[str, int] = {}
for name, locked in json.loads((folder / "ids.lock.json").read_text()).items():
    for each in locked["versions"]:
        text = (folder / "versions" / f"production.{name}.{each['version']}.avsc").read_text()
        by_id[each["id"]] = (name, parse_schema(json.loads(text), named_schemas={}))
        newest[name] = each["id"]

client: dict[str, Any] = {
    "bootstrap.servers": told["BOOTSTRAP_SERVERS"],
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "SCRAM-SHA-256",
    "sasl.username": told["PRINCIPAL"],
    "sasl.password": Path(told["PASSWORD_FILE"]).read_text().strip(),
}
reading = {"group.id": prefix + view["group"], "enable.auto.commit": False}
producer = Producer({**client, "transactional.id": prefix + view["transactional_id"]})
producer.init_transactions(30)  # from here on a predecessor is shut out

ticks: dict[str, deque[tuple[int, int, bytes]]] = {}  # by instrument: time, mid, id
active: dict[tuple[str, str], bytes] = {}  # alerts by rule and subject


def decode(message: Message) -> tuple[str, Any]:
    value = message.value() or b""
    name, schema = by_id[struct.unpack_from(">bI", value)[1]]
    return name, schemaless_reader(io.BytesIO(value[5:]), schema, None)


def after(cause: Any, label: str) -> dict[str, Any]:
    """Return the envelope of what follows from a cause: the same in every repetition."""
    return {
        "event_id": blake2b(cause["event_id"] + label.encode(), digest_size=16).digest(),
        "correlation_id": cause["correlation_id"],
        "causation_id": cause["event_id"],
        "event_time_us": cause["event_time_us"],
    }


def judge(name: str, event: Any) -> list[tuple[str, Any]]:
    """Return the alerts that follow from the next event."""
    if name == "VenueStatusChanged":
        down_e8 = E8 if event["state"] == "DOWN" else 0
        return measured(event, "venue_down", event["venue"], (down_e8, E8, "venues"), [])
    if name != "PriceTicked" or event["bid_price_e8"] <= 0:
        return []
    now_us, mid_e8 = event["event_time_us"], (event["bid_price_e8"] + event["ask_price_e8"]) // 2
    window = ticks.setdefault(event["instrument"], deque())
    window.append((now_us, mid_e8, event["event_id"]))
    while window[0][0] < now_us - WINDOW_US:
        window.popleft()
    move_e8, far = max((abs(mid_e8 - was_e8) * E8 // was_e8, tick) for _, was_e8, tick in window)
    return measured(event, "price_shock", event["instrument"], (move_e8, MOVE_E8, "ratio"), [far])


def measured(cause: Any, rule: str, subject: str, measure: Any, inputs: Any) -> list[Any]:
    used_e8, alert_id = measure[0] * E8 // measure[1], active.get((rule, subject))
    said: dict[str, Any] = {"rule": rule, "subject": subject, "rule_version": 1, "limit_version": 1}
    said |= dict(zip(("measured_e8", "limit_e8", "unit"), measure, strict=True))
    if alert_id is None and used_e8 >= RAISE_E8:
        said |= after(cause, f"raised {rule} {subject}") | {"utilisation_e8": used_e8}
        said |= {
            "severity": "CRITICAL" if used_e8 >= E8 else "HIGH",
            "message": f"{rule} {subject}",
        }
        said |= {"inputs": list(dict.fromkeys([cause["event_id"], *inputs]))}
        active[rule, subject] = said["alert_id"] = said["event_id"]
        return [("RiskAlertRaised", said)]
    if alert_id is not None and used_e8 < CLEAR_E8:
        del active[rule, subject]
        return [
            (
                "RiskAlertResolved",
                said | after(cause, f"resolved {rule} {subject}") | {"alert_id": alert_id},
            )
        ]
    return []


def commit(events: list[tuple[str, Any]]) -> None:
    """Write the answer to a slice: all of it is on the log, or none."""
    producer.begin_transaction()
    for name, event in events:
        value = io.BytesIO()
        value.write(struct.pack(">bI", 0, newest[name]))
        schemaless_writer(value, by_id[newest[name]][1], event)
        key = event.get("subject", told["PRINCIPAL"])
        producer.produce(f"{prefix}risk-alerts", value.getvalue(), key, 0)
    producer.commit_transaction(30)


def last_answer() -> int:
    """Return the last slice that was answered before a restart, from the log."""
    own, last = Consumer({**client, **reading, "enable.partition.eof": True}), -1
    own.assign([TopicPartition(f"{prefix}risk-alerts", 0, 0)])
    while (message := own.poll(30)) is not None and message.error() is None:
        name, event = decode(message)
        last = event["slice_sequence"] if name == "RiskHeartbeat" else last
    own.close()
    return last


stopping: list[int] = []
signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
answered, events_count = last_answer(), 0
places = [
    (t["name"], n) for t in view["topics"] if t["name"] in READ for n in range(t["partitions"])
]
waiting: dict[tuple[str, int], deque[Any]] = {place: deque() for place in places}
read = dict.fromkeys(places, 0)
clocks: deque[tuple[Any, dict[tuple[str, int], int]]] = deque()
consumer = Consumer({**client, **reading})
consumer.assign([TopicPartition(prefix + topic, number, 0) for topic, number in places])

while not stopping:
    message = consumer.poll(0.2)
    if message is not None and message.error() is None:
        place = (str(message.topic()).removeprefix(prefix), int(message.partition() or 0))
        name, event = decode(message)
        read[place] = int(message.offset() or 0) + 1
        waiting[place].append((event["event_time_us"], *place, read[place], name, event))
        if name == "ClockAdvanced":  # a live clock names no ends: its slice is what has come
            ends = {(e["topic"], e["partition"]): e["end_offset"] for e in event["ends"]} or read
            clocks.append((event, {p: ends.get(p, 0) for p in places} | {place: read[place]}))
    while clocks and all(read[place] >= end for place, end in clocks[0][1].items()):
        clock, ends = clocks.popleft()
        cut = []
        for place, end in ends.items():
            while waiting[place] and waiting[place][0][3] <= end:
                cut.append(waiting[place].popleft())
        alerts = [alert for *_, name, event in sorted(cut) for alert in judge(name, event)]
        events_count += len(cut)
        if clock["clock_sequence"] <= answered:
            continue  # it was answered before a restart: only the state was wanted
        heartbeat = after(clock, "heartbeat") | {
            "monitor": told["PRINCIPAL"],
            "slice_sequence": clock["clock_sequence"],
            "clock_event_id": clock["event_id"],
            "ends": [{"topic": t, "partition": n, "end_offset": e} for (t, n), e in ends.items()],
            "events_count": events_count,
            "alerts_active_count": len(active),
            "undecodable_count": 0,
        }
        commit([*alerts, ("RiskHeartbeat", heartbeat)])
