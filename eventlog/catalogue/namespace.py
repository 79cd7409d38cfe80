"""The namespaces that keep runs apart: physical names on the broker from logical ones."""

import re
from typing import Final

from ecosystem.errors import InvalidInputError

NAMESPACE_LENGTH_MAX: Final = 40
PHYSICAL_LENGTH_MAX: Final = 249
"""Kafka's own bound on the name of a topic."""
NAME_LENGTH_MAX: Final = PHYSICAL_LENGTH_MAX - NAMESPACE_LENGTH_MAX - 1
NAME_RULE: Final = "lower-case letters, digits and '-', from a letter to a letter or digit"
_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)


def is_name(text: str) -> bool:
    """Return whether `text` is DNS-safe as `NAME_RULE` says; its length is another matter.

    No dot is allowed, so the first dot of a physical name always ends the namespace.
    """
    return _NAME.fullmatch(text) is not None


class Namespace:
    """A run's own topics, groups and ids: `<name>.<logical>`; the empty name has no prefix.

    Raises:
        InvalidInputError: the name is not DNS-safe or longer than 40 characters.
    """

    __slots__ = ("name", "prefix")

    def __init__(self, name: str = "") -> None:
        if name and not (is_name(name) and len(name) <= NAMESPACE_LENGTH_MAX):
            raise InvalidInputError(
                f"namespace {name!r}: {NAME_RULE}, at most {NAMESPACE_LENGTH_MAX} characters"
                " are allowed"
            )
        self.name = name
        self.prefix = f"{name}." if name else ""

    def topic(self, name: str) -> str:
        """Return the physical topic of the logical `name`."""
        return self.prefix + name

    def group(self, name: str) -> str:
        """Return the consumer group, stream application or transactional id on the broker."""
        return self.prefix + name

    def logical(self, physical: str) -> str:
        """Return the logical name of `physical`.

        Raises:
            InvalidInputError: the name lies outside this namespace.
        """
        if not self.owns(physical):
            raise InvalidInputError(
                f"name {physical!r}: it lies outside the namespace {self.name!r};"
                f" names that begin with {self.prefix!r} are allowed"
                if self.prefix
                else f"name {physical!r}: names without a namespace (no dot) are allowed"
            )
        return physical.removeprefix(self.prefix)

    def owns(self, physical: str) -> bool:
        """Return whether `physical` lies in this namespace; the brokers' own `_names` never do."""
        if self.prefix:
            return physical.startswith(self.prefix) and physical != self.prefix
        return "." not in physical and not physical.startswith("_")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Namespace) and other.name == self.name

    def __hash__(self) -> int:
        return hash((Namespace, self.name))

    def __repr__(self) -> str:
        return f"Namespace({self.name!r})"
