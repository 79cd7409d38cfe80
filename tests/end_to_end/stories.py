"""The stories of every-rule.yaml: scenarios, the limits they share, and what must fire in them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from ruamel.yaml import YAML

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.envelope import Event
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.watch import SEVERITIES
from tse.running.plans import LIMITS

FILE: Final = Path(__file__).with_name("every-rule.yaml")


class Fires(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alert that must be raised: about whom, and at least how severe."""

    subject: str = ""
    """Empty means any subject."""
    severity: str

    def holds(self, rule: str, event: Event) -> bool:
        """Return whether `event` is that alert."""
        return (
            isinstance(event, RiskAlertRaised | RiskAlertEscalated)
            and event.rule == rule
            and self.subject in ("", event.subject)
            and SEVERITIES.index(event.severity) >= SEVERITIES.index(self.severity.upper())
        )


class Story(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scenario of minutes and the rules that fire in it."""

    name: str
    seed: int
    scenario: dict[str, Any]
    fires: dict[str, Fires]
    forged_fill_at_s: int = 0
    """Event time from the start at which a venue tells an execution it never booked; 0: never."""


class Quiet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The run in which no rule fires."""

    seed: int
    duration: str


class Stories(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    limits: dict[str, dict[str, str]]
    quiet: Quiet
    stories: list[Story]

    def limits_text(self) -> str:
        """Return the limits of a run, with the values of the file in their places."""
        text = LIMITS.read_text()
        for rule, values in self.limits.items():
            for key, value in values.items():
                text = _replaced(text, rule, key, value)
        parse_limits(text, FILE.name)
        return text


def _replaced(text: str, rule: str, key: str, value: str) -> str:
    line = re.compile(rf"(^\[{rule}\][^\[]*?^{key} = )[^#\n]*", re.MULTILINE)
    replaced, count = line.subn(rf"\g<1>{value} ", text)
    assert count == 1, f"{FILE.name}: the limits of a run have no {key} under [{rule}]"
    return replaced


def load_stories() -> Stories:
    """Return the stories, checked."""
    return msgspec.convert(YAML(typ="safe", pure=True).load(FILE.read_text()), Stories)


def write_scenario(folder: Path, name: str, scenario: Mapping[str, Any]) -> str:
    """Write a scenario file and return its path."""
    path = folder / f"{name.replace(' ', '-')}.yaml"
    words = {"title": name.capitalize(), "description": "A story for tests.", **scenario}
    with path.open("w") as file:
        YAML().dump(words, file)
    return str(path)
