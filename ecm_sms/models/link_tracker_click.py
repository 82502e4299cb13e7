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
        if not (campaign and contact.campaign_id == campaign):
            return self.sudo().add_click(code, **visit)

        # Who comes back to a page is counted, and told of once.
        own = [("ecm_contact_id", "=", contact.id), ("link_id", "=", link.id)]
        is_first = not self.sudo().search_count(own, limit=1)
        visit |= {"ecm_contact_id": contact.id, "ecm_campaign_id": campaign.id}
        click = self.sudo().add_click(code, **visit)
        if is_first:
            click._tell_partners()
        return click

    def _tell_partners(self):
        """Who has the number among Odoo's contacts has the click in the chatter."""
        campaign, contact = self.ecm_campaign_id, self.ecm_contact_id
        number = contact.sms_message_ids[:1].number or contact.phone_1
        body = self.env._(
            "Followed a link of %(campaign)s: %(url)s",
            campaign=campaign.name,
            url=self.ecm_url,
        )
        partners = self.env["res.partner"].sudo()
        partners._find_by_number(number, campaign.company_id)._note_said(body)
