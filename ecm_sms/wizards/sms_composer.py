from odoo import models


class SmsComposer(models.TransientModel):
    _inherit = "sms.composer"

    def _get_blacklist_record_ids(self, records, recipients_info):
        """Odoo's blacklist knows no number of a person who was erased: our lists know its digest
        (requirement N6).
        """
        blocked = super()._get_blacklist_record_ids(records, recipients_info)
        if not self.use_exclusion_list:
            return blocked
        numbers = {info["sanitized"] for info in recipients_info.values() if info["sanitized"]}
        lists = self.env["ecm.dnc.list"].sudo().search([("for_sms", "=", True)])
        entries = self.env["ecm.dnc.entry"].sudo()._match_digests("number", numbers, lists)
        erased = {number for number, _list_id in entries}
        found = [one.id for one in records if recipients_info[one.id]["sanitized"] in erased]
        return [*blocked, *found]
