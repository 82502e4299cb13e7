"""Shapes that more than one router uses."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    WithJsonSchema,
)

T = TypeVar("T")
MIN_YEAR, MAX_YEAR = 1900, 2199
# PostgreSQL stores no NUL.
_CRM_KEY = re.compile(r"crm:[A-Za-z0-9._-]{1,64}")
_NUMBER = re.compile(r"[-+]?[0-9.]+")


def _read_as_text(value):
    """A number would be taken for seconds since 1970."""
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        raise ValueError("Write it as a text, as in 2026-11-29 or 2026-11-29T08:00:00Z")
    return value


def _check_year(value):
    """Beyond these there is nothing to plan, and no clock that can be changed into UTC."""
    if not MIN_YEAR <= value.year <= MAX_YEAR:
        raise ValueError(f"A year is {MIN_YEAR} to {MAX_YEAR}")
    return value


# What bodies hold beside texts: 5 and not "5", true and not 1; a moment with its offset, without
# one it is UTC.
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Day = Annotated[date, BeforeValidator(_read_as_text), AfterValidator(_check_year)]
Moment = Annotated[datetime, BeforeValidator(_read_as_text), AfterValidator(_check_year)]


def _read_campaign(value):
    """One type with one message: a union's would name its parts."""
    is_number = type(value) is int and 0 < value < 2**31
    is_key = isinstance(value, str) and _CRM_KEY.fullmatch(value)
    if not (is_number or is_key):
        raise ValueError("A campaign is its number, or crm: with its ID in your CRM")
    return value


CampaignRef = Annotated[
    Any,
    AfterValidator(_read_campaign),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
                {"type": "string", "pattern": f"^{_CRM_KEY.pattern}$"},
            ],
            "description": "The campaign's number, or `crm:` with its ID in your CRM.",
            "examples": [12],
        }
    ),
]
Id32 = Annotated[Whole, Field(ge=1, le=2**31 - 1)]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


class ProblemAnswer(BaseModel):
    """RFC 9457, `application/problem+json`."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:ecm:problem:invalid"])
    title: str
    status: int
    detail: str
    field: str | None = None
    errors: list[dict[str, str]] | None = None


class PageAnswer(BaseModel, Generic[T]):
    """A part of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="Ask for the next page with it; null at the end.")
