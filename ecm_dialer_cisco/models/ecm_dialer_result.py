from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.sql import values_of

DAYS = "ecm_dialer_cisco.result_inbox_days"
DEFAULT_DAYS = 90
GC_BATCH = 10_000
LATE, CLOSED, UNKNOWN, FAILED = "late", "closed", "unknown", "failed"


class Misfit(NamedTuple):
    """Why a result fits nothing, and whose it would have been."""

    key: str
    problem: str
    attempt_id: int | None = None
    contact_id: int | None = None


class Kept(NamedTuple):
    """A result as it is kept; the fields are columns."""

    key: str
    problem: str
    attempt_id: int | None
    contact_id: int | None
    number: str | None
    raw_status: str
    raw_code: str
    reference: str
    called_at: datetime | None
    agent: str | None
    wrap_up: str | None
    campaign_key: str


class EcmDialerResult(models.Model):
    """The inbox of results that fit nothing (requirement F4): what a dialer tells of contacts that
    were given up or closed meanwhile, of attempts that nobody knows, and what could not be applied.

    All the others lead to what the strategy says, and are not here.
    """

    _name = "ecm.dialer.result"
    _description = "Result That Fits Nothing"
    _order = "id desc"
    _rec_name = "key"
    _log_access = False

    dialer_id = fields.Many2one("ecm.dialer", required=True, readonly=True, ondelete="cascade")
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    problem = fields.Selection(
        [
            (LATE, "Given up as Dangling"),
            (CLOSED, "Closed meanwhile"),
            (UNKNOWN, "Unknown call"),
            (FAILED, "Cannot be applied"),
        ],
        required=True,
        readonly=True,
    )
    received_at = fields.Datetime("Read on", required=True, readonly=True)
    key = fields.Char("Account number", readonly=True)
    number = fields.Char(readonly=True)
    campaign_key = fields.Char("Cisco campaign ID", readonly=True)
    called_at = fields.Datetime("Called on", readonly=True)
    raw_status = fields.Char("Dialer status", readonly=True)
    raw_code = fields.Char("Dialer code", readonly=True, help="The result as the dialer writes it.")
    agent = fields.Char(readonly=True)
    wrap_up = fields.Char("Wrap-up at the dialer", readonly=True)
    reference = fields.Char("Dialer record", readonly=True)
    attempt_id = UncheckedMany2one("ecm.attempt", "Attempt", readonly=True)
    contact_id = UncheckedMany2one("ecm.contact", "Contact", readonly=True)

    # What is read again after a crash is kept once.
    _told_once = models.UniqueIndex("(dialer_id, key, reference, problem)")
    _received = models.Index("(received_at)")

    @api.model
    def _keep_what_fits_nothing(self, dialer, rows, applied_ids):
        """Keep what of a batch found no contact that awaited it, in the caller's transaction.

        :param rows: list of ``clients.base.CallResult`` that were applied
        :param applied_ids: ids of the attempts that got their result now
        """
        by_key = {row.key: row for row in rows}
        found = self._find_late(applied_ids)
        # Mostly each result has found its attempt: nothing is looked up then.
        if len(by_key) > len(applied_ids):
            found += [Misfit(key, UNKNOWN) for key in self._find_unknown(by_key)]
        self._keep(dialer, [(by_key[misfit.key], misfit) for misfit in found])

    @api.model
    def _keep_failed(self, dialer, row):
        """Keep a result that could not be applied.

        :param row: ``clients.base.CallResult``
        """
        self._keep(dialer, [(row, Misfit(row.key, FAILED))])

    def _find_late(self, attempt_ids):
        """Attempts whose contact did not await their result any more.

        :return: list of `Misfit`
        """
        self.env.cr.execute(
            SQL(
                """SELECT a.key, CASE WHEN c.state = 'dangling' THEN %s ELSE %s END, a.id, c.id
                     FROM ecm_attempt a JOIN ecm_contact c ON c.id = a.contact_id
                    WHERE a.id = ANY(%s) AND a.is_late""",
                LATE,
                CLOSED,
                list(attempt_ids),
            )
        )
        return [Misfit(*row) for row in self.env.cr.fetchall()]

    def _find_unknown(self, keys):
        """:return: list of those keys that no attempt has"""
        self.env.cr.execute(
            SQL(
                """SELECT v.key FROM unnest(%s) AS v(key)
                    WHERE NOT EXISTS (SELECT FROM ecm_attempt a WHERE a.key = v.key)""",
                list(keys),
            )
        )
        return [key for (key,) in self.env.cr.fetchall()]

    def _keep(self, dialer, pairs):
        """Keep results; one that is kept already changes nothing.

        :param pairs: list of ``(clients.base.CallResult, Misfit)``
        """
        if not pairs:
            return
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_dialer_result
                          (dialer_id, company_id, received_at, problem, attempt_id, contact_id,
                           key, number, raw_status, raw_code, reference, called_at, agent, wrap_up,
                           campaign_key)
                   SELECT %s, %s, %s, v.problem, v.attempt_id, v.contact_id,
                          v.key, v.number, v.raw_status, v.raw_code, v.reference,
                          v.called_at, v.agent, v.wrap_up, v.campaign_key
                     FROM %s
                       ON CONFLICT DO NOTHING""",
                dialer.id,
                dialer.company_id.id,
                fields.Datetime.now(),
                values_of([_prepare(*pair) for pair in pairs], Kept),
            )
        )
        self.invalidate_model()

    @api.autovacuum
    def _gc_old(self):
        """Delete what is older than the days of the parameter; 0 keeps all.

        :return: how many, and how many may be left
        """
        parameters = self.env["ir.config_parameter"].sudo()
        days = int(parameters.get_param(DAYS, DEFAULT_DAYS))
        if days <= 0:
            return 0, 0
        before = fields.Datetime.now() - timedelta(days=days)
        old = self.sudo().search([("received_at", "<", before)], limit=GC_BATCH, order="id")
        old.unlink()
        return len(old), len(old) == GC_BATCH


def _prepare(row, misfit):
    """:param row: ``clients.base.CallResult``
    :rtype: Kept
    """
    called_at = row.called_at and row.called_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return Kept(
        *(row.key, misfit.problem, misfit.attempt_id, misfit.contact_id),
        number=row.number or None,
        raw_status=row.raw_status,
        raw_code=row.raw_code,
        reference=row.dialer_ref,
        called_at=called_at or None,
        agent=row.agent or None,
        wrap_up=row.wrap_up or None,
        campaign_key=row.dialer_campaign_key,
    )
