"""A monitor's results for people and for programs."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from ecosystem.audit.conformance.history import CheckResult
from tse.conforming.results import Conformance, Detection, ScenarioResult

SHOWN_MAX: Final = 3
"""Findings shown of each clause and scenario; the JSON holds them all."""
KEPT: Final = "[green]kept[/]"
NOT_TRIED: Final = "-"


def rendered(conformance: Conformance) -> Iterator[RenderableType]:
    """Yield the tables and lines that tell a person both answers."""
    yield _contract_table(conformance.scenarios)
    for result in conformance.scenarios:
        yield from _breaches(result)
    yield _detection_table(conformance)
    read = dict.fromkeys(name for result in conformance.scenarios for name in result.topics_read)
    yield f"  it says that it read {', '.join(read) or 'nothing'}"
    for result in conformance.scenarios:
        for alarm in result.false_alarms[:SHOWN_MAX]:
            yield f"  {result.scenario}: false alarm: {escape(alarm)}"
    yield _answers(conformance)


def _contract_table(results: Iterable[ScenarioResult]) -> Table:
    results = list(results)
    table = Table("clause of the contract", *(result.scenario for result in results), box=None)
    names = dict.fromkeys(check.name for result in results for check in result.checks)
    for name in names:
        table.add_row(name, *(_cell(result, name) for result in results))
    table.add_row("[dim]answer, median and slowest[/]", *(_latency(result) for result in results))
    return table


def _cell(result: ScenarioResult, name: str) -> str:
    check = next((check for check in result.checks if check.name == name), None)
    if check is None:
        return NOT_TRIED
    return KEPT if check.kept else f"[bold red]broken {len(check.findings)}x[/]"


def _latency(result: ScenarioResult) -> str:
    if result.heartbeat_latency_ms_median is None:
        return NOT_TRIED
    slowest = result.heartbeat_latency_ms_max
    return f"[dim]{result.heartbeat_latency_ms_median} ms, {slowest} ms[/]"


def _breaches(result: ScenarioResult) -> Iterator[str]:
    for check in result.checks:
        if check.kept:
            continue
        for sentence in list(check.sentences())[:SHOWN_MAX]:
            yield f"  [red]{result.scenario}, {check.name}:[/] {escape(sentence)}"
        if (more := len(check.findings) - SHOWN_MAX) > 0:
            yield f"  [red]{result.scenario}, {check.name}:[/] and {more} more"


def _detection_table(conformance: Conformance) -> Table:
    table = Table("scenario", "must be seen", "claimed", "outcome", "after", box=None)
    for result in conformance.scenarios:
        for found in result.detections:
            expected = f"{found.rule} {found.subject} {found.severity}"
            claimed = "yes" if found.claimed else "no"
            table.add_row(result.scenario, expected, claimed, found.outcome, _after(found))
        alarms = f"{len(result.false_alarms)} false alarms"
        table.add_row(result.scenario, alarms, "", result.claims_verdict, "")
    return table


def _after(found: Detection) -> str:
    if found.event_latency_us is None:
        return NOT_TRIED
    return f"{found.event_latency_us / 1e6:.1f} s of event time"


def _answers(conformance: Conformance) -> str:
    if conformance.conforms:
        contract = "[bold green]CONFORMS[/] to the contract"
    else:
        count = sum(result.breaches_count for result in conformance.scenarios)
        contract = f"[bold red]BREAKS[/] the contract, {count} times"
    verdict = conformance.verdict
    colour = "green" if verdict == "PASS" else "red"
    of_it = f"of what it claims ({', '.join(conformance.watches) or 'nothing'})"
    return f"{contract}; detection {of_it}: [bold {colour}]{verdict}[/]"


def to_json(conformance: Conformance) -> str:
    """Return everything as JSON: both answers, every clause and every finding."""
    document: dict[str, Any] = {
        "conforms": conformance.conforms,
        "verdict": conformance.verdict,
        "command": list(conformance.command),
        "watches": list(conformance.watches),
        "scenarios": [_as_json(result) for result in conformance.scenarios],
    }
    return json.dumps(document, indent=2) + "\n"


def _as_json(result: ScenarioResult) -> dict[str, Any]:
    fields = msgspec.to_builtins(result)
    fields["claims_verdict"] = result.claims_verdict
    fields["checks"] = [_check_as_json(check) for check in result.checks]
    return dict(fields)


def _check_as_json(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.name,
        "asks": check.asks,
        "kept": check.kept,
        "findings": [
            {
                "place": None if finding.place is None else str(finding.place),
                "found": finding.found,
                "sentence": sentence,
            }
            for finding, sentence in zip(check.findings, check.sentences(), strict=True)
        ],
    }
