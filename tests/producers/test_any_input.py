"""Whatever is sent to a door is answered as its document says, and never by 5xx.

Schemathesis makes the requests from each door's OpenAPI document, in all its phases: the document's
examples, every boundary of every field, chance, and sequences of requests that follow each other.
"""

from collections.abc import Iterator
from typing import Final

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from structlog.testing import capture_logs

from tests.producers.stands import AUTHORIZED, Stand

SETTINGS: Final = {
    "seed": 1,
    "headers": AUTHORIZED,
    "generation": {"max-examples": 5, "database": "none"},
    # A document cannot say which accounts there are: values of the right shape may be refused.
    "checks": {"positive_data_acceptance": {"enabled": False}},
    "phases": {"stateful": {"max-steps": 4}, "coverage": {"unexpected-methods": ["PATCH"]}},
}
PHASES: Final = {"examples", "coverage", "fuzzing", "stateful"}


def failures(finished: events.ScenarioFinished) -> Iterator[str]:
    """Yield every failed check of a scenario, with the request that failed it."""
    for case, checks in finished.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                request = finished.recorder.interactions[case].request
                failure = check.failure_info.failure
                yield f"{check.name}: {request.method} {request.uri} {request.body!r}: {failure}"


@pytest.mark.parametrize("name", ["exchange-okx", "custodian", "market-data", "trading-engine"])
def test_no_input_makes_a_door_fail(name: str) -> None:
    found: list[str] = []
    phases: set[str] = set()
    requests_count = 0
    config = SchemathesisConfig.from_dict(SETTINGS)
    with capture_logs() as logs, Stand(name, stream_s=0.02) as stand:
        stand.put(*stand.ticks())
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
    assert found == []
    assert phases == PHASES
    assert requests_count > 100
    assert [line for line in logs if line["event"] == "request_failed"] == []
