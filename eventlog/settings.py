"""Settings from environment variables; what is wrong with them, each by its variable's name."""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from ecosystem.errors import InvalidInputError

Settings = TypeVar("Settings", bound=BaseSettings)


def read_settings(kind: type[Settings]) -> Settings:
    """Return the settings that the environment variables hold.

    Raises:
        InvalidInputError: lists every variable that is missing or wrong.
    """
    try:
        return kind()
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        mistakes = []
        for mistake in error.errors():
            name = prefix + "_".join(str(part) for part in mistake["loc"]).upper()
            found = "" if mistake["type"] == "missing" else f"{mistake['input']!r} found: "
            mistakes.append(f"environment variable {name}: {found}{mistake['msg']}")
        raise InvalidInputError("\n".join(mistakes)) from error
