"""Shapes that more than one router uses."""

import re
from datetime import date, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

T = TypeVar("T")
# PostgreSQL stores no NUL.
_NUMBER = re.compile(r"[-+]?[0-9.]+")


def _read_as_text(value):
    """A number would be taken for seconds since 1970."""
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        raise ValueError("Write it as a text, as in 2026-11-29 or 2026-11-29T08:00:00Z")
    return value


# What bodies hold beside texts: 5 and not "5"; a moment with its offset, without one it is UTC.
Whole = Annotated[int, Strict()]
Day = Annotated[date, BeforeValidator(_read_as_text)]
Moment = Annotated[datetime, BeforeValidator(_read_as_text)]
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
