"""What the chaos endpoints take and answer."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from doors.fields import HexId
from producers.chaos.board import InjectionState
from producers.test_coordinator.vocabulary.tables import NAME_PATTERN


class KindParameter(BaseModel):
    """One key under `with`."""

    key: str
    kind: str = Field(examples=["fraction"])
    why: str
    least: str | None
    most: str | None
    choices: list[str]
    default: str | list[str] | None = Field(description="null: it must be given")


class Kind(BaseModel):
    """What can be injected, and its caps."""

    kind: str = Field(examples=["price-crash"])
    why: str
    shortest: str = Field(examples=["1m"])
    longest: str = Field(examples=["72h"])
    parameters: list[KindParameter]


class Wished(BaseModel):
    """A fault to be injected, in the words of scenario files."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "crash",
                    "name": "monday-crash",
                    "in": "10s",
                    "for": "15m",
                    "with": {"instruments": ["all"], "change": "-10%"},
                }
            ]
        },
    )

    kind: str = Field(min_length=1, max_length=63)
    name: str = Field(default="by-hand", pattern=NAME_PATTERN)
    delay: str = Field(default="0s", alias="in", max_length=20, description="until it begins")
    duration: str = Field(alias="for", max_length=20, examples=["15m"])
    parameters: dict[str, str | int | list[str]] = Field(default={}, alias="with")


class InjectionAnswer(BaseModel):
    """One injection as it stands."""

    injection_id: HexId
    name: str
    kind: str
    run: str
    state: InjectionState
    starts: str
    ends: str
    applied_count: int = Field(description="events it altered so far")
    parameters: dict[str, Any] = Field(description="as the machine knows them")


class Scheduled(BaseModel):
    """What was asked for stands on the control plane."""

    injection_id: HexId
    correlation_id: HexId
    starts: str
    ends: str


class Called(BaseModel):
    """A call to end stands on the control plane."""

    correlation_id: HexId
