from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import _tz_get


class EcmCampaignGroupZone(models.Model):
    """A time zone whose customers a group calls, and between which hours of that zone (requirement
    C7).
    """

    _name = "ecm.campaign.group.zone"
    _inherit = ["ecm.logged.mixin"]
    _description = "Time Zone of a Campaign Group"
    _order = "sequence, id"
    _logged_at = "group_id"
    _logged_names = ("tz",)

    group_id = fields.Many2one("ecm.campaign.group", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    tz = fields.Selection(_tz_get, string="Zone", required=True)
    hour_from = fields.Float("From", default=8.0, required=True)
    hour_to = fields.Float("To", default=21.0, required=True)

    _zone_unique = models.UniqueIndex("(group_id, tz)", "Each zone stands once in a group.")

    @api.model_create_multi
    def create(self, vals_list):
        zones = super().create(vals_list)
        zones._note_changed_times()
        return zones

    def write(self, vals):
        result = super().write(vals)
        self._note_changed_times()
        return result

    def unlink(self):
        self._note_changed_times()
        return super().unlink()

    def _note_changed_times(self):
        """What waits for the hours of a zone is looked at again."""
        self.group_id.sudo().campaign_ids._on_times_changed()

    @api.constrains("hour_from", "hour_to")
    def _check_hours(self):
        for zone in self:
            if not 0 <= zone.hour_from < zone.hour_to <= 24:
                raise ValidationError(
                    self.env._(
                        "%s: the hours go from 0:00 to 24:00, and end after they start.", zone.tz
                    )
                )

    def _get_minutes(self):
        """:return: ``(from, to)``, whole minutes of the day"""
        self.ensure_one()
        return round(self.hour_from * 60), round(self.hour_to * 60)
