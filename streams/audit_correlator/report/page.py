"""The page: one file of HTML that opens from disk, without scripts and without the network."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ecosystem.audit.evidence import scenario_of
from ecosystem.errors import InvalidInputError
from ecosystem.events.control.audit import TimelineCompleted
from streams.audit_correlator.report import content as text
from streams.audit_correlator.report.chain_picture import draw_chain, how_tied
from streams.audit_correlator.report.content import ReportContent
from streams.audit_correlator.report.effect_picture import draw_effects

CHAINS_MAX: Final = 8
"""Chains with a picture of their own; every chain is in the table."""
ROWS_MAX: Final = 500

_environment: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "time": text.time_text,
    "duration": text.duration_text,
    "wall": text.wall_text,
    "words": text.words,
    "hex": bytes.hex,
}


def render_html(content: ReportContent) -> str:
    """Return the report as one HTML page, verdict first."""
    report = content.report
    shown = shown_timelines(content)
    template = _environment.get_template("report.html.j2")
    return template.render(
        content=content,
        report=report,
        tone=_TONES.get(report.verdict, "bad"),
        tiles=_tiles(content),
        chains=[_chain(line, content) for line in shown],
        effects=draw_effects(report, content.timelines, content.applied, _measures_of(content)),
        alert_rows=content.timelines[:ROWS_MAX],
        alert_rows_left_out=max(len(content.timelines) - ROWS_MAX, 0),
        unlinked_rows=report.unlinked_alerts[:ROWS_MAX],
        unlinked_rows_left_out=max(len(report.unlinked_alerts) - ROWS_MAX, 0),
        injection_names={i.injection_id: i.name for i in report.injections},
    )


def shown_timelines(content: ReportContent) -> list[TimelineCompleted]:
    """Return the timelines with a picture: those that met expectations, then the first others."""
    met = {result.alert_event_id for result in content.report.expectations}
    first = [line for line in content.timelines if line.alert_event_id in met]
    rules = {(line.rule, line.subject) for line in first}
    for line in content.timelines:  # then one for each kind of alert that is not there yet
        if (line.rule, line.subject) not in rules:
            rules.add((line.rule, line.subject))
            first.append(line)
    return first[:CHAINS_MAX]


def _measures_of(content: ReportContent) -> list[str]:
    if content.started is None:
        return []
    try:
        scenario = scenario_of(content.started)
    except InvalidInputError:  # the verdict says so; the page shows what else there is
        return []
    stated = [expectation.measure for expectation in scenario.expectations]
    stated += [effect.measure for effect in scenario.effects]
    return [measure for measure in stated if measure]


_TONES: Final = {"PASS": "good", "LATE": "warn", "FALSE_ALARM": "warn", "ABORTED": "warn"}


def _tiles(content: ReportContent) -> list[tuple[str, str, str]]:
    report = content.report
    met = [r for r in report.expectations if r.event_latency_us is not None]
    worst = max(met, key=lambda r: r.event_latency_us or 0, default=None)
    walls = [r.wall_latency_ms for r in met if r.wall_latency_ms is not None]
    return [
        (
            "slowest expected alert",
            "none" if worst is None else text.duration_text(worst.event_latency_us),
            "event time, from the condition",
        ),
        (
            "trigger to alert on the log",
            "none" if not walls else text.wall_text(max(walls)),
            "wall time",
        ),
        (
            "alerts linked to an injection",
            f"{report.linked_alerts_count} of {report.alerts_count}",
            "by recorded causation",
        ),
        (
            "events examined",
            f"{report.events_count:,}".replace(",", "\u2009"),
            f"in {report.correlations_count:,} causal trees".replace(",", "\u2009"),
        ),
    ]


def _chain(line: TimelineCompleted, content: ReportContent) -> dict[str, Any]:
    return {
        "line": line,
        "picture": draw_chain(line, content.records),
        "hops": [
            {
                "hop": hop,
                "service": text.service_of(hop),
                "how": how_tied(line, index) if index else "root of the chain",
                "event_us": hop.hop_time_us - line.hops[index - 1].hop_time_us if index else None,
                "wall_ms": hop.record_time_ms - line.hops[index - 1].record_time_ms
                if index
                else None,
                "fields": text.fields_of(record)
                if (record := content.records.get(hop.hop_event_id)) is not None
                else [],
            }
            for index, hop in enumerate(line.hops)
        ],
    }
