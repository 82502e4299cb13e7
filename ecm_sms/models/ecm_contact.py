from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.ecm_campaign.const import BUSINESS_PARAMETERS


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    sms_message_ids = fields.One2many(
        "ecm.sms.message", "contact_id", string="Messages", readonly=True
    )
    sms_reply_ids = fields.One2many("ecm.sms.reply", "contact_id", string="Replies", readonly=True)
    sms_click_ids = fields.One2many(
        "link.tracker.click", "ecm_contact_id", string="Clicks", readonly=True
    )

    @api.model
    def _erase_linked(self, contact_ids):
        """Texts, and the numbers they went to; replies; from where links were opened (N6)."""
        counts = super()._erase_linked(contact_ids)
        replies = self.env["ecm.sms.reply"].sudo().search([("contact_id", "in", contact_ids)])
        counts.update(replies._erase_ids(replies.ids))
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_sms_message SET number = NULL, text = NULL
                    WHERE contact_id = ANY(%s)""",
                list(contact_ids),
            )
        )
        counts["ecm.sms.message"] = self.env.cr.rowcount
        self.env.cr.execute(
            SQL(
                "UPDATE link_tracker_click SET ip = NULL WHERE ecm_contact_id = ANY(%s)",
                list(contact_ids),
            )
        )
        return counts

    def _get_merge_values(self, names):
        """What stands in a message for fields and business parameters of contacts of one campaign.

        :param names: of these
        :return: ``{contact id: {name: value}}``
        :raise AccessError: the user may not read one of them
        """
        self.check_access("read")
        parameters = set(names).intersection(BUSINESS_PARAMETERS)
        found = self._get_parameters() if parameters else {}
        values = {}
        for contact in self:
            of_contact = {name: contact[name] for name in names if name not in parameters}
            values[contact.id] = found.get(contact.id, {}) | of_contact
        return values

    def _get_parameters(self):
        """:return: ``{contact id: {name: value}}``"""
        # All of them are texts, stored as they are; to read each as a property takes ten times as
        # long.
        self.flush_recordset(["business_parameters"])
        query = SQL("SELECT id, business_parameters FROM ecm_contact WHERE id = ANY(%s)", self.ids)
        found = {}
        for contact_id, stored in self.env.execute_query(query):
            found[contact_id] = stored or {}
        return found
