import csv
import io

from odoo import fields, models


class EcmImportSource(models.Model):
    _inherit = "ecm.import.source"

    kind = fields.Selection(
        selection_add=[("partners", "Address book")], ondelete={"partners": "cascade"}
    )
    last_partner_id = fields.Integer(readonly=True, copy=False)

    def _test_partners(self):
        return self.env._("%s people are new.", len(self._get_new_partners()))

    def _check_partners(self):
        partners = self._get_new_partners()
        if partners:
            self._atomically(lambda: self._bring(partners))
        return self.env._("%(name)s: %(count)s people.", name=self.name, count=len(partners)), False

    def _get_new_partners(self):
        is_new = [("id", ">", self.last_partner_id), ("phone", "!=", False)]
        return self.env["res.partner"].search(is_new, order="id", limit=self.row_limit)

    def _bring(self, partners):
        """The list and up to where the book was read, in one transaction."""
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(["Phone", "Last name"])
        rows.writerows([partner.phone, partner.name] for partner in partners)
        self._queue_list(f"{self.name}.csv", io.BytesIO(text.getvalue().encode()))
        self.last_partner_id = partners[-1].id


class EcmContactList(models.Model):
    _inherit = "ecm.contact.list"

    source = fields.Selection(
        selection_add=[("partners", "Address book")], ondelete={"partners": "set default"}
    )
