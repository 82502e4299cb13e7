"""An answer where there is not even a database (docs/decisions/rest-layer.md).

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
    """All connections are in use."""
    try:
        return _serve_db(self)
    except PoolError:
        if not _is_ours(self):
            raise
        return _make_answer("All connections to the database are in use. Try again.")


def _serve_nodb_or_say(self):
    """PostgreSQL is away, or names no database for this address."""
    if not _is_ours(self):
        return _serve_nodb(self)
    return _make_answer("The database cannot be reached now, or none is for this address.")


def _is_ours(request):
    return request.httprequest.path.startswith(f"{ROOT}/")


def _make_answer(text):
    problem = Problem("busy", text)
    return Response(
        json.dumps(problem.describe()),
        status=problem.status,
        headers=[("Content-Type", CONTENT_TYPE), ("Retry-After", str(RETRY_SECONDS))],
    )


Request._serve_db = _serve_db_or_say
Request._serve_nodb = _serve_nodb_or_say
