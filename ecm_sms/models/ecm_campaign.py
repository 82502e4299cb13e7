from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.ecm_campaign.models.campaign.ecm_campaign import StartGap


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

    sends_messages = fields.Boolean(compute="_compute_sends_messages")

    @api.depends(
        "kind", "strategy_id.attempt_ids.channel", "callback_strategy_id.attempt_ids.channel"
    )
    def _compute_sends_messages(self):
        for campaign in self:
            is_used = "sms" in campaign._get_channels()
            campaign.sends_messages = campaign.kind == "sms" or is_used

    def write(self, vals):
        if "sms_gateway_id" in vals:
            gateway_id = vals["sms_gateway_id"]
            moved = self.filtered(lambda campaign: campaign.sms_gateway_id.id != gateway_id)
            if any(moved.mapped("is_running")):
                raise UserError(
                    self.env._("Stop the campaign before you give it another SMS gateway.")
                )
        return super().write(vals)

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
        return gap

    def _has_step_without_message(self):
        strategies = (self.strategy_id | self.callback_strategy_id).sudo()
        steps = strategies.attempt_ids.filtered(lambda step: step.channel == "sms")
        without = steps.filtered(lambda step: not step.sms_template_id)
        return bool(without) and not self.sms_template_id
