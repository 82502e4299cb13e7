"""What an answer says that is no success (RFC 9457, requirement R4)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

CONTENT_TYPE = "application/problem+json"
TYPE = "urn:ecm:problem:%s"

# Status and title by code. A module adds its own with `register`.
_KINDS = {
    "malformed": (400, "The request cannot be read"),
    "unauthenticated": (401, "A valid API key is needed"),
    "forbidden": (403, "Not allowed"),
    "scope": (403, "The key lacks a scope"),
    "not-found": (404, "Not found"),
    "method": (405, "The method is not offered here"),
    "conflict": (409, "The state of the record does not allow it"),
    "in-progress": (409, "The same request is being answered"),
    "length-required": (411, "The length of the body is needed"),
    "too-large": (413, "The body is too large"),
    "media-type": (415, "The body is of another kind than expected"),
    "invalid": (422, "A value is not valid"),
    "key-reused": (422, "The idempotency key belongs to another request"),
    "rate-limit": (429, "Too many requests"),
    "internal": (500, "The server has failed"),
    "busy": (503, "The server cannot answer now"),
}
_CODES_BY_STATUS = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method",
    409: "conflict",
    411: "length-required",
    413: "too-large",
    415: "media-type",
    422: "invalid",
    429: "rate-limit",
    503: "busy",
}


class Problem(Exception):
    """Raise it anywhere below a router: nothing is stored then, and this is the answer.

    :param str code: a registered kind, which gives status and title
    :param str detail: a sentence for whoever reads the answer: what is wrong, what to do next
    :param str field: the value that is meant, with dots between its parts (``phones.0``)
    :param list errors: of ``{"field", "detail"}`` where several values are wrong
    :param dict headers: of the answer
    :param dict extra: further members of the answer (``slots`` of a callback, for example)
    """

    # Odoo logs what it does not know as an error, with the request in it.
    loglevel = logging.DEBUG

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status, self.title = _KINDS[code]
        self.detail = detail
        self.field = field
        self.errors = errors
        self.headers = headers or {}
        self.extra = extra or {}

    def describe(self) -> dict[str, Any]:
        """:return: members of the JSON object; those without a value are left out"""
        members = {
            "type": TYPE % self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "field": self.field,
            "errors": self.errors,
            **self.extra,
        }
        return {name: value for name, value in members.items() if value is not None}


def register(code: str, status: int, title: str) -> None:
    """Make known a kind of problem of another module, when that is imported.

    :param str code: words with hyphens
    :param int status: 400 to 599
    :param str title: the same for every problem of this kind, in English
    """
    _KINDS[code] = (status, title)


def code_of(status: int) -> str:
    """:return: the kind that a plain HTTP status means"""
    return _CODES_BY_STATUS.get(status) or ("internal" if status >= 500 else "malformed")
