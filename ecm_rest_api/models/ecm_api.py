import logging
from contextlib import contextmanager

import psycopg2
from fastapi.exceptions import RequestValidationError
from psycopg2.pool import PoolError
from starlette.exceptions import HTTPException
from werkzeug.exceptions import HTTPException as WerkzeugException

from odoo import api, models
from odoo.exceptions import (
    AccessDenied,
    AccessError,
    ConcurrencyError,
    LockError,
    MissingError,
    UserError,
    ValidationError,
)
from odoo.tools import SQL

from ..const import DEFAULTS, PARAMETER, READING, RETRY_SECONDS
from ..exceptions import TryAgain
from ..tools import loops
from ..tools.call import Answer, Replayed, ask
from ..tools.problems import CONTENT_TYPE, Problem, code_of
from odoo.addons.ecm_campaign.models.shared.ecm_transaction_mixin import trying_again
from odoo.addons.fastapi.context import odoo_env_ctx

_logger = logging.getLogger(__name__)

BUSY = (psycopg2.OperationalError, psycopg2.InterfaceError, PoolError, ConcurrencyError)
# A standby says the second one where a transaction begins that may write.
BUSY += (psycopg2.errors.ReadOnlySqlTransaction, psycopg2.errors.FeatureNotSupported)
# Rows that are deleted in one transaction.
GC_ROWS = 20_000
METHODS = "GET, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key, Accept-Language"
ANSWER_HEADERS = "RateLimit-Limit, RateLimit-Remaining, Retry-After, Idempotency-Replayed"
PREFLIGHT_SECONDS = 600


