"""Data quality: one bad print is told, a stream of them is critical, and a clean window ends it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.prices import PriceTicked
from ecosystem.risk.data_quality import HARMLESS
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.risk.rules.data_quality import KIND, DataQualityLimit
from ecosystem.risk.watch import SEVERITIES
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import LIMITS_FILE, Accounts, at, clock, event_id, placed, tick
from tests.ecosystem.risk.rules.levels import SCALE, severity_of
from tests.ecosystem.risk.rules.rig import Rig

LINE = "market-data/BTC-USD"
SHIPPED = parse_limits(LIMITS_FILE.read_text(), LIMITS_FILE.name).rules[KIND.name]


def bad(seconds: float) -> PriceTicked:
    return tick(seconds, 60_000, bid_e8=-1)


@pytest.mark.parametrize("count", [49, 50, 51, 74, 75, 76, 89, 90, 91, 99, 100, 101, 250])
def test_severity_at_each_share_of_the_limit(count: int) -> None:
    rig = Rig(KIND, DataQualityLimit(defects=100, window_us=1_000 * SECOND_US), guarded=True)
    rig.take(tick(0, 60_000))
    found = [one for number in range(1, count + 1) for one in rig.take(bad(number))]
    severity = severity_of(count * E8 // 100)
    assert bool(found) == (severity is not None)
    if found:
        alert = rig.book.decide(found[-1], bad(count))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject, alert.severity) == (KIND.name, LINE, severity)
        assert alert.inputs[:2] == (bad(count).event_id, bad(count - 1).event_id)


@pytest.mark.parametrize(
    ("count", "severity"),
    [
        (0, None),
        (1, "LOW"),
        (2, "LOW"),
        (3, "MEDIUM"),
        (5, "MEDIUM"),
        (6, "HIGH"),
        (9, "HIGH"),
        (10, "CRITICAL"),
        (11, "CRITICAL"),
        (200, "CRITICAL"),
    ],
)
def test_the_shipped_limit_calls_one_low_and_a_stream_critical(
    count: int, severity: str | None
) -> None:
    rig = Rig(KIND, SHIPPED.limit, scale=SHIPPED.scale, guarded=True)
    rig.take(tick(0, 60_000))
    for number in range(count):
        wrong = msgspec.structs.replace(bad(1 + number / 10), feed_sequence=1 + number)
        for finding in rig.take(wrong):
            rig.book.decide(finding, wrong)
    found = [SEVERITIES[one.level] for one in rig.book.active() if one.subject == LINE]
    assert found == ([] if severity is None else [severity])


@pytest.mark.parametrize(("count", "severity"), [(1, "LOW"), (3, "MEDIUM"), (500, "MEDIUM")])
def test_true_records_told_again_are_never_worse_than_medium(count: int, severity: str) -> None:
    rig = Rig(KIND, SHIPPED.limit, scale=SHIPPED.scale, guarded=True)
    rig.take(tick(0, 60_000))
    for number in range(count):
        again = msgspec.structs.replace(tick(0, 60_000), event_id=event_id("again", number))
        for finding in rig.take(again):
            rig.book.decide(finding, again)
    assert [SEVERITIES[one.level] for one in rig.book.active()] == [severity]


def test_a_story_of_bad_prints_and_their_end() -> None:
    rig = Rig(KIND, DataQualityLimit(defects=4, window_us=60 * SECOND_US), guarded=True)
    rig.take(tick(0, 60_000))
    assert rig.take(bad(1)) == []
    wrong = bad(2)
    found = rig.one(wrong)
    assert found is not None
    assert found.message == (
        "market-data/BTC-USD sent 2 defective records within 60 s (PRICE_NOT_POSITIVE 2);"
        " the limit is 4"
    )
    assert isinstance(rig.book.decide(found, wrong), RiskAlertRaised)
    assert rig.wait(at(60)) == []
    (over,) = rig.wait(at(61))
    assert isinstance(rig.book.decide(over, clock(61, 1)), RiskAlertResolved)
    assert rig.wait(at(63)) == []
    assert rig.rule.due_us > at(10**9)


def test_a_quiet_market_is_quiet() -> None:
    rig = Rig(KIND, SHIPPED.limit, scale=SHIPPED.scale, guarded=True)
    accounts = Accounts()
    for second in range(600):
        assert rig.take(tick(second, 60_000 + second % 7)) == []
        assert rig.take(accounts.change(second, "USD", E8)) == []
    assert rig.wait(at(600)) == []


def test_sources_that_nobody_knows_are_grouped_under_their_topic() -> None:
    rig = Rig(KIND, DataQualityLimit(defects=1, window_us=SECOND_US), guarded=True)
    subjects = {
        found.watch.subject
        for number in range(50)
        for found in rig.take(
            msgspec.structs.replace(tick(number, 1, f"COIN-{number}"), feed=f"feed-{number}"),
            msgspec.structs.replace(
                Accounts().change(number, "DOGE", E8), account=f"account-{number}"
            ),
        )
    }
    assert subjects == {"prices", "balances"}


def test_a_record_nobody_can_decode_is_told_under_its_topic() -> None:
    engine = RiskEngine(parse_limits(LIMITS_FILE.read_text(), LIMITS_FILE.name))
    letter = RecordDeadLettered(
        event_id=event_id("letter", 1),
        correlation_id=event_id("letter", 1),
        causation_id=event_id("letter", 1),
        event_time_us=at(10**8),
        origin_topic="prices",
        origin_partition=0,
        origin_offset=7,
        cause="not Avro",
        steward="risk-monitor",
        record_key=b"",
        record_value=b"nan",
    )
    (alert,) = engine.process_slice(placed([tick(5, 60_000)]), [letter])
    assert isinstance(alert, RiskAlertRaised)
    assert (alert.subject, alert.severity) == ("prices", "LOW")
    assert (alert.event_time_us, alert.causation_id) == (at(5), letter.event_id)


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(["good", "bad", "again"])), max_size=60
    ),
    defects=st.integers(1, 8),
)
def test_the_measure_is_what_a_recount_of_the_window_says(
    steps: list[tuple[int, str]], defects: int
) -> None:
    limit = DataQualityLimit(defects=defects, window_us=60 * SECOND_US)
    scale = msgspec.structs.replace(SCALE, shares_e8=(1, E8, 2 * E8, 3 * E8), clear_e8=0)
    rig = Rig(KIND, limit, scale=scale, guarded=True)
    last = tick(0, 60_000)
    rig.take(last)
    seconds, noted = 0, list[tuple[int, bool]]()
    for number, (wait_s, kind) in enumerate(steps, 1):
        seconds += wait_s
        made = tick(seconds, 60_000, bid_e8=-1 if kind == "bad" else None)
        made = msgspec.structs.replace(made, event_id=event_id("step", number))
        sequence = last.feed_sequence + (kind != "again")
        made = msgspec.structs.replace(made, feed_sequence=sequence, volume_e8=number)
        rig.wait(at(seconds))
        found = rig.take(made)
        last = made
        if kind == "good":
            assert found == []
            continue
        noted.append((seconds, kind == "again"))
        recent = [harmless for at_s, harmless in noted if at_s > seconds - 60]
        harmless_e8 = min(sum(recent) * E8, defects * E8 // 2)
        expected_e8 = (len(recent) - sum(recent)) * E8 + harmless_e8
        assert [one.measured_e8 for one in found] == [expected_e8]


def test_what_harms_nobody_is_told_again_or_late() -> None:
    assert sorted(HARMLESS) == [
        "BOOK_OUT_OF_ORDER",
        "EVENT_DOUBLED",
        "FILL_REPEATED",
        "PRICE_OUT_OF_ORDER",
        "PRICE_REPEATED",
        "TIME_BACKWARDS",
    ]
