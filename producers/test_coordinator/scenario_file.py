"""Scenario files: strict YAML in, a `Scenario` or every mistake out.

The shape is close to Chaos Toolkit's experiments; `scenarios/scenario.schema.json` describes it
to editors. The name of a scenario is the name of its file.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ruamel.yaml.nodes import Node

from ecosystem.errors import InvalidInputError
from ecosystem.scenario import Effect, Expectation, Injection, Parameter, Scenario
from eventlog.catalogue.yaml_nodes import Mistakes, compose, suggestion, unknown
from eventlog.errors import CatalogueError
from producers.test_coordinator.section import Section, name_mistake
from producers.test_coordinator.values import format_duration
from producers.test_coordinator.vocabulary.tables import (
    DESCRIPTION_MAX,
    DEVIATION_E8,
    DURATION_US,
    EXPECTATIONS_MAX,
    INJECTIONS,
    INJECTIONS_MAX,
    RULES,
    SEVERITIES,
    TAGS_MAX,
    TITLE_MAX,
    WITHIN_US,
)
from producers.test_coordinator.vocabulary.words import InjectionWord, ParameterWord

FILE_BYTES_MAX: Final = 256 * 1024

SCENARIO_KEYS: Final = (
    "title",
    "description",
    "tags",
    "duration",
    "method",
    "effect",
    "expect",
    "false-alarms",
)
INJECTION_KEYS: Final = ("inject", "name", "target", "at", "for", "with")
EFFECT_KEYS: Final = ("injection", "measure", "deviation")
EXPECTATION_KEYS: Final = ("name", "alert", "subject", "severity", "since", "within")
FALSE_ALARM_KEYS: Final = ("severity",)
FALSE_ALARM_DEFAULT: Final = "high"


class ScenarioFileError(InvalidInputError):
    """A scenario file is wrong; `mistakes` holds a line for each mistake, in the file's order."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def load_scenario(path: Path) -> Scenario:
    """Return the scenario of a file.

    Raises:
        ScenarioFileError: with every mistake: file, line, what was found and what is allowed.
    """
    reading = _Reading(path)
    scenario = reading.scenario()
    if reading.mistakes.found:
        raise ScenarioFileError(
            tuple(f"{path}:{line}: {text}" for line, text in sorted(reading.mistakes.found))
        )
    assert scenario is not None, "whatever is missing is a mistake"
    return scenario


def _root(path: Path) -> Node:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            large = f"{path}:1: more than {FILE_BYTES_MAX} bytes found; a smaller file is allowed"
            raise ScenarioFileError((large,))
        return compose(path, str(path))
    except OSError as error:
        raise ScenarioFileError((f"{path}: {error.strerror}",)) from error
    except RecursionError as error:
        raise ScenarioFileError((f"{path}:1: nested too deeply to be read",)) from error
    except CatalogueError as error:
        raise ScenarioFileError(tuple(str(error).splitlines())) from error


