"""`tse replay` as it is typed."""

from collections.abc import Iterator

import msgspec
import pytest
import typer
from rich.text import Text
from typer.testing import CliRunner

from ecosystem.errors import InvalidInputError
from eventlog.local_stack import LocalStack
from replay.compare import Difference
from replay.errors import UnknownRunError
from replay.rederive import Outcome
from tests.brokers import Broker
from tests.replay.broker_log import OnBroker
from tests.replay.runs import written
from tse.replay_command import outcome_lines, replay

app = typer.Typer()
app.command()(replay)

SAME = Outcome(
    run_id="r1",
    verdict="PASS",
    reason="nothing was expected [at all]",
    records_count=46_661,
    slices_count=360,
    compared={"risk-alerts": 387, "dead-letters": 0, "audit-timelines": 22, "audit-reports": 1},
    difference=None,
)
OTHER = msgspec.structs.replace(
    SAME,
    difference=Difference(
        finding="DIFFERENT",
        topic="risk-alerts",
        partition=0,
        offset=17,
        event_type="RiskAlertRaised",
        event_id="00ff",
        field="inputs[0]",
        recorded="01",
        derived="02",
    ),
)


def test_an_identical_run_is_called_so_and_its_figures_are_told() -> None:
    lines = "\n".join(outcome_lines(SAME))
    assert "IDENTICAL" in lines
    assert "46,661 records of the run, 360 slices" in lines
    assert "387 alerts and heartbeats, 0 dead letters of the monitor, 22 timelines" in lines


def test_alerts_of_another_monitor_are_not_said_to_be_derived() -> None:
    lines = "\n".join(outcome_lines(msgspec.structs.replace(SAME, foreign_monitor=True)))
    assert "timelines and verdict are on the log byte for byte as derived" in lines
    assert "alerts, timelines" not in lines
    assert "only that monitor could derive them again" in lines


def test_a_difference_comes_first_and_its_brackets_are_no_markup() -> None:
    shown = [Text.from_markup(line).plain for line in outcome_lines(OTHER)]
    assert shown[0].startswith("DIFFERENT")
    assert shown[1].endswith("RiskAlertRaised 00ff: inputs[0] is 01 on the log and 02 when derived")
    assert shown[2] == "  verdict PASS: nothing was expected [at all]"


@pytest.fixture
def log(stack: LocalStack, namespace: str) -> Iterator[OnBroker]:
    stack.up(["kafka"])
    broker = Broker(admin=stack.kafka.admin(), secrets=stack.kafka.secrets)
    on_broker = OnBroker(broker, namespace)
    yield on_broker
    on_broker.close()


@pytest.mark.infra
def test_the_exit_code_says_whether_the_run_came_out_the_same(
    log: OnBroker, stack: LocalStack
) -> None:
    runner = CliRunner()
    name = log.namespace.name
    typed = [name, "--home", str(stack.home)]
    unknown = runner.invoke(app, typed)
    assert isinstance(unknown.exception, UnknownRunError)

    run = written(log, run_id=name)
    same = runner.invoke(app, typed)
    assert same.exit_code == 0, same.output
    assert "IDENTICAL" in same.stdout
    assert "verdict PASS" in same.stdout

    run.append([msgspec.structs.replace(log.events("audit-reports")[0], verdict="LATE")])
    run.flush()
    other = runner.invoke(app, typed)
    assert other.exit_code == 1
    assert "verdict is 'LATE' on the log and 'PASS' when derived" in other.stdout


@pytest.mark.infra
def test_a_name_that_no_run_can_have_is_refused(stack: LocalStack) -> None:
    stack.up(["kafka"])
    for name in ("", "A run"):
        refused = CliRunner().invoke(app, [name, "--home", str(stack.home)])
        assert isinstance(refused.exception, InvalidInputError)
