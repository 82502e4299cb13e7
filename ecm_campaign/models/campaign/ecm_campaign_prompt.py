from odoo import fields, models


class EcmCampaignPrompt(models.Model):
    """What the dialer's IVR script plays, by the script's own names (requirement C8)."""

    _name = "ecm.campaign.prompt"
    _inherit = ["ecm.logged.mixin"]
    _description = "IVR Prompt of a Campaign"
    _order = "sequence, id"
    _rec_name = "key"
    _logged_at = "campaign_id"

    campaign_id = fields.Many2one("ecm.campaign", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    key = fields.Char(required=True, help="The name by which the script asks for it.")
    prompt = fields.Char(
        required=True, help="What is played: the prompt file as the dialer knows it, or a text."
    )

    _key_unique = models.UniqueIndex("(campaign_id, key)", "Each key stands once in a campaign.")
