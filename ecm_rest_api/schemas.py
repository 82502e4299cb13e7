"""Shapes that more than one router uses."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

T = TypeVar("T")
# PostgreSQL stores no NUL.
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
