from odoo import fields, models


class EcmRegionEffect(models.TransientModel):
    _inherit = "ecm.region.effect"

    beyond_hours = fields.Char(
        "The dialer also calls",
        compute="_compute_beyond_hours",
        help="On the customers' clock: when the dialer's range for calls to customers is open and "
        "the rule does not allow it. What was not taken back is called then.",
    )

    def _compute_beyond_hours(self):
        for effect in self:
            target = effect.campaign_id.dialer_campaign_id
            rule = effect.rule_id.sudo()._get_value(fields.Date.today())
            effect.beyond_hours = bool(target) and target._get_hours_beyond(rule)
