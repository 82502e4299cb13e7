from odoo import api, fields, models

from ..const import SALES
from odoo.addons.ecm_campaign.actions import open_window

# Attempts that a form shows at once; the list has all of them.
SHOWN_ATTEMPTS = 50


class EcmCrmRecordMixin(models.AbstractModel):
    """What campaigns have done on a CRM record (requirement R1, F9)."""

    _name = "ecm.crm.record.mixin"
    _description = "CRM Record in Campaigns"

    ecm_contact_count = fields.Integer(
        "Campaign contacts", compute="_compute_ecm_contact_count", groups=SALES
    )
    ecm_attempts = fields.Json("Attempts", compute="_compute_ecm_attempts", groups=SALES)

    def action_ecm_launch(self):
        """Launch a campaign with these records; without a choice, those of the filter (R1)."""
        return self.env["ecm.crm.launch"]._open(self)

    def action_view_ecm_contacts(self):
        """Open the contacts of campaigns that are about this record."""
        self.ensure_one()
        self.check_access("read")
        self.env["ecm.contact"].check_access("read")
        return open_window(
            self.env,
            "ecm_campaign.ecm_contact_action",
            domain=[("id", "in", self._get_ecm_contacts().ids)],
            context={"create": False},
        )

    def _compute_ecm_contact_count(self):
        for record in self:
            record.ecm_contact_count = len(record._get_ecm_contacts())

    @api.depends_context("uid", "lang", "allowed_company_ids")
    def _compute_ecm_attempts(self):
        for record in self:
            domain = [("contact_id", "in", record._get_ecm_contacts().ids)]
            attempts = (
                self.env["ecm.attempt"]
                .sudo()
                .search(domain, order="claimed_at desc, id desc", limit=SHOWN_ATTEMPTS)
            )
            record.ecm_attempts = [attempt._describe_for_crm() for attempt in attempts]

    def _get_ecm_contacts(self):
        """The contacts about this record that the user may know of: agents and above see those of
        their campaigns, sales people those of the leads that they see.

        :rtype: records of ``ecm.contact`` with all rights
        """
        self.ensure_one()
        contacts = self.env["ecm.contact"]
        domain = [*self._get_ecm_domain(), ("company_id", "in", self.env.companies.ids)]
        if contacts.has_access("read"):
            return contacts.search(domain).sudo()
        found = contacts.sudo().search(domain)
        leads = found.lead_id.sudo(False)
        seen = leads._filtered_access("read") if leads.has_access("read") else leads.browse()
        return found.filtered(lambda contact: not contact.lead_id or contact.lead_id in seen.sudo())

    def _get_ecm_domain(self):
        """Which contacts are about this record."""
        raise NotImplementedError
