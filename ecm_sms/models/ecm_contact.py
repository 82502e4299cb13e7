from odoo import fields, models
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
