"""A risk monitor of sixty lines: it watches one price, and answers every clock.

It stands on `wire.py` beside it; nothing in either is of this project. `two_rules.py` adds what
production asks for besides: that alerts end, that a restart goes on where it stopped, and slices
of a live market.
"""

import signal
from collections import deque
from typing import Any

from wire import assign, poll, prefix, producer, record, told

E8, LIMIT_E8, WINDOW_US = 10**8, 2 * 10**6, 300 * 10**6  # 2 % within five minutes
mids, alerted = deque[tuple[int, int, bytes]](), False


def judge(tick: Any) -> None:
    """Raise one alert when the price has moved too far from any of the last five minutes."""
    global alerted
    mid_e8 = (tick["bid_price_e8"] + tick["ask_price_e8"]) // 2
    mids.append((tick["event_time_us"], mid_e8, tick["event_id"]))
    while mids[0][0] < tick["event_time_us"] - WINDOW_US:
        mids.popleft()
    move_e8, far = max((abs(mid_e8 - was) * E8 // was, tick_id) for _, was, tick_id in mids)
    if move_e8 < LIMIT_E8 * 9 // 10 or alerted:
        return
    alerted = True
    about = {"rule": "price_shock", "subject": "BTC-USD", "severity": "HIGH", "unit": "ratio"}
    measure = {"measured_e8": move_e8, "utilisation_e8": move_e8 * E8 // LIMIT_E8}
    versions = {"limit_e8": LIMIT_E8, "rule_version": 1, "limit_version": 1}
    why = {"inputs": [tick["event_id"], far], "message": "moved too far in five minutes"}
    alert = record("RiskAlertRaised", tick, **about, **measure, **versions, **why)
    producer.produce(f"{prefix}risk-alerts", alert, "BTC-USD", 0)


stopping: list[int] = []
signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
places = assign("prices", "clock")
read, waiting, clocks, events_count = dict.fromkeys(places, 0), list[Any](), deque[Any](), 0
while not stopping:
    if (found := poll()) is not None:
        place, read[found[0]], kind, event = found
        waiting.append((event["event_time_us"], place, read[place], kind, event))
        if kind == "ClockAdvanced":
            ends = {(e["topic"], e["partition"]): e["end_offset"] for e in event["ends"]}
            clocks.append((event, {one: ends.get(one, read[place]) for one in places}))
    while clocks and all(read[place] >= end for place, end in clocks[0][1].items()):
        clock, ends = clocks.popleft()
        slice_ = sorted(row for row in waiting if row[2] <= ends[row[1]])
        waiting = [row for row in waiting if row[2] > ends[row[1]]]
        events_count += len(slice_)
        producer.begin_transaction()
        for *_, kind, event in slice_:
            if kind == "PriceTicked" and event["instrument"] == "BTC-USD":
                judge(event)
        reached = [{"topic": t, "partition": n, "end_offset": e} for (t, n), e in ends.items()]
        beat = {"monitor": told["PRINCIPAL"], "slice_sequence": clock["clock_sequence"]}
        beat |= {"clock_event_id": clock["event_id"], "ends": reached, "undecodable_count": 0}
        beat |= {"events_count": events_count, "alerts_active_count": int(alerted)}
        heartbeat = record("RiskHeartbeat", clock, **beat)
        producer.produce(f"{prefix}risk-alerts", heartbeat, told["PRINCIPAL"], 0)
        producer.commit_transaction(30)
