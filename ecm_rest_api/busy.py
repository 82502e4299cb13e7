"""An answer where there is not even a database (docs/decisions/rest-layer.md).

Odoo answers with 404 then, as if there were no API, or with a page for people.
"""

import json

from psycopg2.pool import PoolError

from odoo.http import RegistryError, Request, Response

from .const import RETRY_SECONDS, ROOT
from .tools.problems import CONTENT_TYPE, Problem

_serve_db = Request._serve_db


def _serve_db_or_say(self):
    try:
        return _serve_db(self)
    except (RegistryError, PoolError):
        if not self.httprequest.path.startswith(f"{ROOT}/"):
            raise
        return _make_answer()


def _make_answer():
    problem = Problem("busy", "The database cannot be reached now. Try again.")
    return Response(
        json.dumps(problem.describe()),
        status=problem.status,
        headers=[("Content-Type", CONTENT_TYPE), ("Retry-After", str(RETRY_SECONDS))],
    )


Request._serve_db = _serve_db_or_say
