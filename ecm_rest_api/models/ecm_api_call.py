from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from ..const import READING
from ..tools.texts import shorten

DETAIL_SIZE = 10_000


class EcmApiCall(models.Model):
    """What was asked of the REST API and how it was answered. Numbers, names and keys stand in it
    only while *Log contents* is on, and keys never.
    """

    _name = "ecm.api.call"
    _description = "API Call"
    _inherit = ["ecm.erasable.mixin"]
    _order = "id desc"
    _rec_name = "route"
    _log_access = False

    called_at = fields.Datetime(readonly=True, required=True)
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    key_id = fields.Many2one(
        "ecm.api.key", "API key", readonly=True, index="btree_not_null", ondelete="set null"
    )
    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    method = fields.Char(readonly=True)
    route = fields.Char(readonly=True, help="The path with the names of its values.")
    status = fields.Integer("HTTP status", readonly=True, aggregator=None)
    problem = fields.Char(readonly=True, help="What kind of error it was, as the answer says.")
    duration_ms = fields.Float("Duration (ms)", digits=(10, 1), readonly=True, aggregator="avg")
    request_size = fields.Integer("Bytes in", readonly=True)
    answer_size = fields.Integer("Bytes out", readonly=True)
    address = fields.Char("From", readonly=True, help="The client's address, as the proxy says.")
    is_replayed = fields.Boolean(
        "Replayed", readonly=True, help="An earlier answer for the same Idempotency-Key."
    )
    path = fields.Char(readonly=True)
    request_body = fields.Text(readonly=True)
    answer_body = fields.Text(readonly=True)

    _called_at_index = models.Index("(called_at)")

    # -- erasure (N6) -----------------------------------------------------------------------------

    @api.model
    def _find_person(self, person):
        """Contents stand in it only where somebody has switched that on."""
        text = SQL("lower(concat_ws(' ', path, request_body, answer_body))")
        return SQL(
            """SELECT id FROM ecm_api_call
                WHERE company_id = ANY(%s) AND %s LIKE ANY(%s)
                  AND (request_body IS NOT NULL OR answer_body IS NOT NULL)""",
            sorted(person.company_ids),
            text,
            make_patterns(person),
        )

    @api.model
    def _erase_ids(self, ids):
        """That there was a call stays."""
        query = SQL(
            """UPDATE ecm_api_call SET path = NULL, request_body = NULL, answer_body = NULL
                WHERE id = ANY(%s)""",
            list(ids),
        )
        self.env.cr.execute(query)
        self.invalidate_model()
        return {self._name: self.env.cr.rowcount}

    @api.model
    def _log(self, call, answer, with_contents=False):
        """Note a call in the transaction of this environment.

        :param call: ``tools.call.Call``
        :param answer: ``tools.call.Answer``
        """
        row = {
            "called_at": fields.Datetime.now(),
            "company_id": call.company_id,
            "key_id": call.key_id,
            "user_id": call.user_id,
            "method": shorten(call.method, 10),
            "route": shorten(call.route, 200),
            "status": answer.status,
            "problem": answer.problem or None,
            "duration_ms": round(call.duration_ms, 1),
            "request_size": len(call.body),
            "answer_size": len(answer.body),
            "address": shorten(call.address, 50),
            "is_replayed": call.is_replayed,
            **(_get_contents(call, answer) if with_contents else {}),
        }
        if call.method in READING:
            # Nothing else was stored: nobody has to wait for a disk, and the line of a call of the
            # last second may be lost in a crash.
            self.env.cr.execute("SET LOCAL synchronous_commit TO OFF")
        columns = SQL(", ").join(map(SQL.identifier, row))
        values = SQL(", ").join(SQL("%s", value) for value in row.values())
        self.env.cr.execute(SQL("INSERT INTO ecm_api_call (%s) VALUES (%s)", columns, values))

    @api.autovacuum
    def _gc_calls(self):
        """Delete what is older than the settings say, a part at a time.

        :return: how many were deleted, and whether some may be left
        """
        days = self.env["ecm.api"]._get_setting("log_days")
        before = fields.Datetime.now() - timedelta(days=days)
        return self.env["ecm.api"]._delete_before(self, "called_at", before)


def make_patterns(person):
    """What a text in small letters is compared with by LIKE, where it says something of a person.

    :param person: ``tools.erasure.Person``
    """
    values = sorted(person.numbers | person.emails | person.keys)
    return [f"%{escape_psql(value)}%".lower() for value in values]


def _get_contents(call, answer):
    path = f"{call.path}?{call.query}" if call.query else call.path
    return {
        "path": shorten(path, 2000),
        "request_body": _read(call.body),
        "answer_body": _read(answer.body),
    }


def _read(body):
    """What can be shown of a body."""
    return shorten(body.decode("utf-8", "replace"), DETAIL_SIZE) or None
