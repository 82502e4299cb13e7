"""What the OpenAPI document says beyond what FastAPI finds out."""

from fastapi import FastAPI

from .schemas import ProblemAnswer
from .tools.problems import CONTENT_TYPE

_REF = "#/components/schemas/ProblemAnswer"
_MEANINGS = {
    400: "The request cannot be read.",
    401: "No key, or one that is not valid any more.",
    403: "The key lacks a scope, or its user a right.",
    404: "There is nothing of this name, or not for this key's company.",
    409: "The state of the record does not allow it, or the same request is being answered.",
    413: "The body is too large.",
    422: "A value is not valid; `field` names it.",
    429: "The key has used up its calls of this minute; see `Retry-After`.",
    500: "The server has failed.",
    503: "The database is busy or cannot be written to; see `Retry-After`.",
}


def _describe(text):
    return {"description": text, "content": {CONTENT_TYPE: {"schema": {"$ref": _REF}}}}


RESPONSES = {status: _describe(text) for status, text in _MEANINGS.items()}


def name_operation(route):
    """The function's name: what generated clients call their methods."""
    return route.name


def complete(app: FastAPI):
    """Add what errors look like."""
    make = app.openapi

    def openapi():
        document = make()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault("ProblemAnswer", ProblemAnswer.model_json_schema())
        return document

    app.openapi = openapi
