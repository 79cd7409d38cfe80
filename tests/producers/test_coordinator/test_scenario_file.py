import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.events.words import EventId
from ecosystem.scenario import Effect, Expectation, Injection, Scenario
from ecosystem.units import HOUR_US, MINUTE_US, SECOND_US
from producers.machines import build_machine
from producers.test_coordinator.scenario_file import (
    FILE_BYTES_MAX,
    ScenarioFileError,
    load_scenario,
)
from tests.producers.test_coordinator.texts import FOUND, GOOD, WRONG

SCENARIOS = Path(__file__).parents[3] / "scenarios"


def write(folder: Path, text: str, name: str = "a-fall") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(path: Path) -> list[str]:
    """Return the mistakes in a file, without the folder it lies in."""
    with pytest.raises(ScenarioFileError) as error:
        load_scenario(path)
    assert str(error.value) == "\n".join(error.value.mistakes)
    return [mistake.removeprefix(f"{path.parent}/") for mistake in error.value.mistakes]


def outcome(path: Path) -> Scenario | tuple[str, ...]:
    try:
        return load_scenario(path)
    except ScenarioFileError as error:
        return error.mistakes


def test_a_file_becomes_the_scenario_it_describes(tmp_path: Path) -> None:
    assert load_scenario(write(tmp_path, GOOD)) == Scenario(
        name="a-fall",
        title="A fall",
        description="Ether falls.",
        tags=("price", "quick"),
        duration_us=HOUR_US,
        injections=(
            Injection(
                name="fall",
                kind="crash",
                target="market-data",
                starts_after_us=90 * SECOND_US,
                duration_us=15 * MINUTE_US,
                parameters={
                    "instruments": ("ETH-USD",),
                    "change_e8": -10_000_000,
                    "bounce_e8": 50_000_000,
                    "bounce_us": 30 * MINUTE_US,
                },
            ),
        ),
        effects=(Effect(injection="fall", measure="price ETH-BTC", deviation_e8=9_500_000),),
        expectations=(
            Expectation(
                name="price_shock ETH-USD",
                injection="fall",
                rule="price_shock",
                subject="ETH-USD",
                severity="CRITICAL",
                measure="price ETH-USD",
                deviation_e8=2_000_000,
                within_us=2 * MINUTE_US,
            ),
            Expectation(
                name="any drawdown",
                injection="fall",
                rule="drawdown",
                subject="",
                severity="LOW",
                measure="",
                deviation_e8=0,
                within_us=HOUR_US,
            ),
        ),
        false_alarm_severity="MEDIUM",
    )


def test_what_need_not_be_said_has_its_default(tmp_path: Path) -> None:
    text = """\
title: t
description: d
duration: 72h
method:
  - inject: crash
    target: market-data
    at: 0s
    for: 72h
    with: {instruments: [all], change: -25%}
"""
    scenario = load_scenario(write(tmp_path, text))
    (injection,) = scenario.injections
    assert injection.name == "crash"
    assert injection.parameters["bounce_e8"] == 20_000_000
    assert injection.parameters["bounce_us"] == 2 * HOUR_US
    assert (scenario.tags, scenario.effects, scenario.expectations) == ((), (), ())
    assert scenario.false_alarm_severity == "HIGH"


def test_every_mistake_is_reported_at_once_with_its_line_and_what_is_allowed(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, WRONG, "Bad_name")
    assert mistakes(path) == [f"Bad_name.yaml:{line}" for line in FOUND.splitlines()]


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("for: 15m", "for: 59m", "10: method[1].for: an end 3630s after the start found; the run"),
        ("change: -0.1", "change: 1%", "11: method[1].with.change: 1% found; -25% to 0%"),
        ("change: -0.1, ", "", "11: method[1].with: change is missing; a fraction such as"),
        ("instruments: [ETH-USD], ", "", "11: method[1].with: instruments is missing; a list of"),
        ("[ETH-USD]", "ETH-USD", "11: method[1].with.instruments: a word ('ETH-USD') found; a"),
        ("[ETH-USD]", "[ETH-USD, 5]", "11: method[1].with.instruments: a number ('5') found"),
        ("change: -0.1", "change: [1%]", "11: method[1].with.change: a list found; a fraction"),
        ("change: -0.1", "change: ''", "11: method[1].with.change: '' found; a fraction such"),
        ("bounce-for: 30m", "bounce-for: 73h", "11: method[1].with.bounce-for: 73h found; 1s to"),
        ("    at: 90s\n", "", "6: method[1]: at is missing; a duration such as"),
        ("    target: market-data\n", "", "6: method[1]: target is missing"),
        ("effect:\n  - {", "effect: {x: {", "12: scenario.effect: a mapping found; a list"),
        ("deviation: 2%", "deviation: 2", "18: expect[1].since.deviation: 2 found; 0% to 100%"),
        ("subject: ETH-USD", "subject: ETH", "16: expect[1].subject: unknown subject 'ETH'"),
        ("name: any drawdown", "name: price_shock ETH-USD", "20: expect[2].name: 'price_shock"),
        ("duration: 1h\n", "", "1: scenario: duration is missing; a duration such as"),
        ("duration: 1h", "duration: 1h 5m", "4: scenario.duration: '1h 5m' found; a duration"),
        ("title: A fall", f"title: {'x' * 121}", "1: scenario.title: 121 characters found; 120"),
        ("title: A fall", "title: [A]", "1: scenario.title: a list found; a word is allowed"),
        ("severity: medium", "severity: none", "21: scenario.false-alarms.severity: unknown"),
        ("tags: [price, quick]", "tags: price", "3: scenario.tags: a word ('price') found; a list"),
        (
            "tags: [price",
            f"tags: [{', '.join('a' * n for n in range(2, 25))}",
            "3: scenario.tags: 24",
        ),
    ],
)
def test_one_thing_wrong_is_one_mistake_where_it_stands(
    tmp_path: Path, right: str, wrong: str, found: str
) -> None:
    assert GOOD.count(right) >= 1
    text = GOOD.replace(right, wrong, 1)
    if wrong.endswith("{x: {"):
        text = text.replace("9.5%}", "9.5%}}")
    (mistake,) = mistakes(write(tmp_path, text))
    assert mistake.startswith(f"a-fall.yaml:{found}")


