from odoo import api, fields, models
from odoo.exceptions import UserError

from ..actions import open_window
from ..models.contact_list.ecm_global_list import SHARINGS
from ..tools.shared_list import TURNS


class EcmGlobalListFeed(models.TransientModel):
    """Choose the campaigns that the file of a list shall feed as well (requirement L7)."""

    _name = "ecm.global.list.feed"
    _description = "Share a List"

    list_id = fields.Many2one("ecm.contact.list", required=True, readonly=True)
    company_id = fields.Many2one(related="list_id.company_id")
    taken_ids = fields.Many2many("ecm.campaign", compute="_compute_taken_ids")
    campaign_ids = fields.Many2many("ecm.campaign", string="Campaigns")
    sharing = fields.Selection(SHARINGS, "People are called", required=True, default=TURNS)

    @api.depends("list_id")
    def _compute_taken_ids(self):
        for wizard in self:
            origin = wizard.list_id
            wizard.taken_ids = origin.campaign_id | origin.global_list_id.campaign_ids

    @api.model
    def _open(self, contact_list):
        return open_window(
            self.env,
            "ecm_campaign.ecm_global_list_feed_action",
            context={
                "default_list_id": contact_list.id,
                "default_sharing": contact_list.global_list_id.sharing or TURNS,
            },
        )

    def action_feed(self):
        """Import the file into the chosen campaigns, and show the shared list."""
        self.ensure_one()
        if not self.campaign_ids:
            raise UserError(self.env._("Choose a campaign."))
        global_list = self.list_id._make_global()
        # Before the others have contacts of the same people.
        global_list.sharing = self.sharing
        global_list.feed_campaigns(self.campaign_ids)
        form = self.env.ref("ecm_campaign.ecm_global_list_view_form")
        return open_window(
            self.env,
            "ecm_campaign.ecm_global_list_action",
            views=[(form.id, "form")],
            res_id=global_list.id,
        )
