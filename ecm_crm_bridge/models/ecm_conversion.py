from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from .ecm_crm_event import REVENUE_FIELDS
from odoo.addons.ecm_campaign.actions import CLOSE, notify
from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.sql import values_of


class Pair(NamedTuple):
    """A record and a contact of it."""

    record_id: int
    contact_id: int


class EcmConversion(models.Model):
    """What a campaign has brought: a business event after an attempt, counted once, for the last
    attempt before it (requirement R3).
    """

    _name = "ecm.conversion"
    _description = "Conversion"
    _order = "converted_at desc, id desc"
    _log_access = False

    event_id = fields.Many2one("ecm.crm.event", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    campaign_id = fields.Many2one(
        "ecm.campaign", required=True, readonly=True, ondelete="cascade", index=True
    )
    # What was earned stays, also where the contact was deleted.
    list_id = fields.Many2one(
        "ecm.contact.list", "Contact list", readonly=True, index="btree_not_null"
    )
    contact_id = fields.Many2one("ecm.contact", readonly=True, index="btree_not_null")
    attempt_id = fields.Many2one("ecm.attempt", readonly=True, index="btree_not_null")
    attempt_number = fields.Integer(
        "Attempt no.", readonly=True, aggregator="avg", help="How many were made until then."
    )
    channel = fields.Selection(lambda self: self.env["ecm.engine"]._get_channels(), readonly=True)
    outcome_id = UncheckedMany2one("ecm.outcome", readonly=True)
    agent = fields.Char(readonly=True)
    converted_at = fields.Datetime("Converted on", required=True, readonly=True)
    days = fields.Float("Days after the attempt", readonly=True, aggregator="avg", digits=(8, 1))
    model = fields.Char("Kind of record", readonly=True)
    record_id = fields.Integer(readonly=True)
    revenue = fields.Monetary(readonly=True, aggregator="sum")
    currency_id = UncheckedMany2one("res.currency", required=True, readonly=True)
    count = fields.Integer("Conversions", readonly=True, default=1, aggregator="sum")

    _once = models.UniqueIndex("(event_id, record_id)")
    _of_campaign = models.Index("(campaign_id, converted_at)")

    @api.depends("model", "record_id")
    def _compute_display_name(self):
        for conversion in self:
            name = self.env["ir.model"]._get(conversion.model).name
            conversion.display_name = f"{name} {conversion.record_id}"

    @api.model
    def _count(self, event, matches, now):
        """Count what has happened for the last attempt before it; what nobody was called for is
        counted for nothing.

        :param event: ``ecm.crm.event``
        :param matches: list of its ``Match``
        :param now: naive UTC
        """
        if not matches:
            return
        since = now - timedelta(days=event.attribution_days)
        campaigns = SQL("TRUE")
        if event.campaign_ids:
            campaigns = SQL("a.campaign_id = ANY(%s)", event.campaign_ids.ids)
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_conversion (event_id, company_id, campaign_id, list_id,
                                               contact_id, attempt_id, attempt_number, channel,
                                               outcome_id, agent, converted_at, days, model,
                                               record_id, revenue, currency_id, count)
                   SELECT DISTINCT ON (v.record_id)
                          %(event)s, a.company_id, a.campaign_id, c.list_id,
                          c.id, a.id,
                          (SELECT count(*) FROM ecm_attempt e
                            WHERE e.contact_id = c.id AND e.id <= a.id), a.channel,
                          a.outcome_id, a.agent, %(now)s,
                          EXTRACT(EPOCH FROM %(now)s - a.claimed_at) / 86400, %(model)s,
                          v.record_id, 0, %(currency)s, 1
                     FROM %(pairs)s
                     JOIN ecm_contact c ON c.id = v.contact_id
                     JOIN ecm_attempt a ON a.contact_id = c.id AND a.state = 'done'
                    WHERE a.claimed_at >= %(since)s AND a.claimed_at <= %(now)s AND %(campaigns)s
                 ORDER BY v.record_id, a.claimed_at DESC, a.id DESC
                       ON CONFLICT (event_id, record_id) DO NOTHING
                RETURNING id""",
                event=event.id,
                now=now,
                since=since,
                model=event.model,
                currency=event.company_id.currency_id.id,
                campaigns=campaigns,
                pairs=values_of([Pair(*match) for match in matches], Pair),
            )
        )
        conversions = self.browse([one for (one,) in self.env.cr.fetchall()])
        conversions._add_revenue(event)
        conversions._mark_records(event)

    def _add_revenue(self, event):
        """In the company's currency."""
        name = REVENUE_FIELDS.get(event.model)
        if not name:
            return
        for conversion in self:
            record = conversion._get_record()
            amount, currency = record[name], conversion._get_currency(record, name)
            if currency and currency != event.company_id.currency_id:
                day = fields.Date.context_today(self)
                amount = currency._convert(
                    amount, event.company_id.currency_id, event.company_id, day
                )
            conversion.revenue = amount

    def _get_record(self):
        return self.env[self.model].sudo().browse(self.record_id)

    def _get_currency(self, record, name):
        """Of a record's amount; none where it is the company's."""
        if name.endswith("_signed"):
            return None
        return record[record._fields[name].get_currency_field(record)]

    def _mark_records(self, event):
        """Give records without an origin the campaign's (UTM)."""
        if "campaign_id" not in self.env[event.model]._fields:
            return
        for campaign, conversions in self.grouped("campaign_id").items():
            values = campaign._get_utm_values()
            for conversion in conversions if values else ():
                record = conversion._get_record()
                missing = {name: value for name, value in values.items() if not record[name]}
                if missing:
                    record.with_context(tracking_disable=True).write(missing)

    def action_view_record(self):
        """What was won, ordered or paid, for whoever may read it."""
        self.ensure_one()
        self.check_access("read")
        record = self.env[self.model].browse(self.record_id).exists()
        if not (record and record.has_access("read")):
            name = self.env["ir.model"]._get(self.model).name
            text = self.env._("You may not read this record, or it is gone: %s", name)
            return notify(text, "warning", then=CLOSE)
        return {
            "type": "ir.actions.act_window",
            "res_model": self.model,
            "res_id": self.record_id,
            "views": [(False, "form")],
        }
