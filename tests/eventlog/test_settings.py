"""Settings from environment variables: complete, or every mistake by its variable's name."""

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ecosystem.errors import InvalidInputError
from eventlog.settings import read_settings


class Kettle(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="KETTLE_")

    maker: str
    litres: int = Field(default=1, gt=0)


def test_settings_are_read_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETTLE_MAKER", "Smith")
    assert read_settings(Kettle) == Kettle(maker="Smith", litres=1)


def test_every_mistake_is_told_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETTLE_LITRES", "-2")
    with pytest.raises(InvalidInputError) as refused:
        read_settings(Kettle)
    assert str(refused.value).splitlines() == [
        "environment variable KETTLE_MAKER: Field required",
        "environment variable KETTLE_LITRES: '-2' found: Input should be greater than 0",
    ]
