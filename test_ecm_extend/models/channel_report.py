from odoo import fields, models
from odoo.tools import SQL


class EcmChannelReport(models.Model):
    _name = "ecm.channel.report"
    _description = "Attempts by Channel"
    _auto = False

    campaign_id = fields.Many2one("ecm.campaign")
    company_id = fields.Many2one("res.company")
    channel = fields.Selection(lambda self: self.env["ecm.engine"]._get_channels())
    day = fields.Date()
    attempt_count = fields.Integer("Attempts")
    reached_count = fields.Integer("Reached")

    @property
    def _table_query(self):
        return SQL(
            """SELECT min(a.id) AS id, a.campaign_id, a.company_id, a.channel,
                      a.claimed_at::date AS day, count(*) AS attempt_count,
                      count(*) FILTER (WHERE o.is_live_voice) AS reached_count
                 FROM ecm_attempt a
            LEFT JOIN ecm_outcome o ON o.id = a.outcome_id
             GROUP BY a.campaign_id, a.company_id, a.channel, day"""
        )
