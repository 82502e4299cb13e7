from odoo import api, fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    # An archived team still keeps its campaigns to itself.
    ecm_team_ids = fields.Many2many(
        "ecm.team",
        string="Teams of outbound campaigns",
        context={"active_test": False},
        groups="ecm_campaign.ecm_campaign_group_agent",
    )

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        if any("ecm_team_ids" in vals for vals in vals_list):
            self.env["ecm.team"]._forget_rights()
        return users

    def write(self, vals):
        result = super().write(vals)
        if "ecm_team_ids" in vals:
            self.env["ecm.team"]._forget_rights()
        return result
