from ast import literal_eval
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .ecm_crm_event_callback_mixin import CALLBACK
from odoo.addons.ecm_campaign.const import PHONE_FIELDS
from odoo.addons.ecm_campaign.tools.turn import Turn

# A transaction that is open for so long may still bring a change that is older than the last look.
OVERLAP = timedelta(minutes=15)
# Once in so long everything is looked at, whatever the dates of changes say.
WHOLE_EVERY = timedelta(hours=24)
# Records of one transaction.
AT_ONCE = 1000
# Models that events may be about, with the field that says what they bring in.
REVENUE_FIELDS = {
    "crm.lead": "expected_revenue",
    "sale.order": "amount_untaxed",
    "account.move": "amount_untaxed_signed",
    "res.partner": None,
}

# What is offered for each model; it may be changed.
CONDITIONS = {
    "crm.lead": "[('won_status', '=', 'won')]",
    "sale.order": "[('state', '=', 'sale')]",
    "account.move": "[('move_type', '=', 'out_invoice'), ('payment_state', '=', 'paid')]",
    "res.partner": "[('active', '=', False)]",
}


class Match(NamedTuple):
    """A contact that a record is about."""

    record_id: int
    contact_id: int


class EcmCrmEvent(models.Model):
    """What happens in Odoo's business and ends, moves or asks for calls: a lead is won, an order
    confirmed, an invoice paid (requirement R3).

    Not told by writes but asked for by the clock: a record that matches now and did not at the last
    look has had the event. ``docs/decisions/business-events.md`` says why.
    """

    _name = "ecm.crm.event"
    _description = "Business Event"
    _inherit = [
        "ecm.crm.event.callback.mixin",
        "ecm.logged.mixin",
        "mail.thread",
        "ecm.transaction.mixin",
        "ecm.engine.fields.mixin",
    ]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    model = fields.Selection(
        "_get_model_choices", "Of", required=True, default="crm.lead", tracking=True
    )
    domain = fields.Char(
        "When",
        required=True,
        compute="_compute_domain",
        store=True,
        precompute=True,
        readonly=False,
        tracking=True,
        help="The event is that a record begins to match.",
    )
    campaign_ids = fields.Many2many(
        "ecm.campaign",
        string="In campaigns",
        check_company=True,
        help="None: in all campaigns of the company.",
    )
    action = fields.Selection(
        [
            ("withdraw", "Withdraw its open contacts"),
            ("move", "Move its open contacts to another campaign"),
            ("reschedule", "Call its open contacts as soon as possible"),
            ("again", "Call its closed contacts again"),
            (CALLBACK, "Promise its customers a callback"),
            ("none", "Nothing, only count it"),
        ],
        "Then",
        required=True,
        default="withdraw",
        tracking=True,
    )
    to_campaign_id = fields.Many2one(
        "ecm.campaign", "To campaign", check_company=True, ondelete="restrict"
    )
    counts_conversion = fields.Boolean(
        "Counts as a conversion",
        default=True,
        help="Counted for the campaign of the customer's last attempt before.",
    )
    attribution_days = fields.Integer(
        "Counted for calls of the last (days)",
        default=30,
        required=True,
        help="An attempt that was made earlier has no part in it.",
    )
    looked_at = fields.Datetime("Looked last on", readonly=True, copy=False)
    looked_whole_at = fields.Datetime("Looked at all on", readonly=True, copy=False)
    error = fields.Char("Why it does not work", readonly=True, copy=False)
    hit_count = fields.Integer("Happened", readonly=True, copy=False)
    may_read = fields.Boolean(
        "May read its records",
        compute="_compute_may_read",
        help="Whoever may not sees the condition as it is written, and cannot change it.",
    )

    _days_positive = models.Constraint(
        "CHECK(attribution_days BETWEEN 1 AND 3650)", "Calls count for 1 to 3,650 days."
    )

    # -- configuration ----------------------------------------------------------------------------

    @api.model
    def _get_model_choices(self):
        """Models of the apps that are installed.

        :return: list of ``(technical name, label)``
        """
        names = [name for name in REVENUE_FIELDS if name in self.env]
        return [(name, self.env["ir.model"]._get(name).name or name) for name in names]

    @api.depends("model")
    def _compute_domain(self):
        for event in self:
            event.domain = CONDITIONS.get(event.model, "[]")

    @api.depends("model")
    @api.depends_context("uid")
    def _compute_may_read(self):
        for event in self:
            event.may_read = bool(event.model) and self.env[event.model].has_access("read")

    @api.constrains("action", "to_campaign_id")
    def _check_to_campaign(self):
        for event in self:
            if event.action == "move" and not event.to_campaign_id:
                raise ValidationError(self.env._("Say to which campaign contacts are moved."))

    @api.constrains("model", "domain")
    def _check_domain(self):
        # With the rights of whoever writes it: a condition is no way to read what one may not. Odoo
        # runs constraints with all rights.
        for event in self.sudo(False):
            records = event.env[event.model]
            records.check_access("read")
            try:
                records.search(event._get_domain(), limit=1)
            except (ValueError, TypeError, KeyError, SyntaxError) as error:
                raise ValidationError(
                    self.env._("The condition cannot be read: %s", error)
                ) from error

    def _get_domain(self):
        """:raise ValueError: it is none"""
        return Domain(literal_eval(self.domain or "[]"))

    def write(self, vals):
        # What matches the new condition already has not just happened.
        if {"model", "domain", "company_id"} & set(vals):
            self._forget()
        if vals.get("active"):
            self.filtered(lambda event: not event.active)._forget()
        return super().write(vals)

    def _forget(self):
        """Begin anew: what matches at the next look is what there was before."""
        self.env["ecm.crm.event.hit"].sudo().search([("event_id", "in", self.ids)]).unlink()
        self.sudo().write({"looked_at": False, "looked_whole_at": False, "error": False})

    # -- looking ----------------------------------------------------------------------------------

    @api.model
    def _cron_follow_events(self):
        """Look for what has happened, an event a transaction; one that fails holds up no other."""
        turn = Turn()
        for event in self.sudo().search([]):
            event._follow_safely()
            if not turn.goes_on():
                self._trigger_next_run()
                break

    def _follow_safely(self):
        try:
            while self._atomically(self._follow):
                pass
        except (ValueError, TypeError, KeyError, ValidationError) as error:
            # A field of the condition may be gone since.
            self._rollback()
            self._atomically(partial(self.write, {"error": str(error)[:500]}))

    def _follow(self):
        """Look once, and do what follows.

        :return: whether there may be more to do
        """
        now = fields.Datetime.now()
        self.env.flush_all()
        is_first = not self.looked_at
        is_whole = (
            is_first or not self.looked_whole_at or (now - self.looked_whole_at >= WHOLE_EVERY)
        )
        since = None if is_whole else self.looked_at - OVERLAP
        self._drop_past(since)
        if is_first:
            # What there was before is no event.
            self._note_hits(since, None)
            self.write({"looked_at": now, "looked_whole_at": now, "error": False})
            return False
        ids = self._note_hits(since, AT_ONCE)
        if ids:
            self._happen(ids, now)
        if len(ids) == AT_ONCE:
            return True
        values = {"looked_at": now, "error": False}
        if is_whole:
            values["looked_whole_at"] = now
        self.write(values)
        return False

    def _get_query(self, since):
        """:param since: naive UTC; only what was written later, or None for all
        :return: a query of the records that match
        """
        records = self.env[self.model].sudo().with_context(active_test=False)
        domain = self._get_domain()
        if "company_id" in records._fields:
            domain &= Domain("company_id", "in", (False, self.company_id.id))
        if since:
            domain &= Domain("write_date", ">=", since)
        return records._search(domain)

    def _note_hits(self, since, limit):
        """Note what begins to match, in the transaction of what follows from it: once.

        :return: ids of the records
        """
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_crm_event_hit (event_id, record_id, matched_at)
                   SELECT %(event)s, found.id, %(now)s FROM (%(found)s) AS found(id)
                    WHERE NOT EXISTS (SELECT 1 FROM ecm_crm_event_hit h
                                       WHERE h.event_id = %(event)s AND h.record_id = found.id)
                    LIMIT %(limit)s
                       ON CONFLICT (event_id, record_id) DO NOTHING
                RETURNING record_id""",
                event=self.id,
                now=fields.Datetime.now(),
                found=self._get_query(since).select(),
                limit=limit,
            )
        )
        return [record_id for (record_id,) in self.env.cr.fetchall()]

    def _drop_past(self, since):
        """What does not match any more may happen again."""
        table = SQL.identifier(self.env[self.model]._table)
        changed = SQL("t.write_date >= %s", since) if since else SQL("TRUE")
        self.env.cr.execute(
            SQL(
                """DELETE FROM ecm_crm_event_hit h
                    WHERE h.event_id = %(event)s
                      AND h.record_id IN (SELECT t.id FROM %(table)s t WHERE %(changed)s)
                      AND h.record_id NOT IN (%(found)s)""",
                event=self.id,
                table=table,
                changed=changed,
                found=self._get_query(since).select(),
            )
        )

    # -- what follows -----------------------------------------------------------------------------

    def _happen(self, record_ids, now):
        """:param record_ids: of the records to which it has just happened"""
        matches = self._find_contacts(record_ids)
        if self.counts_conversion:
            self.env["ecm.conversion"].sudo()._count(self, matches, now)
        self.hit_count += len(record_ids)
        if self.action != "none" and matches:
            self._act({match.contact_id for match in matches})

    def _find_contacts(self, record_ids):
        """The contacts of these records: linked to them, to their customer, or with the customer's
        number.

        :rtype: list of Match
        """
        self.env.flush_all()
        query = SQL(
            """WITH who AS (%(who)s)
               SELECT w.record_id, c.id FROM who w
                 JOIN ecm_contact c ON c.lead_id = w.lead_id
                WHERE c.company_id = %(company)s
                UNION
               SELECT w.record_id, c.id FROM who w
                 JOIN ecm_contact c ON c.partner_id = w.partner_id
                WHERE c.company_id = %(company)s
                UNION
               SELECT w.record_id, c.id FROM who w
           CROSS JOIN LATERAL %(by_number)s AS c
                WHERE w.number IS NOT NULL AND c.company_id = %(company)s""",
            who=self._get_who(record_ids),
            company=self.company_id.id,
            by_number=self.env["ecm.contact"]._look_up_any(PHONE_FIELDS, SQL("w.number")),
        )
        return [Match(*row) for row in self.env.execute_query(query)]

    def _get_who(self, record_ids):
        """A query of ``(record_id, lead_id, partner_id, number)``, several for one record."""
        ids = list(record_ids)
        if self.model == "res.partner":
            return SQL(
                """SELECT p.id AS record_id, NULL::int AS lead_id, p.id AS partner_id,
                          p.phone_sanitized AS number
                     FROM res_partner p WHERE p.id = ANY(%s)""",
                ids,
            )
        is_lead = self.model == "crm.lead"
        return SQL(
            """SELECT r.id AS record_id, %(lead)s AS lead_id, p.id AS partner_id,
                      p.phone_sanitized AS number
                 FROM %(table)s r LEFT JOIN res_partner p ON p.id = r.partner_id
                WHERE r.id = ANY(%(ids)s)
                UNION ALL
               SELECT r.id, NULL, p.commercial_partner_id, %(own)s
                 FROM %(table)s r LEFT JOIN res_partner p ON p.id = r.partner_id
                WHERE r.id = ANY(%(ids)s)""",
            table=SQL.identifier(self.env[self.model]._table),
            lead=SQL("r.id") if is_lead else SQL("NULL::int"),
            own=SQL("r.phone_sanitized") if is_lead else SQL("NULL::varchar"),
            ids=ids,
        )

    def _act(self, contact_ids):
        """By a bulk action, as a supervisor's: with a report, and it can be undone. Callbacks are
        promised one by one: a calendar has so many places.
        """
        domain = [("id", "in", sorted(contact_ids)), ("company_id", "=", self.company_id.id)]
        if self.action != CALLBACK:
            domain.append(("is_open", "=", self.action != "again"))
        if self.campaign_ids:
            domain.append(("campaign_id", "in", self.campaign_ids.ids))
        if self.action == "move":
            domain.append(("campaign_id", "!=", self.to_campaign_id.id))
        contacts = self.env["ecm.contact"].sudo()
        if self.action == CALLBACK:
            self._promise_callbacks(contacts.search(domain))
            return
        if not contacts.search_count(domain, limit=1):
            return
        jobs = self.env["ecm.bulk.action"].sudo().with_company(self.company_id)
        jobs._ask_for(self._prepare_job(), domain)

    def _prepare_job(self):
        """Values of the bulk action."""
        return {
            "action": self.action,
            "company_id": self.company_id.id,
            "campaign_id": self.to_campaign_id.id if self.action == "move" else False,
            "source": self.name,
            "reason": self.name,
            "has_callbacks": self.action == "withdraw",
        }

    # -- buttons ----------------------------------------------------------------------------------

    def action_view_conversions(self):
        """What it was counted for."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecm_crm_bridge.ecm_conversion_action"
        )
        return {**action, "domain": [("event_id", "=", self.id)], "context": {}}
