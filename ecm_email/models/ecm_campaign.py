from odoo import api, fields, models

from .ecm_strategy_attempt import CHANNEL
from odoo.addons.ecm_campaign.actions import open_form, open_window
from odoo.addons.ecm_campaign.const import ADMINISTRATOR
from odoo.addons.ecm_campaign.models.campaign.ecm_campaign import COUNTED_ATTEMPTS, StartGap


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    kind = fields.Selection(selection_add=[("email", "E-mail")], ondelete={"email": "set default"})
    email_sender_id = fields.Many2one(
        "ecm.email.sender",
        "E-mail sender",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        help="Sends the e-mails of this campaign.",
    )
    email_template_id = fields.Many2one(
        "mail.template",
        "E-mail",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        domain="[('model', '=', 'ecm.contact')]",
        help="Sent by steps of the strategy that have no e-mail of their own.",
    )
    email_opt_out = fields.Char(
        "Opt-out link",
        tracking=True,
        help="What the link says that stands at the end of every e-mail. Empty: Unsubscribe.",
    )
    email_counts_clicks = fields.Boolean(
        "Note clicks on links",
        default=True,
        tracking=True,
        help="Links lead over this Odoo: people must be able to reach it.",
    )
    email_counts_opens = fields.Boolean(
        "Note openings",
        default=True,
        tracking=True,
        help="By a picture that the e-mail loads. Some programs load it for everybody, others for "
        "nobody.",
    )
    email_hours_id = fields.Many2one(
        "ecm.calling.hours",
        "Hours of e-mails",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        help="E-mails are sent in these hours only, and not on their holidays. Empty: in the "
        "campaign's calling hours.",
    )
    sends_emails = fields.Boolean(compute="_compute_sends_emails")
    email_sent_text = fields.Char("E-mails", compute="_compute_email_sent_text")

    @api.depends(
        "kind", "strategy_id.attempt_ids.channel", "callback_strategy_id.attempt_ids.channel"
    )
    def _compute_sends_emails(self):
        for campaign in self:
            is_used = CHANNEL in campaign._get_channels()
            campaign.sends_emails = campaign.kind == "email" or is_used

    def _compute_email_sent_text(self):
        for campaign in self:
            sent = self.env["ecm.email.message"].search_count(
                [("campaign_id", "=", campaign._origin.id or 0)], limit=COUNTED_ATTEMPTS + 1
            )
            text = f"{min(sent, COUNTED_ATTEMPTS):,}"
            campaign.email_sent_text = f"{text}+" if sent > COUNTED_ATTEMPTS else text

    def _get_only_channel(self):
        return CHANNEL if self.kind == "email" else super()._get_only_channel()

    def _get_usual_strategy(self):
        if self.kind != "email":
            return super()._get_usual_strategy()
        return self.env.ref("ecm_email.ecm_strategy_email", False)

    @api.model
    def _get_calendar_fields(self):
        return {**super()._get_calendar_fields(), "email_hours_id.calendar_id": CHANNEL}

    @api.depends("email_hours_id")
    def _compute_status(self):
        super()._compute_status()

    def _get_first_steps(self, campaign):
        """A campaign of e-mails needs a sender and no dialer."""
        steps = super()._get_first_steps(campaign)
        if campaign.kind != "email":
            return steps
        mine = [("company_id", "in", self.env.companies.ids), ("is_enabled", "=", True)]
        is_on = bool(self.env["ecm.email.sender"].sudo().search_count(mine, limit=1))
        hint = self.env._("Set up an e-mail sender: address, mail server, on.")
        if not self.env.user.has_group(ADMINISTRATOR):
            hint = self.env._("Ask your administrator to set up an e-mail sender.")
        step = self._make_step("email_sender", self.env._("E-mail sender"), hint, is_on)
        return [step, *(other for other in steps if other["code"] != "dialer")]

    @api.model
    def action_first_step(self, code, campaign_id=False):
        """See ``ecm_campaign``; the step *email_sender* opens the one that there is, or a new one."""
        if code != "email_sender":
            return super().action_first_step(code, campaign_id)
        senders = self.env["ecm.email.sender"].search([], limit=2)
        if len(senders) > 1 or not self.env.user.has_group(ADMINISTRATOR):
            return open_window(self.env, "ecm_email.ecm_email_sender_action")
        return open_form(senders)

    def _get_start_gap(self):
        gap = super()._get_start_gap()
        # What is wrong already goes before what is missing.
        if (gap and gap.field) or not self.sends_emails:
            return gap
        if not self.email_sender_id:
            sentence = self.env._("Choose the sender of the e-mails, then start.")
            return StartGap("email_sender_id", sentence)
        if not self.email_template_id and self._get_steps_without_email():
            sentence = self.env._("Choose the e-mail that is to be sent, then start.")
            return StartGap("email_template_id", sentence)
        return gap

    def _get_steps_without_email(self):
        """Steps of its strategies that send the campaign's e-mail."""
        strategies = (self.strategy_id | self.callback_strategy_id).sudo()
        steps = strategies.attempt_ids.filtered(lambda step: step.channel == CHANNEL)
        return steps.filtered(lambda step: not step.email_template_id)

    # -- buttons ----------------------------------------------------------------------------------

    def action_view_emails(self):
        """The e-mails of this campaign."""
        self.ensure_one()
        own = [("campaign_id", "=", self.id)]
        return open_window(self.env, "ecm_email.ecm_email_message_action", domain=own, context={})

    def action_preview_email(self):
        """Show the e-mail as one of the contacts gets it, in Odoo's own preview."""
        self.ensure_one()
        self.check_access("read")
        contact = self.env["ecm.contact"].search([("campaign_id", "=", self.id)], limit=1)
        strategy = self.strategy_id.sudo()
        template = self.email_template_id or strategy.attempt_ids.email_template_id[:1]
        context = {
            "default_mail_template_id": template.id,
            "default_resource_ref": contact and f"{contact._name},{contact.id}",
        }
        name = self.env._("Preview of the e-mail")
        previews = self.env["mail.template.preview"]
        return open_form(previews, name=name, target="new", context=context)
