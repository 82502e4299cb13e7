import hashlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.call import Answer
from ..tools.problems import Problem
from .ecm_api_call import make_patterns

HEADER = "idempotency-key"
KEY_SIZE = 255


class EcmApiReplay(models.Model):
    """Answers that are given again when a client repeats a POST with the same Idempotency-Key,
    because it never saw the first one. An answer is stored in the very transaction that did the
    work: there are both or none.
    """

    _name = "ecm.api.replay"
    _description = "Stored API Answer"
    _inherit = ["ecm.erasable.mixin"]
    _order = "id desc"
    _rec_name = "idempotency_key"
    _log_access = False

    asked_at = fields.Datetime(readonly=True, required=True)
    key_id = fields.Many2one("ecm.api.key", "API key", readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    idempotency_key = fields.Char("Idempotency-Key", readonly=True, required=True)
    route = fields.Char(readonly=True)
    fingerprint = fields.Char(readonly=True, help="Digest of method, path and body.")
    status = fields.Integer("HTTP status", readonly=True, aggregator=None)
    content_type = fields.Char(readonly=True)
    body = fields.Text("Answer", readonly=True)

    _key_unique = models.UniqueIndex("(key_id, idempotency_key)")
    _asked_at_index = models.Index("(asked_at)")

    @api.model
    def _begin(self, call):
        """Take a POST's Idempotency-Key, or find what was answered to it.

        Whoever repeats it while the first is at work is told so: the advisory lock is held by the
        first one's transaction, and goes with it even if the server dies.

        :return: the earlier Answer, or None
        :raise Problem: it is being answered, or the key belongs to another request
        """
        name = self._read_key(call)
        if not name:
            return None
        self._lock(call.key_id, name)
        fingerprint = _get_fingerprint(call)
        # What was committed after this transaction began to look fails it here, and Odoo tries anew.
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_api_replay (asked_at, key_id, company_id, idempotency_key,
                                               fingerprint)
                   VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
                fields.Datetime.now(),
                call.key_id,
                call.company_id,
                name,
                fingerprint,
            )
        )
        return None if self.env.cr.rowcount else self._find(call, name, fingerprint)

    @api.model
    def _end(self, call, answer):
        """Store the answer. What is no success is none: it changed nothing, and may be tried again
        with the same key.
        """
        name = self._read_key(call)
        if name:
            self.env.cr.execute(
                SQL(
                    """UPDATE ecm_api_replay
                          SET status = %s, content_type = %s, body = %s, route = %s
                        WHERE key_id = %s AND idempotency_key = %s""",
                    answer.status,
                    answer.content_type,
                    answer.body.decode(),
                    call.route,
                    call.key_id,
                    name,
                )
            )

    def _read_key(self, call):
        """:raise Problem: too long, or not to be stored"""
        name = call.headers.get(HEADER, "") if call.method == "POST" and call.key_id else ""
        if len(name) > KEY_SIZE or not name.isprintable():
            raise Problem(
                "invalid",
                self.env._("An Idempotency-Key has 1 to %s printable characters.", KEY_SIZE),
                field="Idempotency-Key",
            )
        return name

    def _lock(self, key_id, name):
        self.env.cr.execute(
            SQL(
                "SELECT pg_try_advisory_xact_lock(hashtext(%s), hashtext(%s))",
                f"ecm:{self._name}:{key_id}",
                name,
            )
        )
        [is_ours] = self.env.cr.fetchone()
        if not is_ours:
            raise Problem(
                "in-progress",
                self.env._("A request with this Idempotency-Key is being answered. Try again."),
                headers={"Retry-After": "1"},
            )

    def _find(self, call, name, fingerprint):
        self.env.cr.execute(
            SQL(
                """SELECT fingerprint, status, content_type, body FROM ecm_api_replay
                    WHERE key_id = %s AND idempotency_key = %s""",
                call.key_id,
                name,
            )
        )
        known, status, kind, body = self.env.cr.fetchone()
        if known != fingerprint:
            raise Problem(
                "key-reused",
                self.env._(
                    "Another request had this Idempotency-Key. Give each request one of its own."
                ),
                field="Idempotency-Key",
            )
        headers = [("Content-Type", kind)] if kind else []
        # Of a person who was erased since there is nothing to tell.
        return Answer(status, [*headers, ("Idempotency-Replayed", "true")], (body or "").encode())

    # -- erasure (N6) -----------------------------------------------------------------------------

    @api.model
    def _find_person(self, person):
        return SQL(
            """SELECT id FROM ecm_api_replay
                WHERE company_id = ANY(%s) AND lower(body) LIKE ANY(%s)""",
            sorted(person.company_ids),
            make_patterns(person),
        )

    @api.model
    def _erase_ids(self, ids):
        """That it was answered stays: a client that repeats it must not do it again."""
        self.env.cr.execute(
            SQL(
                "UPDATE ecm_api_replay SET body = NULL, content_type = NULL WHERE id = ANY(%s)",
                list(ids),
            )
        )
        self.invalidate_model()
        return {self._name: self.env.cr.rowcount}

    @api.autovacuum
    def _gc_replays(self):
        """Delete what is older than the settings say.

        :return: how many were deleted, and whether some may be left
        """
        hours = self.env["ecm.api"]._get_setting("replay_hours")
        before = fields.Datetime.now() - timedelta(hours=hours)
        return self.env["ecm.api"]._delete_before(self, "asked_at", before)


def _get_fingerprint(call):
    text = f"{call.method} {call.path}?{call.query}\n".encode()
    return hashlib.sha256(text + call.body).hexdigest()
