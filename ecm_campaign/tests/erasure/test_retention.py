from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.erasure import ecm_campaign_retention
from ..common import ResultCase


@tagged("post_install", "-at_install")
class TestRetention(ResultCase):
    """A campaign forgets people after so many days, and the evidence after more (N6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.write({"erase_days": 30, "delete_days": 90})

    def create_closed(self, days, count=1, **values):
        """Contacts that were closed so many days ago."""
        contacts = self.env["ecm.contact"]
        for _number in range(count):
            contacts |= self.create_contact(first_name="Ada", **values)
        contacts.action_withdraw()
        contacts.closed_at = fields.Datetime.now() - timedelta(days=days)
        self.env.flush_all()
        return contacts

    def run_retention(self):
        self.env["ecm.campaign"]._cron_keep_retention()
        self.env.invalidate_all()

    def test_closed_contacts_become_anonymous_when_it_is_time_and_open_ones_stay(self):
        due, early, pending = self.create_closed(31), self.create_closed(29), self.create_contact()
        self.run_retention()
        self.assertEqual((due.first_name, due.phone_1), (False, "erased"))
        self.assertEqual(early.first_name, "Ada")
        self.assertEqual(pending.state, "pending")
        report = self.env["ecm.erasure"].search([("campaign_id", "=", self.campaign.id)])
        self.assertEqual((report.source, report.record_count), ("retention", 1))

    def test_retention_does_not_keep_anybody_from_being_called(self):
        self.create_closed(31, phone_1="+493023125077")
        self.run_retention()
        self.assertEqual(self.env["ecm.dnc.list"].check_number("+493023125077"), [])

    def test_days_count_from_the_end_of_a_campaign_that_has_one(self):
        contact = self.create_closed(60)
        self.campaign.date_end = fields.Datetime.now() - timedelta(days=10)
        self.run_retention()
        self.assertFalse(contact.erased_at)
        self.campaign.date_end = fields.Datetime.now() - timedelta(days=31)
        self.run_retention()
        self.assertTrue(contact.erased_at)

    def test_evidence_goes_last(self):
        contact = self.create_contact()
        attempt = self.call(contact, "no_answer")
        contact.action_withdraw()
        contact.closed_at = fields.Datetime.now() - timedelta(days=89)
        self.run_retention()
        self.assertTrue(contact.erased_at)
        self.assertTrue(attempt.exists())
        contact.closed_at = fields.Datetime.now() - timedelta(days=91)
        self.run_retention()
        self.assertFalse(contact.exists() or attempt.exists())
        deletion = self.env["ecm.erasure"].search([("source", "=", "deletion")])
        self.assertEqual(
            {line.model: line.count for line in deletion.line_ids},
            {
                "ecm.contact": 1,
                "ecm.attempt": 1,
            },
        )

    def test_parts_add_up_to_one_report(self):
        self.campaign.delete_days = 0
        self.create_closed(31, count=5)
        with patch.object(ecm_campaign_retention, "ERASED_AT_ONCE", 2):
            self.run_retention()
        reports = self.env["ecm.erasure"].search([("campaign_id", "=", self.campaign.id)])
        self.assertEqual(reports.mapped("record_count"), [5])

    def test_a_campaign_that_is_over_is_archived_when_nothing_personal_is_left(self):
        self.campaign.write(
            {"archives_erased": True, "date_end": fields.Datetime.now() - timedelta(days=40)}
        )
        self.create_closed(31)
        self.run_retention()
        self.assertTrue(self.campaign.erased_at)
        self.assertFalse(self.campaign.active)

    def test_one_with_open_contacts_is_not(self):
        self.campaign.write(
            {"archives_erased": True, "date_end": fields.Datetime.now() - timedelta(days=40)}
        )
        self.create_contact()
        self.run_retention()
        self.assertFalse(self.campaign.erased_at)
        self.assertTrue(self.campaign.active)

    def test_contacts_are_not_deleted_before_they_are_anonymous(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.campaign.write({"erase_days": 30, "delete_days": 10})
            self.env.flush_all()
