import threading
from unittest.mock import patch

from ..common import FeedCase
from odoo.addons.ecm_campaign.tools.gates import DncRule

SECONDS = 20


class TestAhead(FeedCase):
    """A batch is claimed while another is on its way: what happens meanwhile still counts."""

    def setUp(self):
        super().setUp()
        self.target.batch_size = 2
        self.contacts = self.create_contacts(4)
        self.claimed = threading.Event()

    def meanwhile(self, work=lambda: None, answer=None):
        """Do this when the second batch was claimed, while the first is on its way.

        :param answer: to the first batch
        """
        claim_ahead = type(self.engine)._claim_ahead

        def claim(engine, *args):
            batch = claim_ahead(engine, *args)
            if not self.claimed.is_set():
                work()
                self.env.flush_all()
            self.claimed.set()
            return batch

        def wait(_batch):
            self.assertTrue(self.claimed.wait(SECONDS), "nothing was claimed meanwhile")
            return answer

        self.target.fault = wait
        return patch.object(type(self.engine), "_claim_ahead", claim)

    def test_all_are_sent_once(self):
        with self.meanwhile():
            sent = self.feed()
        self.assertEqual([outgoing.contact_id for outgoing in sent], self.contacts.ids)
        self.assertEqual(self.target.other_side.requests, [2, 2])

    def test_a_target_that_fails_gives_back_what_was_claimed_ahead(self):
        with self.meanwhile(answer="unavailable"):
            self.assertFalse(self.feed())
        self.assertEqual(set(self.contacts.mapped("state")), {"pending"})
        self.assertFalse(self.contacts.attempt_ids, "no trace of a try that never was")

    def test_nothing_leaves_after_the_campaign_was_stopped(self):
        with self.meanwhile(self.campaign.action_stop):
            sent = self.feed()
        self.assertEqual([outgoing.contact_id for outgoing in sent], self.contacts[:2].ids)
        self.assertEqual(set(self.contacts[2:].mapped("state")), {"pending"})
        self.assertFalse(self.contacts[2:].attempt_ids)

    def test_who_is_listed_meanwhile_is_not_called(self):
        listed = self.contacts[2]
        wishes = self.env.ref("ecm_campaign.ecm_dnc_list_wishes")
        with self.meanwhile(lambda: wishes.api_add([listed.phone_1])):
            sent = self.feed()
        expected = (self.contacts - listed).ids
        self.assertEqual([outgoing.contact_id for outgoing in sent], expected)
        self.feed()
        self.assertEqual(listed.state, "dnc_listed")
        self.assertFalse(listed.attempt_ids)

    def test_who_is_listed_and_passes_the_gate_all_the_same_is_called(self):
        """A customer who asked for the call, for example: the gate alone says so."""
        listed = self.contacts[2]
        self.env.ref("ecm_campaign.ecm_dnc_list_wishes").api_add([listed.phone_1])
        with patch.object(DncRule, "get_lists", lambda *_args: ()):
            sent = self.feed()
        self.assertEqual([outgoing.contact_id for outgoing in sent], self.contacts.ids)
