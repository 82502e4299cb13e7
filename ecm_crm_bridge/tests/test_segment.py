from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestSegment(BridgeCase):
    """Who matches later joins, and who matches no more leaves (R1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.create_lead("+493023125001", name="Fair A")
        cls.create_lead("+493023125002", name="Other")

    def setUp(self):
        super().setUp()
        self.segment = self.launch(
            self.env["crm.lead"],
            domain="[('name', '=like', 'Fair _')]",
            is_live=True,
        )

    def look(self):
        """An hour passes; then the background jobs."""
        self.segment.sudo().next_run_at = fields.Datetime.now() - timedelta(minutes=1)
        self.env["ecm.crm.launch"]._cron_launch()
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()

    def leads(self, state="pending"):
        contacts = self.contacts_of(self.campaign).filtered(lambda one: one.state == state)
        return contacts.lead_id

    def test_it_begins_with_what_the_filter_finds(self):
        self.assertEqual(self.segment.state, "live")
        self.assertEqual(self.leads(), self.first)
        self.assertGreater(self.segment.next_run_at, fields.Datetime.now())

    def test_nothing_new_makes_no_list(self):
        self.look()
        self.assertEqual(len(self.segment.list_ids), 1)

    def test_new_matches_join(self):
        second = self.create_lead("+493023125003", name="Fair B")
        self.look()
        self.assertEqual(self.leads(), self.first | second)
        self.assertEqual(len(self.segment.list_ids), 2)
        self.assertEqual(self.segment.joined_count, 2)

    def test_leavers_are_withdrawn(self):
        self.first.name = "Gone"
        self.look()
        contact = self.contacts_of(self.campaign)
        self.assertEqual(contact.state, "withdrawn")
        self.assertIn(self.segment.name, contact.withdraw_reason)
        self.assertEqual(self.segment.left_count, 1)

    def test_leavers_stay_where_that_is_chosen(self):
        self.segment.withdraws_leavers = False
        self.first.name = "Gone"
        self.look()
        self.assertEqual(self.leads(), self.first)

    def test_a_contact_that_somebody_else_brought_is_not_withdrawn(self):
        other = self.create_lead("+493023125009", name="Fair C")
        self.launch(other)
        self.look()
        other.name = "Gone"
        self.look()
        self.assertEqual(self.leads(), self.first | other)

    def test_who_left_uncalled_joins_again(self):
        self.first.name = "Gone"
        self.look()
        self.first.name = "Fair A"
        self.look()
        self.assertEqual(self.leads(), self.first)

    def test_who_was_called_and_left_is_not_called_again(self):
        contact = self.contacts_of(self.campaign)
        self.env["ecm.attempt"].create(
            {
                "key": "segment-1",
                "contact_id": contact.id,
                "campaign_id": self.campaign.id,
                "company_id": self.campaign.company_id.id,
                "channel": "voice",
                "claimed_at": fields.Datetime.now(),
            }
        )
        self.first.name = "Gone"
        self.look()
        self.first.name = "Fair A"
        self.look()
        self.assertFalse(self.leads())
        self.assertEqual(len(self.contacts_of(self.campaign)), 1)

    def test_a_number_that_is_added_later_brings_the_record_in(self):
        late = self.create_lead(False, name="Fair D")
        self.look()
        self.assertEqual(self.leads(), self.first)
        late.phone = "+493023125004"
        self.env.flush_all()
        # All of a test happens at one moment of the database.
        self.env.cr.execute(
            "UPDATE crm_lead SET write_date = now() AT TIME ZONE 'UTC' + interval '1 minute' "
            "WHERE id = %s",
            [late.id],
        )
        self.look()
        self.assertEqual(self.leads(), self.first | late)

    def test_a_stopped_segment_looks_no_more(self):
        self.segment.action_stop()
        self.create_lead("+493023125003", name="Fair B")
        self.look()
        self.assertEqual(self.leads(), self.first)

    def test_whoever_lost_the_right_launches_nothing_more(self):
        group = self.env.ref("ecm_campaign.ecm_campaign_group_supervisor")
        self.manager.group_ids -= group
        self.create_lead("+493023125003", name="Fair B")
        self.look()
        segment = self.segment.sudo()
        self.assertEqual(segment.state, "failed")
        self.assertIn("may not launch", segment.error)
        self.assertEqual(self.leads(), self.first)
