"""One mapping of a scenario file, with the types of value only scenarios have."""

import re
from collections.abc import Callable, Collection

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ecosystem.errors import InvalidInputError
from eventlog.catalogue.yaml_nodes import Fields, kind_of, line_of, unknown
from producers.test_coordinator.values import (
    format_duration,
    format_fraction,
    format_number,
    parse_count,
    parse_duration_us,
    parse_fraction_e8,
    parse_number_e8,
)
from producers.test_coordinator.vocabulary.tables import NAME_PATTERN

DURATION = "a duration such as 90s, 15m or 36h"
FRACTION = "a fraction such as -15% or -0.15"
NUMBER = "a number such as 2.5 or 250000"
COUNT = "a whole number such as 100"


class Section(Fields):
    """Reads each value once, and keeps a mistake where it is not what it must be."""

    def mistake(self, line: int, key: str, text: str) -> None:
        """Keep a mistake about the value of a key."""
        self.mistakes.add(line, f"{self.what}.{key}: {text}")

    def line_of_value(self, key: str) -> int:
        """Return the line of the value of a key that is there."""
        return line_of(self.entries[key])

    def duration(
        self, key: str, bounds: tuple[int, int], *, required: bool = True, default: int = 0
    ) -> int | None:
        """Return microseconds within the bounds; None when it is absent but required, or wrong."""
        return self._quantity(
            key, DURATION, bounds, required, default, parse_duration_us, format_duration
        )

    def fraction(
        self, key: str, bounds: tuple[int, int], *, required: bool = True, default: int = 0
    ) -> int | None:
        """Return a scaled fraction within the bounds; None when absent but required, or wrong."""
        return self._quantity(
            key, FRACTION, bounds, required, default, parse_fraction_e8, format_fraction
        )

    def number(
        self, key: str, bounds: tuple[int, int], *, required: bool = True, default: int = 0
    ) -> int | None:
        """Return a scaled number within the bounds; None when absent but required, or wrong."""
        return self._quantity(
            key, NUMBER, bounds, required, default, parse_number_e8, format_number
        )

    def count(
        self, key: str, bounds: tuple[int, int], *, required: bool = True, default: int = 0
    ) -> int | None:
        """Return a whole number within the bounds; None when absent but required, or wrong."""
        return self._quantity(key, COUNT, bounds, required, default, parse_count, str)

    def prose(self, key: str, characters_max: int) -> str | None:
        """Return a text that must be there, without the white space around it."""
        text = self.text(key, required=True)
        if text is None:
            return None
        text = text.strip()
        if len(text) > characters_max:
            line = self.line_of_value(key)
            self.mistake(line, key, f"{len(text)} characters found; {characters_max} are allowed")
            return None
        return text

    def name(self, key: str, default: str | None = None) -> str | None:
        """Return a name, or the default when it is absent; a bad one is a mistake, and returned.

        So what refers to it is not one more mistake.
        """
        found = self.text(key) if key in self.entries else default
        if found is not None and not self.is_name(found):
            self.mistake(self.line_at(key), key, name_mistake(found))
        return found

    @staticmethod
    def is_name(found: str) -> bool:
        """Return whether `found` can name a scenario, an injection or a tag."""
        return re.fullmatch(NAME_PATTERN, found) is not None

    def choice(
        self, key: str, kind: str, allowed: Collection[str], *, required: bool = True
    ) -> str | None:
        """Return one of the allowed words; None when it is absent or wrong."""
        found = self.text(key, required=required)
        if found is None or found in allowed:
            return found
        self.mistake(self.line_of_value(key), key, unknown(kind, found, allowed))
        return None

    def some_words(self, key: str, bounds: tuple[int, int]) -> tuple[tuple[str, int], ...]:
        """Return the distinct words of a list with their lines; none when there are too many."""
        node = self.entries.get(key)
        low, high = bounds
        if isinstance(node, SequenceNode) and not low <= len(node.value) <= high:
            found = f"{len(node.value)} words found; {low} to {high} are allowed"
            self.mistake(line_of(node), key, found)
            return ()
        return self.words(key)

    def section(
        self, key: str, allowed: Collection[str], *, required: bool = True
    ) -> "Section | None":
        """Return the mapping under a key; None when it is absent or wrong."""
        if required and key not in self.key_lines:
            self.mistakes.add(self.line, f"{self.what}: {key} is missing; a mapping is allowed")
        if key not in self.entries:
            return None
        return self._inner(self.entries[key], f"{self.what}.{key}", allowed)

    def sections(self, key: str, allowed: Collection[str], count_max: int) -> "list[Section]":
        """Return the mappings of a list; those that are none are mistakes and left out."""
        node = self.entries.get(key)
        if node is None:
            return []
        if not isinstance(node, SequenceNode):
            self.mistake(line_of(node), key, f"{kind_of(node)} found; a list is allowed")
            return []
        if len(node.value) > count_max:
            found = f"{len(node.value)} entries found; at most {count_max} are allowed"
            self.mistake(line_of(node), key, found)
            return []
        inner = [
            self._inner(item, f"{key}[{at}]", allowed) for at, item in enumerate(node.value, 1)
        ]
        return [section for section in inner if section is not None]

    def _inner(self, node: Node, what: str, allowed: Collection[str]) -> "Section | None":
        # A value that is no mapping is one mistake, not one more for each key it does not have.
        section = Section(node, self.mistakes, what, allowed)
        return section if isinstance(node, MappingNode) else None

    def _quantity(
        self,
        key: str,
        allowed: str,
        bounds: tuple[int, int],
        required: bool,
        default: int,
        parse: Callable[[str], int],
        show: Callable[[int], str],
    ) -> int | None:
        node = self.entries.get(key)
        if node is None:
            if required and key not in self.key_lines:
                self.mistakes.add(self.line, f"{self.what}: {key} is missing; {allowed} is allowed")
            return None if required or key in self.key_lines else default
        line = line_of(node)
        if not isinstance(node, ScalarNode):
            self.mistake(line, key, f"{kind_of(node)} found; {allowed} is allowed")
            return None
        try:
            value = parse(str(node.value))
        except InvalidInputError as error:
            self.mistake(line, key, str(error))
            return None
        low, high = bounds
        if not low <= value <= high:
            limits = f"{show(low)} to {show(high)} is allowed"
            self.mistake(line, key, f"{node.value} found; {limits}")
            return None
        return value


def name_mistake(found: str) -> str:
    """Return the sentence a bad name deserves."""
    return (
        f"{found!r} found; a name of 2 to 63 small letters, digits and hyphens is allowed,"
        " which begins with a letter"
    )
