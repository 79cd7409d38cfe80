"""The JSON schema of scenario files, for editors; the reader itself is stricter.

What a schema cannot say stays with `load_scenario`: that an injection lies inside the run, that
names are not used twice, and that an expectation is about something the injection alters.
"""

import json
from typing import Final

from producers.test_coordinator.values import (
    COUNT_PATTERN,
    DURATION_PATTERN,
    FRACTION_PATTERN,
    NUMBER_PATTERN,
    format_duration,
)
from producers.test_coordinator.vocabulary.tables import (
    DESCRIPTION_MAX,
    DURATION_US,
    EXPECTATIONS_MAX,
    INJECTIONS,
    INJECTIONS_MAX,
    NAME_PATTERN,
    RULES,
    SEVERITIES,
    TAGS_MAX,
    TITLE_MAX,
)
from producers.test_coordinator.vocabulary.words import InjectionWord, ParameterWord

Schema = dict[str, object]

_NAME: Final[Schema] = {"type": "string", "pattern": NAME_PATTERN}
_DURATION: Final[Schema] = {"type": "string", "pattern": DURATION_PATTERN}
_FRACTION: Final[Schema] = {"type": ["string", "number"], "pattern": FRACTION_PATTERN}
_QUANTITIES: Final[dict[str, Schema]] = {
    "fraction": _FRACTION,
    "duration": _DURATION,
    "factor": {"type": ["string", "number"], "pattern": NUMBER_PATTERN},
    "amount": {"type": ["string", "number"], "pattern": NUMBER_PATTERN},
    "count": {"type": ["string", "integer"], "pattern": COUNT_PATTERN},
}
_SEVERITY: Final[Schema] = {"enum": list(SEVERITIES)}


def schema_text() -> str:
    """Return the schema as it stands in `scenarios/scenario.schema.json`."""
    return json.dumps(scenario_schema(), indent=2) + "\n"


def scenario_schema() -> Schema:
    """Return the schema, made of the same tables as the reader."""
    low, high = (format_duration(bound_us) for bound_us in DURATION_US)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario",
        "description": "One experiment: faults, and what a good risk monitor must see.",
        **_mapping(
            required=("title", "description", "duration"),
            title={"type": "string", "minLength": 1, "maxLength": TITLE_MAX},
            description={"type": "string", "minLength": 1, "maxLength": DESCRIPTION_MAX},
            tags={"type": "array", "items": _NAME, "uniqueItems": True, "maxItems": TAGS_MAX},
            duration={**_DURATION, "description": f"length of the run, {low} to {high}"},
            method={
                "type": "array",
                "maxItems": INJECTIONS_MAX,
                "items": {"oneOf": [_injection(word) for word in INJECTIONS.values()]},
            },
            effect={"type": "array", "maxItems": EXPECTATIONS_MAX, "items": _effect()},
            expect={
                "type": "array",
                "maxItems": EXPECTATIONS_MAX,
                "items": {"oneOf": [_expectation(rule) for rule in RULES]},
            },
            **{"false-alarms": _mapping(required=("severity",), severity=_SEVERITY)},
        ),
    }


def _mapping(required: tuple[str, ...], **properties: Schema) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


def _injection(word: InjectionWord) -> Schema:
    needed = tuple(parameter.key for parameter in word.parameters if parameter.default is None)
    return {
        "description": word.why,
        **_mapping(
            required=("inject", "target", "at", "for", "with"),
            inject={"const": word.kind},
            name=_NAME,
            target={"enum": list(word.targets)},
            at={**_DURATION, "description": "when it begins, from the start of the run"},
            **{
                "for": _DURATION,
                "with": _mapping(
                    required=needed,
                    **{parameter.key: _parameter(parameter) for parameter in word.parameters},
                ),
            },
        ),
    }


def _parameter(word: ParameterWord) -> Schema:
    if word.kind == "choice":
        return {"enum": list(word.choices), "description": word.why}
    if word.kind != "names":
        return {**_QUANTITIES[word.kind], "description": word.why}
    low, high = word.bounds
    return {
        "type": "array",
        "items": {"enum": list(word.choices)},
        "uniqueItems": True,
        "minItems": low,
        "maxItems": high,
        "description": word.why,
    }


def _effect() -> Schema:
    return _mapping(
        required=("injection", "deviation"),
        injection=_NAME,
        measure={"type": "string", "description": "what is altered, e.g. price BTC-USD"},
        deviation=_FRACTION,
    )


def _expectation(rule: str) -> Schema:
    since = _mapping(
        required=("injection",), injection=_NAME, measure={"type": "string"}, deviation=_FRACTION
    )
    return _mapping(
        required=("alert", "severity", "since", "within"),
        name={"type": "string", "minLength": 1},
        alert={"const": rule},
        subject={"enum": list(RULES[rule])},
        severity=_SEVERITY,
        since={**since, "description": "the alert is due from the first alteration this large"},
        within=_DURATION,
    )