class EcmApi(models.AbstractModel):
    """A call's way: size, key, rate limit, repeated POST, router, log (requirement R4).

    Everything happens in one transaction, which Odoo repeats where another was in the way. A
    ``Problem`` ends it: nothing is stored then.
    """

    _name = "ecm.api"
    _description = "REST API"

    # -- settings ----------------------------------------------------------------------------------

    @api.model
    def _get_setting(self, name):
        """:param str name: of `const.DEFAULTS`, whose type the value has"""
        default = DEFAULTS[name]
        text = self.env["ir.config_parameter"].sudo().get_param(PARAMETER % name)
        if not isinstance(default, int):
            return default if text is False else text
        return int(text) if text and text.isdecimal() else default

    @api.model
    def _delete_before(self, records, name, moment):
        """Delete a part of the rows of a model whose time has passed.

        :param records: of the model
        :param str name: of the column
        :param moment: naive UTC
        :return: how many were deleted, and whether some may be left
        """
        self.env.cr.execute(
            SQL(
                """DELETE FROM %(table)s WHERE id IN (
                       SELECT id FROM %(table)s WHERE %(column)s < %(moment)s LIMIT %(rows)s)""",
                table=SQL.identifier(records._table),
                column=SQL.identifier(name),
                moment=moment,
                rows=GC_ROWS,
            )
        )
        count = self.env.cr.rowcount
        records.invalidate_model()
        return count, count == GC_ROWS

    @api.model
    def _get_max_size(self, path):
        """Of a body, in bytes. Routers that take files extend this.

        :param str path: with the root
        """
        if path.endswith("/contacts/bulk"):
            return self._get_setting("max_bulk_kb") * 1024
        if path.endswith("/files"):
            return self._get_setting("max_file_mb") * 1024 * 1024
        return self._get_setting("max_body_kb") * 1024

    @api.model
    def _is_public(self, path):
        """Whether a path, without the root, is answered without a key."""
        return path in ("/health", "/openapi.json", "/docs") or path.startswith("/docs/")

    # -- a call ------------------------------------------------------------------------------------

    @api.model
    def _serve(self, call, endpoint):
        """
        :param call: ``tools.call.Call``
        :param endpoint: the API's record
        :rtype: Answer
        :raise Problem: it was refused
        """
        if call.method == "OPTIONS":
            return self._answer_preflight(call)
        if call.token:
            self._identify(call)
        elif not self._is_public(call.path.removeprefix(call.root)):
            raise Problem(
                "unauthenticated",
                self.env._("Send your API key in the header Authorization: Bearer …"),
                headers={"WWW-Authenticate": "Bearer"},
            )
        answer = self._answer(call, endpoint)
        if self._is_logged(call, answer):
            self._log(call, answer)
        return answer

    def _identify(self, call):
        keys = self.env["ecm.api.key"].sudo()
        known = keys._identify(call.token)
        call.key_id, call.user_id, call.company_id, call.lang, call.tz = known[:5]
        call.scopes = frozenset(known.scopes)
        if not call.is_counted:
            limit = known.rate_limit or self._get_setting("rate_limit")
            call.limit = (limit, 0)
            call.is_counted = True
            call.limit = (limit, keys._take(known.id, limit))

    def _answer(self, call, endpoint):
        # Odoo repeats a call that was in another's way: nobody has to look at that.
        with self._as_caller(call) as env, trying_again(True):
            answer = self._run(call, endpoint)
            # As the caller, whose rights count for what is still to be computed and written.
            env.flush_all()
        if not call.is_replayed:
            self.env["ecm.api.replay"].sudo()._end(call, answer)
        return answer

    @contextmanager
    def _as_caller(self, call):
        """Give routers an environment with the rights, company and language of the caller."""
        env = self.env(su=False)
        if call.user_id:
            context = {"lang": self._get_lang(call), "tz": call.tz or False}
            context["allowed_company_ids"] = [call.company_id]
            env = env(user=call.user_id, context=context)
        token = odoo_env_ctx.set(env)
        try:
            yield env
        finally:
            odoo_env_ctx.reset(token)

    def _get_lang(self, call):
        """What the header asks for where it is installed, otherwise the user's."""
        wanted = call.headers.get("accept-language")
        languages = self.env["res.lang"].sudo()
        found = wanted and languages._get_lang_from_accept_language(wanted[:200])
        return found or call.lang or False

    def _run(self, call, endpoint):
        """:raise Problem: the router refused, or Odoo did"""
        try:
            return loops.run(ask(endpoint._get_shared_app(), call, call.root))
        except Replayed as replayed:
            call.is_replayed = True
            return replayed.answer
        # A conflict with another transaction must reach Odoo, which repeats all of this.
        except (Problem, *BUSY):
            raise
        except Exception as error:
            problem = self._explain(error)
            if problem.status >= 500:
                raise
            raise problem from error

    # -- web pages of other servers ----------------------------------------------------------------

    def _answer_preflight(self, call):
        """A browser asks before it calls: it sends no key then, and takes the headers for an answer.

        :raise Problem: pages of that origin may not call
        """
        if not self._get_cors_headers(call):
            text = self.env._("Pages of other servers may not call: see the API settings.")
            raise Problem("forbidden", text)
        return Answer(
            204,
            [
                ("Access-Control-Allow-Methods", METHODS),
                ("Access-Control-Allow-Headers", REQUEST_HEADERS),
                ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
            ],
        )

    def _get_cors_headers(self, call):
        """What lets a page of another server read the answer, where the settings name its origin."""
        origin = call.headers.get("origin")
        if not origin or origin not in self._get_setting("cors_origins").split():
            return []
        return [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", ANSWER_HEADERS),
            ("Vary", "Origin"),
        ]

    @api.model
    def _get_common_headers(self, call, answer):
        """Of every answer."""
        headers = self._get_cors_headers(call)
        if not any(name.lower() == "cache-control" for name, _value in answer.headers):
            headers.append(("Cache-Control", "no-store"))
        if call.limit:
            limit, left = call.limit
            headers += [("RateLimit-Limit", str(limit)), ("RateLimit-Remaining", str(left))]
        return headers

    # -- errors ------------------------------------------------------------------------------------

    @api.model
    def _explain(self, error):
        """:return: what an exception says to the client, as a Problem"""
        if isinstance(error, Problem):
            return error
        if isinstance(error, BUSY):
            return self._explain_busy()
        if isinstance(error, RequestValidationError):
            return self._explain_values(error)
        if isinstance(error, HTTPException):
            return Problem(code_of(error.status_code), str(error.detail), headers=error.headers)
        if isinstance(error, WerkzeugException) and error.code:
            return Problem(code_of(error.code), error.description or error.name)
        return self._explain_odoo(error)

    def _explain_odoo(self, error):
        """An error of Odoo's. Those that are further down are kinds of those above."""
        text = str(error.args[0]) if error.args else ""
        if isinstance(error, AccessDenied | AccessError):
            return Problem("forbidden", text)
        if isinstance(error, MissingError):
            return Problem("not-found", self.env._("There is no such record."))
        if isinstance(error, ValidationError):
            return Problem("invalid", text, field=getattr(error, "field", None))
        if isinstance(error, TryAgain):
            return Problem("in-progress", text, headers={"Retry-After": str(RETRY_SECONDS)})
        if isinstance(error, LockError):
            return self._explain_busy()
        if isinstance(error, UserError):
            return Problem("conflict", text)
        return Problem("internal", self.env._("The server's log says more."))

    def _explain_busy(self):
        return Problem(
            "busy",
            self.env._("The database is busy or cannot be written to. Try again."),
            headers={"Retry-After": str(RETRY_SECONDS)},
        )

    def _explain_values(self, error):
        """What was wrong with values, without the values: they may be anybody's."""
        errors = []
        for one in error.errors():
            if one["type"] == "json_invalid":
                return Problem("malformed", self.env._("The body is no JSON."))
            place = [str(part) for part in one["loc"][1:]] or [str(one["loc"][0])]
            errors.append({"field": ".".join(place), "detail": one["msg"]})
        first = errors[0]
        detail = f"{first['field']}: {first['detail']}"
        return Problem("invalid", detail, field=first["field"], errors=errors)

    @api.model
    def _make_error_answer(self, call, problem):
        """:rtype: Answer"""
        answer = Answer.of_json(
            problem.status, problem.describe(), CONTENT_TYPE, problem=problem.code
        )
        answer.headers += list(problem.headers.items())
        if self._is_logged(call, answer):
            self._log_apart(call, answer)
        return answer

    # -- log ---------------------------------------------------------------------------------------

    def _is_logged(self, call, answer):
        # Whether the server lives is asked every few seconds, and the page for people loads parts.
        if not call.key_id and answer.status < 400:
            return False
        chosen = self._get_setting("log_calls")
        is_error = answer.status >= 400
        return chosen == "all" or is_error or (chosen == "changes" and call.method not in READING)

    def _log(self, call, answer):
        with_contents = bool(self._get_setting("log_details"))
        self.env["ecm.api.call"].sudo()._log(call, answer, with_contents)

    def _log_apart(self, call, answer):
        """Note what failed, whose own transaction stores nothing."""
        # Its locks must not keep the log waiting.
        self.env.cr.rollback()
        try:
            with self.env.registry.cursor() as cursor:
                self.with_env(self.env(cr=cursor))._log(call, answer)
        except BUSY as error:
            _logger.warning("A call of the REST API could not be logged: %s", error)
