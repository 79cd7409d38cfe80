"""The epoch of an environment, and how one sees that every service works."""

from collections.abc import Iterator
from pathlib import Path

from deploy.await_services import GROWING, PRESENT, await_services, silent_services
from deploy.init_environment import write_epoch
from eventlog.errors import LogUnreachableError
from eventlog.records import Positions

ALIVE = {("prices", 0): 3, ("clock", 0): 2, ("risk-alerts", 0): 5, ("balances", 0): 1}


def test_an_environment_keeps_the_epoch_of_its_first_start(tmp_path: Path) -> None:
    epoch = tmp_path / "clock-epoch-us"
    write_epoch(epoch, 1_000)
    write_epoch(epoch, 2_000)
    assert epoch.read_text() == "1000\n"
    assert list(tmp_path.iterdir()) == [epoch]


def test_a_topic_that_does_not_grow_names_the_silent_service() -> None:
    now = {**ALIVE, ("prices", 0): 4, ("clock", 0): 3}
    assert silent_services(ALIVE, now) == ["risk-monitor"]


def test_a_service_whose_facts_are_absent_is_silent() -> None:
    now = {place: end + 1 for place, end in ALIVE.items()} | {("balances", 0): 0}
    assert silent_services(ALIVE, now) == ["exchanges"]


def test_waiting_ends_when_every_service_has_spoken() -> None:
    looks = iter([ALIVE, {place: end + 1 for place, end in ALIVE.items()}])
    assert await_services(lambda: next(looks), 60.0) == []


def test_waiting_in_vain_names_every_silent_service() -> None:
    assert await_services(dict, 0.0) == sorted([*GROWING, *PRESENT])


def test_a_broker_that_answers_late_is_asked_again() -> None:
    work = {(topic, 0): 1 for topic in (*GROWING.values(), *PRESENT.values())}
    answers: Iterator[Positions | LogUnreachableError] = iter(
        [LogUnreachableError("starting"), {}, LogUnreachableError("busy"), work]
    )

    def ends() -> Positions:
        answer = next(answers)
        if isinstance(answer, LogUnreachableError):
            raise answer
        return answer

    assert await_services(ends, 60.0) == []
    assert list(answers) == []
