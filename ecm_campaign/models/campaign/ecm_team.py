from odoo import api, fields, models
from odoo.exceptions import AccessError


class EcmTeam(models.Model):
    """A team of agents as the dialer has it: who takes the calls of campaigns and groups, and sees
    them (requirement C7).

    Whoever is in a team sees the campaigns of their teams and those without one, with all that
    belongs to them; whoever is in none sees all. Administrators always do.
    """

    _name = "ecm.team"
    _inherit = ["ecm.logged.mixin"]
    _description = "Agent Team"
    _order = "name, id"

    name = fields.Char(required=True)
    color = fields.Integer()
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", help="Empty: for every company.", default=lambda self: self.env.company
    )
    user_ids = fields.Many2many(
        "res.users",
        string="Members",
        domain=[("share", "=", False)],
        help="Who sees the campaigns of the team, and those without a team, only. Whoever is in no "
        "team sees all campaigns. Administrators choose the members.",
    )
    campaign_ids = fields.Many2many(
        "ecm.campaign", string="Campaigns", compute="_compute_campaign_ids"
    )

    _name_unique = models.UniqueIndex(
        "(company_id, name)", "There is already a team with this name."
    )

    def _compute_campaign_ids(self):
        domain = [("calling_team_ids", "in", self.ids)]
        campaigns = self.env["ecm.campaign"].search(domain)
        for team in self:
            of_team = campaigns.filtered(
                lambda campaign, team=team: team in campaign.calling_team_ids
            )
            team.campaign_ids = of_team

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("user_ids") for vals in vals_list):
            self._check_may_choose_members()
        teams = super().create(vals_list)
        self._forget_rights()
        return teams

    def write(self, vals):
        if "user_ids" in vals:
            self._check_may_choose_members()
        result = super().write(vals)
        self._forget_rights()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_without_members(self):
        """Who is in no team sees more."""
        if self.sudo().user_ids:
            self._check_may_choose_members()

    def unlink(self):
        result = super().unlink()
        self._forget_rights()
        return result

    def _check_may_choose_members(self):
        """:raise AccessError: members decide who sees what: nobody lets themselves see more"""
        is_allowed = self.env.user.has_group("ecm_campaign.ecm_campaign_group_administrator")
        if not (self.env.su or is_allowed):
            raise AccessError(
                self.env._(
                    "Members of a team decide who sees which campaigns. Ask an administrator of "
                    "Outbound Campaigns to change them."
                )
            )

    def _forget_rights(self):
        """Record rules keep whose teams a user is in."""
        self.env.registry.clear_cache()
