from datetime import date

from odoo import fields
from odoo.exceptions import AccessError
from odoo.models import MAGIC_COLUMNS
from odoo.tests import TransactionCase, new_test_user
from odoo.tools import SQL

# What people work with day by day, which is no configuration: it has its own history.
OPERATIONS = {
    "ecm.callback",
    "ecm.contact",
    "ecm.contact.list",
    "ecm.contact.withdrawal",
    "ecm.crm.launch",
    "ecm.crm.launch.line",
    "ecm.dnc.entry",
    "ecm.dnc.load",
    "ecm.dry.run",
    "ecm.dry.run.rate",
    "ecm.dry.run.wrap.up",
}


def _is_written(field):
    is_own = field.name not in MAGIC_COLUMNS and field.type != "one2many"
    return field.store and not field.readonly and is_own


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

    def make_strategy(self):
        """A strategy of two steps with a rule, which has been there for a while."""
        strategy = self.env["ecm.strategy"].create({"name": "Logged"})
        steps = self.env["ecm.strategy.attempt"].create(
            [{"strategy_id": strategy.id, "phone_index": place} for place in (1, 2)]
        )
        busy = self.env.ref("ecm_campaign.ecm_outcome_busy")
        rule = self.env["ecm.strategy.rule"].create(
            {"attempt_id": steps[0].id, "outcome_id": busy.id, "action": "again"}
        )
        self.flush_tracking()
        self.env.cr.execute(
            SQL("UPDATE ecm_strategy SET create_date = '2026-01-01' WHERE id = %s", strategy.id)
        )
        self.env.invalidate_all()
        return strategy, steps, rule

    def test_parts_stand_at_their_whole(self):
        strategy, steps, rule = self.make_strategy()
        # What it began with is no change.
        self.assertFalse(self.find(strategy))
        self.change(rule, delay_minutes=15, action="close")
        self.change(steps[1], phone_index=3)
        changes = self.find(strategy)
        self.assertEqual(set(changes.mapped("record_name")), {"Logged"})
        self.assertEqual(changes.author_id, self.administrator.partner_id)
        told = {one.field_name: (one.old_value, one.new_value) for one in changes}
        self.assertEqual(told["delay_minutes"], ("0", "15"))
        self.assertEqual(told["action"], ("Try the same again", "Close the contact"))
        self.assertEqual(told["phone_index"], ("Phone 2", "Phone 3"))
        parts = {one.field_name: one.part for one in changes}
        self.assertIn("Busy", parts["action"])
        self.assertTrue(parts["phone_index"].startswith("Step 2"))

    def test_the_chatter_of_the_whole_shows_it_too(self):
        strategy, _steps, rule = self.make_strategy()
        self.change(rule, delay_minutes=15)
        [shown] = strategy.message_ids.tracking_value_ids._tracking_value_format()
        self.assertEqual(shown["fieldInfo"]["changedField"], "Minutes")

    def test_what_is_added_and_removed(self):
        strategy, steps, _rule = self.make_strategy()
        values = {"strategy_id": strategy.id, "count": 3}
        limit = self.env["ecm.strategy.limit"].with_user(self.administrator).create(values)
        name = limit.display_name
        limit.unlink()
        steps[1].with_user(self.administrator).unlink()
        self.flush_tracking()
        told = [(one.field_label, one.old_value, one.new_value) for one in self.find(strategy)]
        self.assertIn(("Added", "", name), told)
        self.assertIn(("Removed", name, ""), told)
        self.assertIn(("Removed", "Step 2: Voice, phone 2", ""), told)

    def test_a_strategy_that_was_deleted(self):
        strategy, _steps, _rule = self.make_strategy()
        strategy_id = strategy.id
        strategy.with_user(self.administrator).unlink()
        self.flush_tracking()
        log = self.env["ecm.change"].with_user(self.administrator)
        change = log.search([("model", "=", "ecm.strategy"), ("res_id", "=", strategy_id)])
        self.assertEqual((change.field_label, change.old_value), ("Removed", "Logged"))
        self.assertFalse(change.record_name)

    def test_configuration_without_a_chatter(self):
        outcome = self.env.ref("ecm_campaign.ecm_outcome_busy")
        member = self.create_user("supervisor", name="Mia Member")
        team = self.env["ecm.team"].create({"name": "Logged"})
        self.change(outcome, counts_as_attempt=not outcome.counts_as_attempt)
        self.change(team, user_ids=[(4, member.id)])
        self.assertEqual(self.find(outcome).field_name, "counts_as_attempt")
        told = {one.field_name: one.new_value for one in self.find(team)}
        self.assertEqual(told["user_ids"], "Mia Member")

    def test_what_an_import_brings_is_no_change_of_anybody(self):
        outcome = self.env.ref("ecm_campaign.ecm_outcome_busy")
        outcome.with_context(tracking_disable=True).sequence += 1
        self.assertFalse(self.find(outcome))

    def test_what_may_hold_a_password_is_veiled(self):
        if "ecm.sms.gateway" not in self.env:
            self.skipTest("no module with such a text is installed")
        gateway = self.env["ecm.sms.gateway"].create(
            {"name": "Logged", "url": "http://sms.example.com"}
        )
        self.change(gateway, headers="Authorization: Bearer abc", rate=7)
        told = {one.field_name: (one.old_value, one.new_value) for one in self.find(gateway)}
        self.assertEqual(told["headers"], ("•••", "•••"))
        self.assertEqual(told["rate"][1][:1], "7")

    def test_all_configuration_is_logged(self):
        """Whoever adds a model that people write thinks about the log."""
        registry, missing = self.env.registry, []
        group = self.env.ref("ecm_campaign.ecm_campaign_group_administrator")
        writable = self.env["ir.model.access"].search(
            [
                ("group_id", "in", group.all_implied_ids.ids),
                ("perm_write", "=", True),
                ("model_id.model", "=like", "ecm.%"),
            ]
        )
        for name in set(writable.mapped("model_id.model")) - OPERATIONS:
            model = self.env.get(name)
            if model is None or model._abstract or model._transient or not model._auto:
                continue
            # Modules that only tests install configure nothing.
            if model._original_module.startswith("test_"):
                continue
            written = [field for field in model._fields.values() if _is_written(field)]
            if written and not issubclass(registry[name], registry["ecm.logged.mixin"]):
                missing.append(name)
        self.assertFalse(missing)

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
