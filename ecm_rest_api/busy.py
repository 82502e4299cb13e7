"""An answer where no route is found, or not even a database (docs/decisions/rest-layer.md).

Odoo answers with 404 then, as if there were no API, or with a page for people.
"""

import json

from psycopg2.pool import PoolError

from odoo.http import Request, Response

from .const import RETRY_SECONDS, ROOT
from .tools.problems import CONTENT_TYPE, Problem

_serve_db = Request._serve_db
_serve_nodb = Request._serve_nodb


def _serve_db_or_say(self):
    """All connections are in use, or no rule of Werkzeug fits the path."""
    if _is_ours(self) and "\n" in self.httprequest.path:
        return _make_answer(Problem("not-found", "A path has no line breaks."))
    try:
        return _serve_db(self)
    except PoolError:
        if not _is_ours(self):
            raise
        return _make_answer(_busy("All connections to the database are in use. Try again."))


def _serve_nodb_or_say(self):
    """PostgreSQL is away, or names no database for this address."""
    if not _is_ours(self):
        return _serve_nodb(self)
    return _make_answer(_busy("The database cannot be reached now, or none is for this address."))


def _is_ours(request):
    return request.httprequest.path.startswith(f"{ROOT}/")


def _busy(text):
    return Problem("busy", text, headers={"Retry-After": str(RETRY_SECONDS)})


def _make_answer(problem):
    return Response(
        json.dumps(problem.describe()),
        status=problem.status,
        headers=[("Content-Type", CONTENT_TYPE), *problem.headers.items()],
    )


Request._serve_db = _serve_db_or_say
Request._serve_nodb = _serve_nodb_or_say
