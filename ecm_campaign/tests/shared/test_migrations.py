from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

from odoo import fields
from odoo.tools import SQL

from ..common import CampaignCase

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def migrate(cr, name):
    """Run a migration script, as an upgrade does.

    :param str name: such as ``19.0.1.1.0/pre-contacts``
    """
    loader = SourceFileLoader("migration", str(MIGRATIONS / f"{name}.py"))
    script = module_from_spec(spec_from_loader("migration", loader))
    loader.exec_module(script)
    script.migrate(cr, "19.0.1.0.0")


class TestMigrations(CampaignCase):
    """What an upgrade makes of data from before: each script, run twice, on rows as they were."""

    def test_contacts_know_their_channel_their_origin_and_their_callback(self):
        messages = self.create_campaign(
            "Messages", strategy_id=self.env.ref("ecm_campaign.ecm_strategy_default").id
        )
        contact_list = self.env["ecm.contact.list"].create(
            {"name": "Old", "campaign_id": messages.id}
        )
        texted = self.create_contact(messages, list_id=contact_list.id)
        called = self.create_contact()
        asked_at = fields.Datetime.to_datetime("2026-03-02 09:00:00")
        self.env.flush_all()
        self.env.cr.execute(
            "ALTER TABLE ecm_contact ALTER COLUMN channel DROP NOT NULL;"
            "UPDATE ecm_contact SET channel = NULL, origin_list_id = NULL, callback_due = NULL,"
            " callback_since = %s WHERE id = ANY(%s)",
            (asked_at, [texted.id, called.id]),
        )

        # The second time there is nothing left to do.
        for _time in range(2):
            migrate(self.env.cr, "19.0.1.1.0/pre-contacts")
        self.env.invalidate_all()
        self.assertEqual((texted.channel, called.channel), ("sms", "voice"))
        self.assertEqual(texted.origin_list_id, contact_list)
        self.assertFalse(called.origin_list_id)
        self.assertEqual(called.callback_due, asked_at)

    def test_region_rules_keep_their_hours_and_their_limit(self):
        rule = self.env["ecm.region.rule"].create({"name": "Old", "prefixes": "+4930"})
        self.env.flush_all()
        days = {"weekday": (9.5, 20), "saturday": (8, 24), "sunday": (0, 0)}
        for day, hours in days.items():
            # As they were: numbers, of all rules alike.
            for name, value in zip(("from", "to"), hours, strict=True):
                column = SQL.identifier(f"{day}_{name}")
                add = "ALTER TABLE ecm_region_rule ADD COLUMN %s float8 DEFAULT %s"
                self.env.cr.execute(SQL(add, column, value))
        self.env.cr.execute(
            "ALTER TABLE ecm_region_rule ADD COLUMN max_attempts int4 DEFAULT 2,"
            " ADD COLUMN max_attempts_hours int4 DEFAULT 48"
        )
        for _time in range(2):
            migrate(self.env.cr, "19.0.1.2.0/pre-region-hours")
            migrate(self.env.cr, "19.0.1.2.0/post-region-limits")
        self.env.invalidate_all()
        self.assertEqual(rule.weekday_hours, "09:30–20:00")
        self.assertEqual((rule.saturday_hours, rule.sunday_hours), ("08:00–24:00", False))
        self.assertEqual(rule.limits_summary, "2 attempts in 48 hours")

    def test_an_attempts_campaign_is_not_looked_up(self):
        self.env.cr.execute(
            "ALTER TABLE ecm_attempt ADD CONSTRAINT ecm_attempt_campaign_id_fkey"
            " FOREIGN KEY (campaign_id) REFERENCES ecm_campaign ON DELETE CASCADE"
        )
        for _time in range(2):
            migrate(self.env.cr, "19.0.1.3.0/pre-attempts")
        self.assertNotIn("campaign_id", self.get_checked_columns("ecm_attempt"))

    def get_checked_columns(self, table):
        """:return: the columns of a table that have a foreign key"""
        self.env.cr.execute(
            "SELECT a.attname FROM pg_constraint c JOIN pg_attribute a"
            " ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)"
            " WHERE c.conrelid = %s::regclass AND c.contype = 'f'",
            (table,),
        )
        return [name for (name,) in self.env.cr.fetchall()]

    def test_the_list_of_wishes_is_whole_again(self):
        wishes = self.env.ref("ecm_campaign.ecm_dnc_list_wishes")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ecm_dnc_list SET keeps_wishes = FALSE, active = FALSE, company_id = NULL,"
            " date_to = '2026-01-01' WHERE id = %s",
            (wishes.id,),
        )
        migrate(self.env.cr, "19.0.1.1.0/post-wishes")
        self.env.invalidate_all()
        self.assertTrue(wishes.keeps_wishes and wishes.active)
        self.assertFalse(wishes.date_to)

    def test_results_are_counted_and_numbers_are_listed(self):
        contact = self.create_contact()
        self.env.flush_all()
        counters, scope = self.env["ecm.results.count"], self.campaign._get_results_scope()
        self.env.cr.execute("DELETE FROM ecm_results_count; DELETE FROM ecm_contact_unlisted")
        for _time in range(2):
            migrate(self.env.cr, "19.0.1.1.0/post-results")
        self.assertEqual([line.loaded for line in counters._read_lists(scope)], [1])
        ranges = self.env["ecm.contact.unlisted"].search([])
        self.assertTrue(all(each.first_id <= contact.id <= each.last_id for each in ranges))
        self.assertTrue(ranges)
