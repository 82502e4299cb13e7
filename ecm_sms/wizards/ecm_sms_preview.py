from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.segments import find_foreign, measure


class EcmSmsPreview(models.TransientModel):
    """A campaign's message as one of its contacts gets it: its parts and its price (requirement
    M4).
    """

    _name = "ecm.sms.preview"
    _description = "Preview of a Message"

    campaign_id = fields.Many2one("ecm.campaign", required=True, readonly=True, ondelete="cascade")
    template_ids = fields.Many2many("sms.template", compute="_compute_template_ids")
    template_id = fields.Many2one(
        "sms.template",
        "Message",
        domain="[('id', 'in', template_ids)]",
        ondelete="cascade",
        help="The campaign's message, and those of the steps of its strategy.",
    )
    contact_id = fields.Many2one(
        "ecm.contact", "As it goes to", domain="[('campaign_id', '=', campaign_id)]"
    )
    text = fields.Text(compute="_compute_text")
    problem = fields.Char(compute="_compute_text")
    length_text = fields.Char(compute="_compute_length")
    price = fields.Char("Costs", compute="_compute_length")
    unicode_reason = fields.Char(compute="_compute_length")
    merge_fields = fields.Char("Fields", compute="_compute_merge_fields")

    @api.depends("campaign_id")
    def _compute_template_ids(self):
        for preview in self:
            preview.template_ids = preview.campaign_id._get_messages()

    @api.depends("campaign_id")
    def _compute_merge_fields(self):
        for preview in self:
            labels = preview.campaign_id._get_merge_labels()
            # None is broken at the end of a line.
            written = [f"{{{{ {label} }}}}".replace(" ", "\N{NO-BREAK SPACE}") for label in labels]
            preview.merge_fields = "  ".join(written)

    @api.depends("template_id", "contact_id")
    def _compute_text(self):
        for preview in self:
            preview.text, preview.problem = preview._make_text()

    def _make_text(self):
        """:return: ``(text, None)``, or ``(None, what is wrong)``"""
        if not self.template_id:
            return None, self.env._("Choose the message of the campaign first.")
        if not self.contact_id:
            return None, self.env._("Upload contacts first: a message is shown as one gets it.")
        self.contact_id.check_access("read")
        messages = self.env["ecm.sms.message"].sudo()
        try:
            text = messages._make_sample(self.template_id.sudo(), self.contact_id.sudo())
        except UserError as error:
            return None, str(error)
        problem = None if text else self.env._("This contact's message is empty or too long.")
        return text, problem

    @api.depends("text")
    def _compute_length(self):
        for preview in self:
            length = measure(preview.text or "")
            preview.length_text = self.env._(
                "%(size)s characters. Parts: %(parts)s, with %(left)s characters left.",
                size=length.size,
                parts=length.parts,
                left=length.left,
            )
            gateway = preview.campaign_id.sudo().sms_gateway_id
            preview.price = gateway._get_price_text(length.parts)
            foreign = find_foreign(preview.text or "")
            preview.unicode_reason = bool(foreign) and self.env._(
                "Because of %s a part has 70 characters and not 160.", " ".join(foreign[:10])
            )
