"""The health check of the containers: 0 where the door answers 200, 1 otherwise."""

import pytest

from deploy.ask_health import ask
from doors.server import ServerThread
from tests.doors.toys import Toy
from tests.producers.stands import until


@pytest.mark.parametrize("variable", ["TSE_HTTP_PORT", "RISK_MONITOR_HTTP_PORT"])
def test_the_health_check_says_what_the_door_says(
    variable: str, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = Toy()
    server = ServerThread(toy.app, "127.0.0.1", 0)
    settings = {variable: str(server.port)}
    server.start()
    until(lambda: ask([], settings) == 0)
    assert ask(["/ready"], settings) == 0
    toy.unready = "still reading"
    assert ask(["/ready"], settings) == 1
    assert "503" in capsys.readouterr().err
    server.stop()
    assert ask([], settings) == 1
