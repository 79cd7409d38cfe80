"""How values read, and the JSON form of a report."""

import json

import msgspec
import pytest

from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US
from streams.audit_correlator.report.chain_picture import draw_chain, how_tied
from streams.audit_correlator.report.content import (
    SERVICES,
    amount_text,
    duration_text,
    percent_text,
    render_json,
    time_text,
    words,
)
from streams.audit_correlator.report.effect_picture import POINTS_MAX, draw_effects
from tests.streams.audit_correlator.log_runs import EVENTS
from tests.streams.audit_correlator.report.samples import crash_content


@pytest.mark.parametrize(
    ("duration_us", "text"),
    [
        (None, "none"),
        (0, "0 s"),
        (1_500, "1.500 ms"),
        (40_000, "40 ms"),
        (-3 * SECOND_US, "\u22123 s"),
        (1_250_000, "1.25 s"),
        (61 * SECOND_US, "1 min 01 s"),
        (25 * HOUR_US + 5 * MINUTE_US, "25 h 05 min"),
    ],
)
def test_durations_read_in_two_units(duration_us: int | None, text: str) -> None:
    assert duration_text(duration_us) == text


def test_times_are_utc_and_show_milliseconds_where_there_are_any() -> None:
    assert time_text(1_767_571_200_000_000) == "2026-01-05 00:00:00"
    assert time_text(1_767_571_200_010_000) == "2026-01-05 00:00:00.010"
    assert time_text(None) == "never"


def test_amounts_and_percentages_read_without_idle_zeros() -> None:
    assert amount_text(-1_234_567 * E8 - E8 // 2) == "\u22121\u2009234\u2009567.5"
    assert percent_text(85 * E8, 100 * E8) == "\u221215.00 %"
    assert percent_text(1, 0) == "from nothing"


def test_names_of_events_read_as_words() -> None:
    assert words("RiskAlertRaised") == "Risk alert raised"


def test_the_command_repeats_a_twin_and_an_absent_monitor() -> None:
    content = crash_content()
    assert content.started is not None
    twin = msgspec.structs.replace(
        content,
        started=msgspec.structs.replace(content.started, twin=True),
        report=msgspec.structs.replace(content.report, monitor_status="ABSENT"),
    )
    assert twin.command == f"{content.command} --twin --no-monitor"


def test_measures_the_scenario_speaks_of_are_drawn_and_others_only_for_want_of_them() -> None:
    content = crash_content()
    other = tuple(
        msgspec.structs.replace(event, measure="price BTC-USDT") for event in content.applied
    )
    both = (*other, *content.applied)

    def drawn(asked: list[str]) -> list[str]:
        pictures = draw_effects(content.report, content.timelines, both, asked)
        return [picture.measure for picture in pictures]

    assert drawn(["price BTC-USD"]) == ["price BTC-USD"]
    assert drawn(["price of gold"]) == ["price BTC-USD", "price BTC-USDT"]


def test_every_event_that_can_be_in_a_chain_has_a_lane() -> None:
    auditors = {"TimelineCompleted", "AuditReported", "RecordDeadLettered"}
    assert {event.__name__ for event in EVENTS} - auditors == set(SERVICES)


def test_the_json_report_carries_everything_with_ids_in_hex() -> None:
    content = crash_content()
    found = json.loads(render_json(content))
    assert found["report"]["verdict"] == "PASS"
    assert found["report"]["event_id"] == content.report.event_id.hex()
    assert len(found["timelines"]) == len(content.timelines)
    assert found["command"] == "tse run scenarios/market-crash.yaml --seed 7"


def test_the_chain_has_a_lane_for_each_service_and_says_what_ties_events() -> None:
    content = crash_content()
    line = next(line for line in content.timelines if line.rule == "drawdown")
    picture = draw_chain(line, content.records)
    assert [lane.name for lane in picture.lanes] == [
        "test-coordinator",
        "scenario control",
        "market-data",
        "trading-engine",
        "exchange",
        "risk-monitor",
    ]
    assert [node.number for node in picture.nodes] == list(range(1, len(line.hops) + 1))
    assert [how_tied(line, n) for n in range(1, 4)] == ["caused", "altered", "caused"]
    assert all(node.x < picture.width and node.y < picture.height for node in picture.nodes)


def test_the_effect_is_drawn_with_a_bounded_number_of_points() -> None:
    content = crash_content()
    (picture,) = draw_effects(content.report, content.timelines, content.applied * 10)
    assert picture.measure == "price BTC-USD"
    assert len(picture.altered.split()) <= POINTS_MAX + 1
    assert {mark.kind for mark in picture.marks} == {"condition", "critical", "high", "medium"}
