from odoo import api, fields, models

from ..tools.merging import fold, read_body
from .ecm_sms_message import CHANNEL
from odoo.addons.ecm_campaign.actions import open_form, open_window
from odoo.addons.ecm_campaign.const import ADMINISTRATOR, BUSINESS_PARAMETERS
from odoo.addons.ecm_campaign.models.campaign.ecm_campaign import COUNTED_ATTEMPTS, StartGap

# Fields of a contact that a message may hold, beside its business parameters.
MERGE_FIELDS = ["first_name", "last_name", "account_number", "email", "region", "zip"]


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    sms_gateway_id = fields.Many2one(
        "ecm.sms.gateway",
        "SMS gateway",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        help="Sends the messages of this campaign.",
    )
    sms_stand_in_ids = fields.Many2many(
        "ecm.sms.gateway",
        "ecm_campaign_sms_stand_in_rel",
        "campaign_id",
        "gateway_id",
        "Stand-in gateways",
        check_company=True,
        help="While the SMS gateway fails or is switched off, the first of these that works sends "
        "in its place, in the order of the list of gateways.",
    )
    sms_template_id = fields.Many2one(
        "sms.template",
        "Message",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        domain="[('model', '=', 'ecm.contact')]",
        help="Sent by steps of the strategy that have no message of their own.",
    )
    sms_opt_out = fields.Char(
        "Opt-out text",
        help="Stands at the end of every message, such as: Reply STOP to end.",
    )

    sms_counts_clicks = fields.Boolean(
        "Count clicks",
        tracking=True,
        help="Links of a message become short ones, of each contact its own, that lead over this "
        "Odoo: people must be able to reach it.",
    )
    sms_hours_id = fields.Many2one(
        "ecm.calling.hours",
        "Hours of messages",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        help="Messages are sent in these hours only, and not on their holidays. Empty: in the "
        "campaign's calling hours.",
    )
    sms_drops_stale = fields.Boolean(
        "Drop old messages after a stop",
        tracking=True,
        help="What was due before the campaign was stopped, or became due meanwhile, is not sent "
        "when it starts again: those contacts close as Expired. Contacts that were added since get "
        "their message.",
    )

    sends_messages = fields.Boolean(compute="_compute_sends_messages")
    sms_sent_text = fields.Char("Text messages", compute="_compute_sms_counts")
    sms_click_count = fields.Integer("Clicks", compute="_compute_sms_counts")

    def _compute_sms_counts(self):
        for campaign in self:
            own = campaign._origin.id or 0
            sent = self.env["ecm.sms.message"].search_count(
                [("campaign_id", "=", own)], limit=COUNTED_ATTEMPTS + 1
            )
            text = f"{min(sent, COUNTED_ATTEMPTS):,}"
            campaign.sms_sent_text = f"{text}+" if sent > COUNTED_ATTEMPTS else text
            clicks = [("ecm_campaign_id", "=", own)]
            campaign.sms_click_count = self.env["link.tracker.click"].sudo().search_count(clicks)

    @api.depends(
        "kind", "strategy_id.attempt_ids.channel", "callback_strategy_id.attempt_ids.channel"
    )
    def _compute_sends_messages(self):
        for campaign in self:
            is_used = "sms" in campaign._get_channels()
            campaign.sends_messages = campaign.kind == "sms" or is_used

    @api.model
    def _get_calendar_fields(self):
        return {**super()._get_calendar_fields(), "sms_hours_id.calendar_id": "sms"}

    @api.depends("sms_hours_id")
    def _compute_status(self):
        super()._compute_status()

    def _get_first_steps(self, campaign):
        """A campaign of messages needs a gateway and no dialer."""
        steps = super()._get_first_steps(campaign)
        if campaign.kind != "sms":
            return steps
        mine = [("company_id", "in", self.env.companies.ids), ("is_enabled", "=", True)]
        is_on = bool(self.env["ecm.sms.gateway"].sudo().search_count(mine, limit=1))
        hint = self.env._("Connect your SMS gateway: address, test message, on.")
        if not self.env.user.has_group(ADMINISTRATOR):
            hint = self.env._("Ask your administrator to connect your SMS gateway.")
        step = self._make_step("gateway", self.env._("SMS gateway"), hint, is_on)
        return [step, *(other for other in steps if other["code"] != "dialer")]

    @api.model
    def action_first_step(self, code, campaign_id=False):
        """See ``ecm_campaign``; the step *gateway* opens the one that there is, or a new one."""
        if code != "gateway":
            return super().action_first_step(code, campaign_id)
        gateways = self.env["ecm.sms.gateway"].search([], limit=2)
        if len(gateways) > 1 or not self.env.user.has_group(ADMINISTRATOR):
            return open_window(self.env, "ecm_sms.ecm_sms_gateway_action")
        return open_form(gateways)

    # -- stand-ins --------------------------------------------------------------------------------

    def _get_sending_gateway(self, now):
        """The gateway that sends now (requirement M1): the campaign's own, or the first of its
        stand-ins that works while that one does not. What one may have sent no other sends again.
        """
        self.ensure_one()
        own = self.sms_gateway_id
        stand_ins = self.sms_stand_in_ids.filtered("active").sorted() - own
        for gateway in own + stand_ins:
            if gateway._can_send(now):
                return gateway
        return own

    def _get_feed_targets(self):
        targets, own = super()._get_feed_targets(), self.sms_gateway_id
        if not self.sms_stand_in_ids:
            return targets
        sending = self._get_sending_gateway(fields.Datetime.now())
        return [sending if target == own else target for target in targets]

    def _get_target_warnings(self, channel=None):
        warnings, own = super()._get_target_warnings(channel), self.sms_gateway_id
        if channel not in (None, CHANNEL) or not (own and self.sms_stand_in_ids):
            return warnings
        sending = self._get_sending_gateway(fields.Datetime.now())
        if sending != own:
            warnings.append(self.env._("It stands in for %s, which does not work.", own.name))
        return warnings

    # -- start ------------------------------------------------------------------------------------

    def _get_start_gap(self):
        gap = super()._get_start_gap()
        # What is wrong already goes before what is missing.
        if (gap and gap.field) or not self.sends_messages:
            return gap
        if not self.sms_gateway_id:
            sentence = self.env._(
                "Choose the SMS gateway that is to send the messages, then start."
            )
            return StartGap("sms_gateway_id", sentence)
        if self._has_step_without_message():
            sentence = self.env._("Choose the message that is to be sent, then start.")
            return StartGap("sms_template_id", sentence)
        if unknown := self._find_unknown_fields():
            return StartGap("sms_template_id", self._get_unknown_text(unknown))
        return gap

    # -- buttons ----------------------------------------------------------------------------------

    def action_preview_message(self):
        """Show the message as one of the contacts gets it."""
        self.ensure_one()
        self.check_access("read")
        contact = self.env["ecm.contact"].search([("campaign_id", "=", self.id)], limit=1)
        context = {
            "default_campaign_id": self.id,
            "default_template_id": self._get_messages()[:1].id,
            "default_contact_id": contact.id,
        }
        previews = self.env["ecm.sms.preview"]
        name = self.env._("Preview of the message")
        return open_form(previews, name=name, target="new", context=context)

    def action_view_messages(self):
        """The messages of this campaign."""
        self.ensure_one()
        own = [("campaign_id", "=", self.id)]
        return open_window(self.env, "ecm_sms.ecm_sms_message_action", domain=own, context={})

    def action_view_clicks(self):
        """Who has followed a link of this campaign's messages, and when."""
        self.ensure_one()
        own = [("ecm_campaign_id", "=", self.id)]
        return open_window(self.env, "ecm_sms.link_tracker_click_action", domain=own, context={})

    # -- results ----------------------------------------------------------------------------------

    def _get_tiles(self, totals):
        """Who has followed a link (requirement M4), of those who were contacted."""
        tiles = super()._get_tiles(totals)
        # Clicks that were counted once stay, whatever the setting is now.
        count = self._count_clicked()
        if not (count or self.sms_counts_clicks):
            return tiles
        called = totals["called"]
        tile = {
            "what": "clicked",
            "label": self.env._("Clicked"),
            "help": self.env._(
                "Contacts that followed a link of a message, in per cent of those contacted."
            ),
            "count": count,
            "percent": round(100 * count / called, 1) if called else None,
        }
        return [*tiles, tile]

    def _get_contact_choices(self):
        return {**super()._get_contact_choices(), "clicked": [("sms_click_ids", "!=", False)]}

    def _count_clicked(self):
        """How many contacts have followed a link."""
        clicks = self.env["link.tracker.click"].sudo()
        domain = [("ecm_campaign_id", "=", self.id)]
        [[count]] = clicks._read_group(domain, [], ["ecm_contact_id:count_distinct"])
        return count

    # -- merge fields -----------------------------------------------------------------------------

    def _get_merge_names(self):
        """What people may call the fields of a contact in a message (requirement M4): by the labels
        of the campaign, of the fields in any language that is installed, and by their names.

        :return: ``{folded label: name of the field}``
        """
        self.ensure_one()
        names = {}
        for code, _name in self.env["res.lang"].get_installed():
            described = (
                self.env["ecm.contact"].with_context(lang=code).fields_get(MERGE_FIELDS, ["string"])
            )
            names |= {fold(field["string"]): name for name, field in described.items()}
        for item in self.parameters_definition or self._default_parameters_definition():
            names[fold(item.get("string") or item["name"])] = item["name"]
        return names | {name: name for name in (*MERGE_FIELDS, *BUSINESS_PARAMETERS)}

    def _get_merge_expressions(self):
        """:return: ``{name of a field: what Odoo computes}``"""
        expressions = {name: f"object.{name}" for name in MERGE_FIELDS}
        for name in BUSINESS_PARAMETERS:
            expressions[name] = f"object.business_parameters.get('{name}')"
        return expressions

    def _get_merge_labels(self):
        """The merge fields of this campaign's messages, as a person writes them.

        :return: list of labels
        """
        described = self.env["ecm.contact"].fields_get(MERGE_FIELDS, ["string"])
        labels = [described[name]["string"] for name in MERGE_FIELDS]
        labels += self._get_parameter_labels().values()
        return labels

    def _get_unknown_text(self, names):
        """:param names: merge fields that there are not"""
        return self.env._(
            "%(campaign)s has no field called %(names)s.",
            campaign=self.display_name,
            names=", ".join(names),
        )

    def _get_messages(self):
        """The templates of this campaign's messages."""
        templates = self._get_sms_steps().sms_template_id
        if self._get_steps_without_message():
            templates |= self.sudo().sms_template_id
        return templates

    def _get_sms_steps(self):
        """The steps of its strategies that are messages."""
        strategies = (self.strategy_id | self.callback_strategy_id).sudo()
        return strategies.attempt_ids.filtered(lambda step: step.channel == "sms")

    def _get_steps_without_message(self):
        """Those of them that send the campaign's message."""
        return self._get_sms_steps().filtered(lambda step: not step.sms_template_id)

    def _find_unknown_fields(self):
        """Merge fields of its messages that this campaign has not."""
        names, unknown = self._get_merge_names(), []
        for template in self._get_messages():
            unknown += read_body(template.body or "", names).unknown
        return unknown

    def _has_step_without_message(self):
        return not self.sms_template_id and bool(self._get_steps_without_message())
