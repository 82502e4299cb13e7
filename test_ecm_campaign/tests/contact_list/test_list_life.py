import base64
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from ..common import BUSY, CONNECTED, FeedCase
from odoo.addons.ecm_campaign.models.contact_list import ecm_contact_list


class TestListLife(FeedCase):
    """Lists that are stopped, started again, not begun or over: whom the feed calls (L7)."""

    def setUp(self):
        super().setUp()
        self.list = self.create_list()
        self.other = self.create_list()
        self.contacts = self.create_contacts(3, list_id=self.list.id, phone_2="+493023125099")
        self.others = self.create_contacts(1, list_id=self.other.id)
        self.now = fields.Datetime.now()

    def create_list(self, **values):
        return self.env["ecm.contact.list"].create(
            {"name": "Night", "campaign_id": self.campaign.id, **values}
        )

    def test_stopped_list_is_not_called_and_goes_on_where_it_was(self):
        self.contacts[1].sudo().write(
            {"is_ready": False, "next_attempt_at": self.now + timedelta(days=2)}
        )
        self.list.action_stop()
        self.feed()
        self.assertEqual(self.others.state, "sent_to_dialer")
        self.assertEqual(set(self.contacts.mapped("state")), {"pending"})
        self.assertEqual((self.list.pending_count, self.list.available_count), (3, 0))
        self.list.action_restart()
        self.assertEqual(self.list.available_count, 2)
        self.assertEqual(self.contacts[1].next_attempt_at, self.now + timedelta(days=2))
        self.feed()
        self.assertEqual(
            self.contacts.mapped("state"), ["sent_to_dialer", "pending", "sent_to_dialer"]
        )

    def test_retry_of_a_stopped_list_waits_for_the_restart(self):
        self.feed()
        self.list.action_stop()
        self.results((self.contacts[0], BUSY), (self.contacts[1], CONNECTED))
        self.assertEqual(self.contacts.mapped("state"), ["pending", "connected", "sent_to_dialer"])
        self.contacts[0].sudo().next_attempt_at = self.now - timedelta(minutes=1)
        self.feed()
        self.assertEqual(self.contacts[0].state, "pending")
        self.assertFalse(self.contacts[0].is_ready)
        self.list.action_restart()
        self.feed()
        self.assertEqual(self.contacts[0].state, "sent_to_dialer")

    def test_list_that_has_not_begun(self):
        planned = self.create_list(date_start=self.now + timedelta(hours=1))
        contact = self.create_contacts(1, list_id=planned.id)
        self.feed()
        self.assertEqual((planned.status, contact.state), ("planned", "pending"))
        self.env.cr.execute(
            "UPDATE ecm_contact_list SET date_start = %s WHERE id = %s",
            (self.now - timedelta(hours=1), planned.id),
        )
        self.env.invalidate_all()
        self.env["ecm.contact.list"]._cron_sweep_lists()
        self.feed()
        self.assertEqual((planned.status, contact.state), ("active", "sent_to_dialer"))

    def test_expired_list_closes_its_contacts(self):
        self.feed()
        late = self.create_contacts(2, list_id=self.list.id)
        self.list.date_end = self.now + timedelta(hours=1)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ecm_contact_list SET date_end = %s WHERE id = %s",
            (self.now - timedelta(hours=1), self.list.id),
        )
        self.env.invalidate_all()
        self.env["ecm.contact.list"]._cron_sweep_lists()
        self.assertEqual(self.list.status, "expired")
        self.assertEqual(set(late.mapped("state")), {"expired"})
        self.assertEqual(set(late.mapped("close_reason")), {"expired"})
        self.assertEqual(set(self.contacts.mapped("state")), {"sent_to_dialer"})
        self.results((self.contacts[0], BUSY), (self.contacts[1], CONNECTED))
        self.contacts[0].sudo().next_attempt_at = self.now - timedelta(minutes=1)
        self.feed()
        self.assertEqual(self.contacts.mapped("state"), ["expired", "connected", "sent_to_dialer"])
        with self.assertRaisesRegex(UserError, "end has passed"):
            self.list.action_restart()

    def test_import_into_a_stopped_list_is_not_called(self):
        content = base64.b64encode(b"phone\n+493023125077\n").decode()
        lists = self.env["ecm.contact.list"]
        contact_list = lists.browse(lists.create_from_file(self.campaign.id, "x.csv", content))
        contact_list.action_stop()
        self.env["ecm.contact.list"]._cron_import()
        self.feed()
        contact = self.env["ecm.contact"].search([("list_id", "=", contact_list.id)])
        self.assertEqual(
            (contact_list.state, contact.state, contact.is_ready), ("done", "pending", False)
        )
        contact_list.action_restart()
        self.feed()
        self.assertEqual(contact.state, "sent_to_dialer")

    def sweep(self):
        self.env["ecm.contact.list"]._cron_sweep_lists()
        self.env.invalidate_all()

    def test_a_large_list_is_stopped_at_once_and_settled_in_the_background(self):
        """E19: the gate holds whom the click did not come to; a restart is the same."""
        with patch.object(ecm_contact_list, "SWEEP_BATCH", 1):
            self.list.action_stop()
            self.assertEqual((self.list.status, self.list.is_settling), ("stopped", True))
            self.assertEqual(self.list.available_count, 2)
            self.feed()
            self.assertEqual(set(self.contacts.mapped("state")), {"pending"})
            self.contacts[2].sudo().write({"is_ready": True, "block_reason": False})
            self.sweep()
            self.assertEqual((self.list.available_count, self.list.is_settling), (0, False))
            self.list.action_restart()
            self.assertEqual((self.list.available_count, self.list.is_settling), (1, True))
        self.sweep()
        self.assertEqual((self.list.available_count, self.list.is_settling), (3, False))

    def test_an_end_that_is_written_ends_no_transaction(self):
        """E26: what else the same request writes is saved with it, or not at all."""
        contacts = self.env["ecm.contact.list"]
        with (
            patch.object(ecm_contact_list, "SWEEP_BATCH", 1),
            patch.object(self.registry["ecm.contact.list"], "_commit") as commit,
        ):
            self.list.date_end = self.now - timedelta(days=1)
        commit.assert_not_called()
        self.assertEqual((self.list.status, self.list.pending_count), ("expired", 2))
        self.assertTrue(contacts.browse(self.list.id).is_settling)
        self.sweep()
        self.assertEqual(set(self.contacts.mapped("state")), {"expired"})

    def test_nobody_is_called_between_a_lists_end_and_the_sweep(self):
        """E20"""
        self.list.date_end = self.now + timedelta(minutes=2)
        self.wait(minutes=3)
        self.feed()
        self.assertEqual(self.list.status, "active")
        self.assertEqual(set(self.contacts.mapped("state")), {"expired"})
        self.assertEqual(self.others.state, "sent_to_dialer")

    def test_a_claim_reads_the_lists_of_its_contacts_alone(self):
        """E20: a campaign may have thousands that are over."""
        lists, asked = self.registry["ecm.contact.list"], []
        get_states = lists._get_states

        def note(records, list_ids):
            asked.append(list_ids)
            return get_states(records, list_ids)

        self.create_list(date_end=self.now - timedelta(days=1))
        with patch.object(lists, "_get_states", note):
            self.feed()
        self.assertEqual(asked, [{self.list.id, self.other.id}])

    def test_dates_that_are_changed_take_effect(self):
        self.list.date_start = self.now + timedelta(days=1)
        self.assertEqual((self.list.status, self.list.available_count), ("planned", 0))
        self.list.date_start = False
        self.assertEqual((self.list.status, self.list.available_count), ("active", 3))
        self.list.date_end = self.now - timedelta(days=1)
        self.assertEqual((self.list.status, self.list.pending_count), ("expired", 0))

    def test_what_the_sweep_has_no_time_for_is_done_in_the_next_one(self):
        self.contacts[:2].sudo().write({"is_ready": False, "block_reason": "list_stopped"})
        self.env.flush_all()
        with (
            patch.object(ecm_contact_list, "SWEEP_BATCH", 1),
            patch.object(self.registry["ecm.contact.list"], "_commit", lambda *_a, **_kw: 0),
        ):
            self.sweep()
        self.assertEqual(self.list.available_count, 2)
        self.sweep()
        self.assertEqual(self.list.available_count, 3)
