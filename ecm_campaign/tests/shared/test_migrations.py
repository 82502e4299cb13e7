from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

from odoo import fields

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
