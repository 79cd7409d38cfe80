"""`tse`: the command line of the trading ecosystem."""

import signal
import sys

import typer

from ecosystem.errors import EcosystemError
from tse import (
    access_commands,
    demo_command,
    manual_command,
    monitor_command,
    recording_commands,
    replay_command,
    report_command,
    run_command,
    scenario_commands,
    schema_commands,
    stack_commands,
    suite_command,
    topics_commands,
)
from tse.doctor import doctor

app = typer.Typer(
    help="A trading ecosystem on a Kafka-compatible log that proves risk monitors.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(stack_commands.app, name="stack")
app.add_typer(topics_commands.app, name="topics")
app.add_typer(access_commands.app, name="access")
app.add_typer(scenario_commands.app, name="scenario")
app.add_typer(recording_commands.app, name="recording")
app.add_typer(suite_command.app, name="suite")
app.add_typer(schema_commands.app, name="schemas")
app.add_typer(monitor_command.app, name="monitor")
app.command()(doctor)
app.command("demo")(demo_command.demo)
app.command("run")(run_command.run)
app.command("replay")(replay_command.replay)
app.command("report")(report_command.report)
app.command("manual")(manual_command.manual)


def take_requests_to_end() -> None:
    """Make SIGTERM and SIGHUP an interruption like Ctrl-C: what was started is stopped then."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
            signal.signal(number, signal.default_int_handler)


def main() -> None:
    """Run the command line; what goes wrong is one line and exit code 1."""
    take_requests_to_end()
    try:
        app()
    except (EcosystemError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