class _Reading:
    """One pass over a file; what refers to an injection is read after the injections."""

    def __init__(self, path: Path) -> None:
        self.mistakes = Mistakes(str(path))
        self._name = path.stem
        self._top = Section(_root(path), self.mistakes, "scenario", SCENARIO_KEYS)
        self._measures: dict[str, tuple[str, ...] | None] = {}
        """What each injection alters, by name; None when the injection itself is wrong."""

    def scenario(self) -> Scenario | None:
        top = self._top
        if not top.is_name(self._name):
            self.mistakes.add(1, f"file name {name_mistake(self._name)}")
        title = top.prose("title", TITLE_MAX)
        description = top.prose("description", DESCRIPTION_MAX)
        duration_us = top.duration("duration", DURATION_US)
        injections = [
            self._injection(section, duration_us)
            for section in top.sections("method", INJECTION_KEYS, INJECTIONS_MAX)
        ]
        effects = [
            self._effect(section)
            for section in top.sections("effect", EFFECT_KEYS, EXPECTATIONS_MAX)
        ]
        expectations = self._expectations()
        alarms = top.section("false-alarms", FALSE_ALARM_KEYS, required=False)
        least = alarms.choice("severity", "severity", SEVERITIES) if alarms else None
        tags = self._tags()
        if title is None or description is None or duration_us is None:
            return None
        return Scenario(
            name=self._name,
            title=title,
            description=description,
            tags=tags,
            duration_us=duration_us,
            injections=tuple(one for one in injections if one is not None),
            effects=tuple(one for one in effects if one is not None),
            expectations=tuple(one for one in expectations if one is not None),
            false_alarm_severity=SEVERITIES[least or FALSE_ALARM_DEFAULT],
        )

    def _tags(self) -> tuple[str, ...]:
        tags = self._top.some_words("tags", (0, TAGS_MAX))
        for tag, line in tags:
            if not self._top.is_name(tag):
                self._top.mistake(line, "tags", name_mistake(tag))
        return tuple(tag for tag, _ in tags)

    def _injection(self, section: Section, run_us: int | None) -> Injection | None:
        kind = section.choice("inject", "injection", INJECTIONS)
        word = None if kind is None else INJECTIONS[kind]
        name = section.name("name", default=kind)
        targets = (
            word.targets if word else sorted({t for w in INJECTIONS.values() for t in w.targets})
        )
        target = section.choice("target", "target", targets)
        starts_us = section.duration("at", (0, DURATION_US[1]))
        duration_us = section.duration("for", word.duration_us if word else DURATION_US)
        parameters = None if word is None else self._parameters(section, word)
        if starts_us is not None and duration_us is not None and run_us is not None:
            self._check_end(section, starts_us, duration_us, run_us)
        if name is not None:
            if name in self._measures:
                again = f"{name!r} found again; each injection has a name of its own"
                section.mistake(section.line_at("name"), "name", again)
            self._measures[name] = (
                None if word is None or parameters is None else word.measures(parameters)
            )
        if name is None or kind is None or target is None:
            return None
        if starts_us is None or duration_us is None or parameters is None:
            return None
        return Injection(
            name=name,
            kind=kind,
            target=target,
            starts_after_us=starts_us,
            duration_us=duration_us,
            parameters=parameters,
        )

    def _check_end(self, section: Section, starts_us: int, duration_us: int, run_us: int) -> None:
        if starts_us + duration_us > run_us:
            end, run = format_duration(starts_us + duration_us), format_duration(run_us)
            outside = f"an end {end} after the start found; the run, and so all of it, lasts {run}"
            section.mistake(section.line_of_value("for"), "for", outside)

    def _parameters(self, section: Section, word: InjectionWord) -> dict[str, Parameter] | None:
        given = section.section("with", [parameter.key for parameter in word.parameters])
        if given is None:
            return None
        found = {parameter.name: _parameter(given, parameter) for parameter in word.parameters}
        complete = {name: value for name, value in found.items() if value is not None}
        return complete if len(complete) == len(found) else None

    def _effect(self, section: Section) -> Effect | None:
        injection, measure = self._altered(section)
        deviation_e8 = section.fraction("deviation", DEVIATION_E8)
        if injection is None or measure is None or deviation_e8 is None:
            return None
        return Effect(injection=injection, measure=measure, deviation_e8=deviation_e8)

    def _expectations(self) -> list[Expectation | None]:
        names: set[str] = set()
        found: list[Expectation | None] = []
        for section in self._top.sections("expect", EXPECTATION_KEYS, EXPECTATIONS_MAX):
            expectation = self._expectation(section)
            if expectation is not None and expectation.name in names:
                again = f"{expectation.name!r} found again; give each expectation a name of its own"
                section.mistake(section.line_at("name"), "name", again)
            if expectation is not None:
                names.add(expectation.name)
            found.append(expectation)
        return found

    def _expectation(self, section: Section) -> Expectation | None:
        rule = section.choice("alert", "rule", RULES)
        subjects = RULES[rule] if rule else sorted({one for many in RULES.values() for one in many})
        subject = ""
        if "subject" in section.entries:
            subject = section.choice("subject", "subject", subjects) or ""
        severity = section.choice("severity", "severity", SEVERITIES)
        since = section.section("since", EFFECT_KEYS)
        injection, measure = self._altered(since) if since else (None, None)
        deviation_e8 = since.fraction("deviation", DEVIATION_E8, required=False) if since else None
        within_us = section.duration("within", WITHIN_US)
        name = f"{rule} {subject}".strip()
        if "name" in section.entries:
            name = section.text("name") or name
        if rule is None or severity is None or injection is None or measure is None:
            return None
        if deviation_e8 is None or within_us is None:
            return None
        return Expectation(
            name=name,
            injection=injection,
            rule=rule,
            subject=subject,
            severity=SEVERITIES[severity],
            measure=measure,
            deviation_e8=deviation_e8,
            within_us=within_us,
        )

    def _altered(self, section: Section) -> tuple[str | None, str | None]:
        injection = section.choice("injection", "injection of this file", self._measures)
        measure: str | None = ""
        if "measure" in section.entries:
            measure = section.text("measure")
        if injection is None or not measure:
            return injection, measure
        measures = self._measures[injection]
        if measures is not None and measure not in measures:
            section.mistake(
                section.line_of_value("measure"),
                "measure",
                f"{measure!r} found; {injection!r} alters {', '.join(measures)}"
                f"{suggestion(measure, measures)}",
            )
            return injection, None
        return injection, measure


def _parameter(given: Section, word: ParameterWord) -> Parameter | None:
    if word.kind == "names":
        return _names(given, word)
    if word.kind == "choice":
        if word.key not in given.key_lines and word.default is not None:
            return word.default
        return given.choice(word.key, "word", word.choices)
    readers: dict[str, Callable[..., int | None]] = {
        "fraction": given.fraction,
        "factor": given.number,
        "amount": given.number,
        "duration": given.duration,
        "count": given.count,
    }
    default = word.default
    assert default is None or isinstance(default, int), f"{word.key}: quantities are integers"
    return readers[word.kind](word.key, word.bounds, required=default is None, default=default or 0)


def _names(given: Section, word: ParameterWord) -> tuple[str, ...] | None:
    if word.key not in given.key_lines and isinstance(word.default, tuple):
        return word.default
    if word.key not in given.key_lines:
        needed = f"a list of {', '.join(word.choices)} is allowed"
        given.mistakes.add(given.line, f"{given.what}: {word.key} is missing; {needed}")
        return None
    named = given.some_words(word.key, word.bounds)
    wrong = [(name, line) for name, line in named if name not in word.choices]
    for name, line in wrong:
        given.mistake(line, word.key, unknown("name", name, word.choices))
    return tuple(name for name, _ in named) if named and not wrong else None
