from odoo import api, fields, models

from ..tools.links import read_id
from odoo.addons.ecm_campaign.fields import UncheckedMany2one


class LinkTrackerClick(models.Model):
    _inherit = "link.tracker.click"

    ecm_contact_id = UncheckedMany2one(
        "ecm.contact", "Contact", readonly=True, index="btree_not_null"
    )
    ecm_campaign_id = UncheckedMany2one(
        "ecm.campaign", "Outbound campaign", readonly=True, index="btree_not_null"
    )

    ecm_url = fields.Char("Leads to", related="link_id.url")

    @api.model
    def _add_click_of_contact(self, code, who, **visit):
        """Count a click on the link of a contact's message (requirement M4); of whom it is not, it
        is nobody's.

        :param who: as ``tools.links.write_id`` has it
        :param visit: see ``add_click``
        """
        link = self.env["link.tracker.code"].sudo().search([("code", "=", code)]).link_id
        contact = self.env["ecm.contact"].sudo().browse(read_id(who)).exists()
        campaign = link.ecm_campaign_id
        if campaign and contact.campaign_id == campaign:
            visit |= {"ecm_contact_id": contact.id, "ecm_campaign_id": campaign.id}
        return self.sudo().add_click(code, **visit)
