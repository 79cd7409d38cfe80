"""Makes the recordings beside it: invented markets, with the faults that real recordings have.

`python -m examples.recordings.make` writes them again, the same to the byte.
"""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ecosystem.rng import Stream

HERE: Final = Path(__file__).parent
BEGAN: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BARS: Final = 180
QUARTERS: Final = 192
TRADES: Final = 240


def bars() -> str:
    """Return three hours of minute bars of a stablecoin that loses 3 % and comes back."""
    draws = Stream(1, "examples", "bars")
    rows = []
    price = 1.0
    for minute in range(BARS):
        target = 1.0 - 0.03 * max(0.0, 1 - abs(minute - 90) / 45)
        opened = price
        price += (target - price) * 0.5 + draws.normal(4 * minute) * 0.000_4
        high = max(opened, price) + abs(draws.normal(4 * minute + 1)) * 0.000_3
        low = min(opened, price) - abs(draws.normal(4 * minute + 2)) * 0.000_3
        volume = 20_000 * (1 + 40 * (1 - target)) * draws.uniform(4 * minute + 3)
        moment = BEGAN + timedelta(minutes=minute)
        prices = [f"{value:.6f}" for value in (opened, high, low, price)]
        rows.append([f"{moment:%Y-%m-%dT%H:%M:%SZ}", *prices, f"{volume:.2f}"])
    header = ["timestamp", "open", "high", "low", "close", "volume"]
    return _text(header, _spoiled_bars(rows))


def _spoiled_bars(rows: list[list[str]]) -> list[list[str]]:
    spoiled = rows[:30] + rows[34:]  # a gap of four bars
    spoiled.insert(21, list(rows[20]))  # said twice
    spoiled[40], spoiled[42] = spoiled[42], spoiled[40]  # out of order
    corrected = [*rows[60][:4], f"{float(rows[60][4]) + 0.000_01:.6f}", rows[60][5]]
    spoiled.insert(spoiled.index(rows[60]) + 1, corrected)  # said again, and otherwise
    spoiled[70] = [*spoiled[70][:2], "0.5", *spoiled[70][3:]]  # a high below the low
    spoiled[120] = [*spoiled[120][:4], "n/a", spoiled[120][5]]  # no number
    spoiled.append(rows[10])  # hours late
    return spoiled


def depeg() -> str:
    """Return two days of quarter hours of a stablecoin that loses 8 % in a panic and recovers.

    Single bars are far off while it is on its peg, and one is back on it in the middle of the
    panic: what lasts and what does not must be told apart.
    """
    draws = Stream(1, "examples", "depeg")
    rows = []
    price = 1.0
    for number in range(QUARTERS):
        moment = BEGAN + timedelta(minutes=15 * number)
        share = min(max(0.0, (number - 96) / 16), 1.0, max(0.0, (152 - number) / 24))
        target = {30: 0.991, 60: 0.974, 61: 1.001, 120: 0.9995}.get(number, 1.0 - 0.08 * share)
        noise = 0.000_3 + 0.003 * share
        opened, price = price, target + draws.normal(3 * number) * noise
        high = max(opened, price) + abs(draws.normal(3 * number + 1)) * noise
        low = min(opened, price) - abs(draws.normal(3 * number + 2)) * noise
        volume = 50_000 * (1 + 10 * share)
        prices = [f"{value:.6f}" for value in (opened, high, low, price)]
        rows.append([f"{moment:%Y-%m-%dT%H:%M:%SZ}", *prices, f"{volume:.2f}"])
    header = ["timestamp", "open", "high", "low", "close", "volume"]
    return _text(header, rows[:70] + rows[74:])  # an hour is missing


def trades() -> str:
    """Return four minutes of trades in columns that need a mapping, of two instruments."""
    draws = Stream(1, "examples", "trades")
    rows = []
    price, time_ms = 60_000.0, round(BEGAN.timestamp() * 1000)
    for number in range(TRADES):
        time_ms += draws.integer(3 * number, 100, 1_900)
        if number == 150:
            time_ms += 45_000  # nothing for three quarters of a minute
        price += draws.normal(3 * number + 1) * 4
        quantity = draws.uniform(3 * number + 2) * 0.2
        rows.append(
            [str(time_ms), "XBTUSDT", f"{price:.2f}", f"{quantity:.4f}", str(7_000 + number)]
        )
    rows.insert(50, [rows[49][0], "ETHUSDT", "3000.10", "0.5000", "1"])
    rows.insert(81, list(rows[80]))
    rows[100], rows[101] = rows[101], rows[100]
    return _text(["t", "s", "p", "q", "n"], rows)


FILES: Final = {
    "usdt-usd-1m.csv": bars,
    "usdt-usd-depeg-15m.csv": depeg,
    "btc-usdt-trades.csv": trades,
}


def _text(header: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


if __name__ == "__main__":
    for name, make in FILES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
