from datetime import date

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user
from odoo.tools import SQL


class TestChanges(TransactionCase):
    """Who changed what in the configuration, in one view (R8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.create_user("administrator", name="Ada Admin")
        cls.list = cls.env["ecm.dnc.list"].create(
            {"name": "Corporate", "company_id": cls.env.company.id, "max_age_days": 5}
        )
        cls.flush_tracking()

    @classmethod
    def create_user(cls, role, **values):
        groups = f"ecm_campaign.ecm_campaign_group_{role}"
        return new_test_user(cls.env, login=f"ecm_changes_{role}", groups=groups, **values)

    @classmethod
    def flush_tracking(cls):
        cls.env.flush_all()
        cls.env.cr.precommit.run()

    def change(self, record, **values):
        record.with_user(self.administrator).write(values)
        self.flush_tracking()

    def find(self, record, user=None):
        own = [("model", "=", record._name), ("res_id", "=", record.id)]
        return self.env["ecm.change"].with_user(user or self.administrator).search(own)

    def test_who_changed_what_from_what_to_what(self):
        self.change(self.list, max_age_days=30, for_voice=False, date_to=date(2030, 1, 31))
        changes = self.find(self.list)
        self.assertEqual(changes.author_id, self.administrator.partner_id)
        self.assertEqual(set(changes.mapped("record_name")), {"Corporate"})
        told = {one.field_name: (one.old_value, one.new_value) for one in changes}
        self.assertEqual(told["max_age_days"], ("5", "30"))
        self.assertEqual(told["for_voice"], ("✓", "✗"))
        self.assertEqual(told["date_to"][1], "2030-01-31")
        labels = {one.field_name: one.field_label for one in changes}
        self.assertEqual(labels["max_age_days"], "Oldest age (days)")

    def test_it_leads_to_the_record(self):
        self.change(self.list, max_age_days=30)
        action = self.find(self.list).action_open()
        self.assertEqual((action["res_model"], action["res_id"]), ("ecm.dnc.list", self.list.id))

    def test_it_is_for_administrators(self):
        self.change(self.list, max_age_days=30)
        for role in ("agent", "supervisor"):
            with self.assertRaises(AccessError):
                self.find(self.list, self.create_user(role))

    def test_another_companys_changes_are_its_own(self):
        self.change(self.list, max_age_days=30)
        company = self.env["res.company"].create({"name": "Foreign"})
        own = {"company_ids": [(6, 0, company.ids)], "company_id": company.id}
        group = "ecm_campaign.ecm_campaign_group_administrator"
        foreign = new_test_user(self.env, login="ecm_changes_foreign", groups=group, **own)
        self.assertFalse(self.find(self.list, foreign))

    def test_a_secret_is_never_in_it(self):
        """Not even one that was tracked by mistake, or before it became one."""
        self.change(self.list, max_age_days=30)
        change = self.find(self.list)
        secret = self.env["ir.model.fields"].search(
            [("model", "=like", "ecm.%"), ("name", "=like", "%password%")], limit=1
        )
        if not secret:
            self.skipTest("no module with passwords is installed")
        self.env.cr.execute(
            SQL("UPDATE mail_tracking_value SET field_id = %s WHERE id = %s", secret.id, change.id)
        )
        self.env.invalidate_all()
        self.assertFalse(self.find(self.list))

    def test_every_secret_field_of_the_suite_is_hidden(self):
        hidden = set(self.env["ecm.change"]._get_hidden_field_ids())
        secrets = self.env["ir.model.fields"].search([("model", "=like", "ecm.%")])
        for field in secrets:
            model = self.env.get(field.model)
            known = model is not None and model._fields.get(field.name)
            if known and (known.groups == fields.NO_ACCESS or not known.exportable):
                self.assertIn(field.id, hidden, f"{field.model}.{field.name}")
