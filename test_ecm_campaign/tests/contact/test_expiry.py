from datetime import timedelta

from odoo import fields

from ..common import BUSY, FeedCase


class TestExpiry(FeedCase):
    """Time to live of contacts (C5)."""

    def setUp(self):
        super().setUp()
        self.contacts = self.create_contacts(3, phone_2="+493023125099")
        self.campaign.ttl_days = 10
        self.age(self.contacts[0], 11)

    def age(self, contacts, days):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ecm_contact SET added_at = %s WHERE id = ANY(%s)",
            (fields.Datetime.now() - timedelta(days=days), contacts.ids),
        )
        self.env.invalidate_all()

    def sweep(self):
        self.engine._cron_expire_contacts()
        self.env.invalidate_all()

    def test_the_sweep_closes_what_is_too_old(self):
        self.sweep()
        self.assertEqual(self.contacts.mapped("state"), ["expired", "pending", "pending"])
        self.assertEqual((self.contacts[0].close_reason, self.contacts[0].is_ready), ("ttl", False))

    def test_nothing_too_old_is_called_before_the_sweep_comes(self):
        self.feed()
        self.assertEqual(
            self.contacts.mapped("state"), ["expired", "sent_to_dialer", "sent_to_dialer"]
        )
        self.assertEqual(self.contacts[0].close_reason, "ttl")

    def test_contacts_at_the_dialer_get_their_result_first(self):
        self.feed()
        self.age(self.contacts[1], 11)
        self.sweep()
        self.assertEqual(self.contacts[1].state, "sent_to_dialer")
        self.results((self.contacts[1], BUSY))
        self.assertEqual(self.contacts[1].state, "pending")
        self.sweep()
        self.assertEqual(self.contacts[1].state, "expired")

    def test_without_a_time_to_live_nothing_expires(self):
        self.campaign.ttl_days = 0
        self.age(self.contacts, 4000)
        self.sweep()
        self.feed()
        self.assertEqual(set(self.contacts.mapped("state")), {"sent_to_dialer"})

    def test_what_may_not_be_called_yet_does_not_get_older(self):
        old = self.contacts[0]
        old.not_before = fields.Datetime.now() - timedelta(days=2)
        waiting = self.contacts[1]
        self.age(waiting, 40)
        waiting.not_before = fields.Datetime.now() + timedelta(days=20)
        self.sweep()
        self.feed()
        states = (old.state, waiting.state)
        self.assertEqual(states, ("sent_to_dialer", "pending"))

    def test_held_contacts_expire_too(self):
        self.contacts.list_id = self.env["ecm.contact.list"].create(
            {"name": "L", "campaign_id": self.campaign.id}
        )
        self.contacts.list_id.action_stop()
        self.sweep()
        self.assertEqual(self.contacts[0].state, "expired")
        self.contacts.list_id.action_restart()
        self.assertEqual(self.contacts.mapped("is_ready"), [False, True, True])
