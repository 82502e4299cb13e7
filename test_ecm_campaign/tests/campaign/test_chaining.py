from odoo.exceptions import AccessError, ValidationError
from odoo.tools import mute_logger

from ..common import BUSY, CONNECTED, DO_NOT_CALL, FeedCase


class TestChaining(FeedCase):
    """Customers go on to another campaign by what came of a call (C9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.winback = cls.create_running("Win back")

    def chain(self, outcome, mode, source=None, target=None):
        return self.env["ecm.campaign.chain"].create(
            {
                "campaign_id": (source or self.campaign).id,
                "outcome_id": self.env.ref(f"ecm_campaign.ecm_outcome_{outcome}").id,
                "mode": mode,
                "target_id": (target or self.winback).id,
            }
        )

    def get_contacts(self, campaign=None):
        return self.env["ecm.contact"].search(
            [("campaign_id", "=", (campaign or self.winback).id)], order="id"
        )

    def test_moves_when_the_contact_closes(self):
        line = self.chain("busy", "move")
        contact = self.create_contacts(
            1,
            phone_2="+493023125099",
            first_name="Ada",
            account_number="C-1",
            priority=7,
            tz="Europe/Berlin",
        )
        contact.business_parameters = {"business_parameter_1": "gold"}
        self.feed()
        self.results((contact, BUSY))
        self.assertEqual(contact.state, "pending")
        self.assertFalse(self.get_contacts())
        self.env.cr.execute("UPDATE ecm_contact SET is_ready = TRUE")
        self.feed()
        self.results((contact, BUSY))
        self.assertEqual(contact.state, "retries_completed")
        chained = self.get_contacts()
        self.assertEqual((chained.state, chained.chained_from_id), ("pending", contact))
        self.assertEqual(
            (chained.attempt_count, chained.next_position, chained.is_ready), (0, 1, True)
        )
        for name in ("phone_1", "phone_2", "first_name", "account_number", "priority", "tz"):
            self.assertEqual(chained[name], contact[name])
        self.assertEqual(chained.business_parameters["business_parameter_1"], "gold")
        self.assertEqual(line.contact_count, 1)
        self.feed()
        self.assertEqual(chained.state, "sent_to_dialer")

    def test_copies_each_time_but_each_contact_once(self):
        self.chain("busy", "copy")
        contact = self.create_contacts(1, phone_2="+493023125099")
        self.feed()
        self.results((contact, BUSY))
        self.assertEqual((contact.state, len(self.get_contacts())), ("pending", 1))
        self.get_contacts().action_withdraw()
        self.env.cr.execute("UPDATE ecm_contact SET is_ready = TRUE WHERE state = 'pending'")
        self.feed()
        self.results((contact, BUSY))
        self.assertEqual((contact.state, len(self.get_contacts())), ("retries_completed", 1))

    def test_the_same_result_twice_chains_once(self):
        self.chain("voice", "move")
        contact = self.create_contacts(1)
        self.feed()
        attempt = contact.current_attempt_id
        self.results((contact, CONNECTED))
        self.engine._after_results(attempt.ids)
        self.assertEqual(len(self.get_contacts()), 1)

    def test_nobody_who_is_open_there_comes_in_again(self):
        self.chain("voice", "move")
        self.winback.is_running = False
        known = self.create_contacts(1, self.winback)
        contacts = self.create_contacts(1) | self.create_contacts(1)
        self.feed()
        self.results(*((contact, CONNECTED) for contact in contacts))
        self.assertEqual(self.get_contacts(), known)
        known.action_withdraw()
        again = self.create_contacts(1) | self.create_contacts(1)
        self.feed()
        self.results(*((contact, CONNECTED) for contact in again))
        self.assertEqual(len(self.get_contacts().filtered("is_open")), 1)

    def test_a_circle_of_campaigns_ends(self):
        self.chain("voice", "move")
        self.chain("voice", "move", self.winback, self.campaign)
        contact = self.create_contacts(1)
        self.feed()
        self.results((contact, CONNECTED))
        chained = self.get_contacts()
        self.feed()
        self.results((chained, CONNECTED))
        self.assertEqual(chained.state, "connected")
        self.assertEqual(self.get_contacts(self.campaign), contact)

    def test_who_must_not_be_called_goes_nowhere(self):
        self.chain("do_not_call", "copy")
        self.chain("do_not_call", "move", target=self.create_running("Another"))
        contact = self.create_contacts(1)
        self.feed()
        self.results((contact, DO_NOT_CALL))
        self.assertEqual(contact.state, "dnc_listed")
        self.assertEqual(
            self.env["ecm.contact"].search_count([("chained_from_id", "=", contact.id)]), 0
        )

    def test_a_late_result_leads_to_nothing(self):
        self.chain("voice", "copy")
        contact = self.create_contacts(1)
        self.feed()
        attempt = contact.current_attempt_id
        contact.action_withdraw()
        self.results((attempt.key, CONNECTED))
        self.assertTrue(attempt.is_late)
        self.assertFalse(self.get_contacts())

    def test_a_contact_that_a_gate_closes_moves_by_its_last_outcome(self):
        self.chain("busy", "move")
        contact = self.create_contacts(1, phone_2="+493023125099")
        self.feed()
        self.results((contact, BUSY))
        self.env.cr.execute("UPDATE ecm_contact SET is_ready = TRUE, attempt_count = 50")
        self.feed()
        self.assertEqual((contact.state, contact.close_reason), ("retries_completed", "budget"))
        self.assertEqual(self.get_contacts().chained_from_id, contact)

    def test_a_campaign_does_not_chain_to_itself(self):
        with self.assertRaisesRegex(ValidationError, "to itself"):
            self.chain("busy", "move", target=self.campaign)

    @mute_logger(
        "odoo.models",
        "odoo.orm.models",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_rule",
    )
    def test_agents_only_read(self):
        line = self.chain("busy", "move").with_user(self.create_user("agent"))
        line.read(["contact_count"])
        with self.assertRaises(AccessError):
            line.mode = "copy"
