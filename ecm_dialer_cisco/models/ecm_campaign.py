from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.ecm_campaign.actions import notify, open_form, open_window
from odoo.addons.ecm_campaign.const import ADMINISTRATOR
from odoo.addons.ecm_campaign.models.campaign.ecm_campaign import StartGap
from odoo.addons.ecm_campaign.tools.explain import HELD, Finding


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    dialer_campaign_id = fields.Many2one(
        "ecm.dialer.campaign",
        "Cisco campaign",
        ondelete="restrict",
        index=True,
        tracking=True,
        check_company=True,
        domain="[('kind', '=', kind), ('is_missing', '=', False)]",
        help="The campaign on the dialer that calls these contacts. Several campaigns may share "
        "one.",
    )
    dialing_mode = fields.Selection(
        related="dialer_campaign_id.dialing_mode",
        help="As the dialer has it. Each mode has settings of its own there, such as lines per "
        "agent: change it in the dialer's administration, then fetch its campaigns.",
    )
    attempts_warning = fields.Char(related="dialer_campaign_id.attempts_warning")
    dialer_hours_warning = fields.Text(compute="_compute_dialer_hours_warning")
    can_purge = fields.Boolean(compute="_compute_can_purge")

    @api.depends("dialer_campaign_id", "calendar_id", "tz")
    def _compute_dialer_hours_warning(self):
        for campaign in self:
            target = campaign.dialer_campaign_id
            warning = bool(target) and target._get_hours_warning(campaign)
            campaign.dialer_hours_warning = warning

    def _get_obstacles(self, now, channel=None):
        obstacles = super()._get_obstacles(now, channel)
        target = self.dialer_campaign_id if channel in (None, "voice") else False
        if sentence := target and target._get_hours_obstacle(self):
            obstacles.append(Finding("dialer_hours", HELD, sentence))
        return obstacles

    def _compute_can_purge(self):
        for campaign in self:
            dialer = campaign.dialer_campaign_id.dialer_id
            gives_back = dialer and dialer._can_give_back()
            campaign.can_purge = bool(gives_back and campaign.at_dialer_count)

    def _get_start_gap(self):
        gap = super()._get_start_gap()
        # What is wrong already goes before what is missing.
        is_wrong = gap and gap.field
        if is_wrong or self._get_only_channel() or self._get_feed_targets():
            return gap
        sentence = self.env._(
            "Choose the Cisco campaign that is to call these contacts, then start."
        )
        return StartGap("dialer_campaign_id", sentence)

    def _check_can_start(self):
        target = self.dialer_campaign_id
        if target and target.kind != self.kind:
            raise UserError(
                self.env._(
                    "%(target)s is not a campaign of the kind of %(name)s.",
                    target=target.name,
                    name=self.name,
                )
            )
        if sentence := target and target._get_hours_obstacle(self):
            raise UserError(sentence)
        return super()._check_can_start()

    def _get_first_steps(self, campaign):
        """The dialer goes first, where it calls."""
        if campaign and not campaign._needs_dialer():
            return super()._get_first_steps(campaign)
        dialers = self.env["ecm.dialer"].sudo()
        mine = [("company_id", "in", self.env.companies.ids), ("is_enabled", "=", True)]
        hint = self.env._("Connect your Cisco dialer: address, test, campaigns, on.")
        if not self.env.user.has_group(ADMINISTRATOR):
            hint = self.env._("Ask your administrator to connect your Cisco dialer.")
        is_on = bool(dialers.search_count(mine, limit=1))
        step = self._make_step("dialer", self.env._("Dialer"), hint, is_on)
        return [step, *super()._get_first_steps(campaign)]

    @api.model
    def action_first_step(self, code, campaign_id=False):
        """See ``ecm_campaign``; the step *dialer* opens the one that there is, or a new one."""
        if code != "dialer":
            return super().action_first_step(code, campaign_id)
        dialers = self.env["ecm.dialer"].search([], limit=2)
        if len(dialers) > 1 or not self.env.user.has_group(ADMINISTRATOR):
            return open_window(self.env, "ecm_dialer_cisco.ecm_dialer_action")
        return open_form(dialers)

    def _get_target_warnings(self, channel=None):
        warnings = super()._get_target_warnings(channel)
        target = self.dialer_campaign_id
        if target.attempts_warning and channel in (None, target._channel):
            warnings.append(target.attempts_warning)
        if self.dialer_hours_warning and channel in (None, target._channel):
            warnings.append(self.dialer_hours_warning)
        return warnings

    def action_purge(self):
        """Delete the contacts that wait at the dialer and make them pending again (requirements C3,
        F7).

        The dialer can only delete all contacts of its campaign: those of other campaigns that share
        it come back too.
        """
        self.ensure_one()
        self.check_access("write")
        if not self.dialer_campaign_id:
            return super().action_purge()
        count = self.dialer_campaign_id.sudo()._purge()
        return notify(
            self.env._("%s contacts were taken back from the dialer and are pending again.", count)
        )
