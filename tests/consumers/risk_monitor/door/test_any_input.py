"""Whatever is sent to the monitor's door is answered as its document says, and never by 5xx."""

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from tests.consumers.risk_monitor.door.stands import AUTHORIZED, TOKEN, MonitorStand
from tests.consumers.risk_monitor.worlds import CRASH
from tests.producers.test_any_input import PHASES, SETTINGS, failures


@pytest.mark.parametrize("token", [TOKEN, None], ids=["acting", "watching"])
def test_no_input_makes_the_door_fail(token: str | None) -> None:
    found: list[str] = []
    phases: set[str] = set()
    requests_count = 0
    config = SchemathesisConfig.from_dict(SETTINGS | {"headers": AUTHORIZED})
    with MonitorStand(token=token, stream_s=0.02) as stand:
        stand.write(*CRASH[:6])
        schema = schemathesis.openapi.from_asgi("/openapi.json", stand.door.app, config=config)
        for event in from_schema(schema).execute():
            match event:
                case events.ScenarioFinished():
                    found += failures(event)
                    requests_count += len(event.recorder.interactions)
                    if event.recorder.interactions:
                        phases.add(event.phase.value.split()[0].lower())
                case events.NonFatalError() | events.FatalError():
                    found.append(str(event))
                case _:
                    pass
        assert stand.client.get("/ready").status_code == 200
        failed = [line for line in stand.logs if line["event"] == "request_failed"]
    assert found == []
    assert phases == PHASES
    assert requests_count > 100
    assert failed == []