def test_a_bad_name_is_one_mistake_however_often_it_is_used(tmp_path: Path) -> None:
    (mistake,) = mistakes(write(tmp_path, GOOD.replace(" fall", " Fall")))
    assert mistake.startswith("a-fall.yaml:7: method[1].name: 'Fall' found; a name of 2 to 63")


def test_two_injections_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    start, end = GOOD.index("  - inject"), GOOD.index("effect:")
    again = GOOD[:end] + GOOD[start:]
    assert mistakes(write(tmp_path, again)) == [
        "a-fall.yaml:13: method[2].name: 'fall' found again; each injection has a name of its own"
    ]


def test_more_injections_than_a_run_may_have_are_one_mistake(tmp_path: Path) -> None:
    text = "title: t\ndescription: d\nduration: 1h\nmethod:\n" + "  - {}\n" * 51
    assert mistakes(write(tmp_path, text)) == [
        "a-fall.yaml:5: scenario.method: 51 entries found; at most 50 are allowed"
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "a-fall.yaml:1: the file is empty; a mapping is allowed"),
        ("- a\n", "a-fall.yaml:1: scenario: a list found; a mapping is allowed"),
        ("title: [a\n", "a-fall.yaml:2: not YAML: "),
        ("title: a\n---\ntitle: b\n", "a-fall.yaml:2: not YAML: "),
        ("title: *nobody\n", "a-fall.yaml:1: not YAML: "),
        ("x" * (FILE_BYTES_MAX + 1), "a-fall.yaml:1: more than 262144 bytes found"),
        ("[" * 20_000, "a-fall.yaml:1: nested too deeply to be read"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused_in_one_line(
    tmp_path: Path, text: str, found: str
) -> None:
    assert mistakes(write(tmp_path, text))[0].startswith(found)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    assert mistakes(tmp_path / "nope.yaml") == ["nope.yaml: No such file or directory"]
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"title: \xff")
    assert mistakes(path)[0].startswith("bytes.yaml: not UTF-8")


@given(st.text(alphabet=st.sampled_from(list("abc:-[]{}'\"#&*!|>%@ \n0159hm")), max_size=60))
def test_any_text_gives_a_scenario_or_mistakes_and_no_other_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = write(tmp_path_factory.getbasetemp(), text, "any-text")
    with pytest.raises(ScenarioFileError):
        load_scenario(path)


@given(data=st.data())
def test_a_scenario_with_lines_missing_gives_a_scenario_or_mistakes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = GOOD.splitlines(keepends=True)
    kept = data.draw(st.lists(st.sampled_from(range(len(lines))), unique=True))
    path = write(
        tmp_path_factory.getbasetemp(), "".join(lines[at] for at in sorted(kept)), "some-lines"
    )
    found = outcome(path)
    if isinstance(found, Scenario):
        assert found.name == "some-lines"
    else:
        assert found
        assert all(mistake.startswith(f"{path}:") for mistake in found)


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_machine_takes_every_injection_of_a_bundled_scenario(path: Path) -> None:
    scenario = load_scenario(path)
    for injection in scenario.injections:
        machine = build_machine(injection.target, b"k" * 32, 1, 0)
        injection_id = EventId(injection.name.encode().ljust(16))
        scheduled = InjectionScheduled(
            event_id=injection_id,
            correlation_id=injection_id,
            causation_id=injection_id,
            event_time_us=0,
            run_id="run",
            injection_id=injection_id,
            name=injection.name,
            kind=injection.kind,
            target=injection.target,
            starts_at_us=injection.starts_after_us,
            ends_at_us=injection.starts_after_us + injection.duration_us,
            parameters_json=msgspec.json.encode(injection.parameters).decode(),
        )
        assert machine.handle(scheduled, 0) == ()
        parameters = json.loads(scheduled.parameters_json)
        wrong = msgspec.structs.replace(
            scheduled,
            event_id=EventId(b"w" * 16),
            injection_id=EventId(b"w" * 16),
            parameters_json=json.dumps({**parameters, "unheard_of": 1}),
        )
        with pytest.raises(InvalidInputError):
            machine.handle(wrong, 0)
    assert scenario.name == path.stem


def test_the_control_run_injects_and_expects_nothing() -> None:
    quiet = load_scenario(SCENARIOS / "quiet.yaml")
    assert (quiet.injections, quiet.effects, quiet.expectations) == ((), (), ())
    assert quiet.duration_us == load_scenario(SCENARIOS / "market-crash.yaml").duration_us
