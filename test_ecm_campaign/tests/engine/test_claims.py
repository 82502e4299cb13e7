from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ..common import START, EngineCase
from odoo.addons.ecm_campaign.models.engine import ecm_engine

HOME, MOBILE, WORK = "+493023125001", "+493023125002", "+493023125003"


class TestClaims(EngineCase):
    """Whoever may be called is claimed, whatever stands beside it in the claim (C6, F6, S4)."""

    def create_strategy(self, *attempts, channel="voice", **values):
        strategy = super().create_strategy(*(attempts or [(1, {})]), **values)
        strategy.attempt_ids.channel = channel
        return strategy

    def create_contacts(self, campaign, count, first=0, **values):
        contacts = self.env["ecm.contact"]
        for number in range(first, first + count):
            contacts |= self.create_contact(campaign, phone_1=f"+4930231251{number:02d}", **values)
        return contacts

    def list_numbers(self, numbers):
        dnc_list = self.env["ecm.dnc.list"].create({"name": "Listed"})
        dnc_list._add(numbers)

    def get_states(self, contacts):
        contacts.invalidate_recordset()
        return {(contact.state, contact.block_reason) for contact in contacts}

    # -- limits over several rounds of one claim ------------------------------------------------------

    def create_shared_limit(self, count):
        shared = {"count": count, "period": "24h", "subject": "number", "scope": "all"}
        return self.create_strategy(limits=[shared])

    def test_who_had_no_place_in_a_round_is_not_taken_for_called_in_the_next(self):
        """Half of the room goes to a campaign that does not need it, and comes back."""
        campaign = self.run_campaign(self.create_shared_limit(1), "Many")
        listed = self.create_contacts(campaign, 8)
        self.list_numbers(listed.mapped("phone_1"))
        free = self.create_contacts(campaign, 8, first=50)
        few = self.create_contacts(self.run_campaign(self.create_strategy(), "Few"), 1, first=90)
        self.target.batch_size = 8
        self.feed()
        self.assertEqual(self.get_states(free | few), {("sent_to_dialer", False)})

    def test_a_try_of_this_claim_counts_once(self):
        campaign = self.run_campaign(self.create_shared_limit(2))
        self.list_numbers([WORK])
        contacts = self.create_contact(campaign, phone_1=HOME)
        self.create_contact(campaign, phone_1=WORK)
        contacts |= self.create_contact(campaign, phone_1=HOME)
        third = self.create_contact(campaign, phone_1=HOME)
        self.target.batch_size = 2
        self.feed()
        self.assertEqual(self.get_states(contacts), {("sent_to_dialer", False)})
        self.assertEqual(self.get_states(third), {("pending", "limit")})

    # -- channels -------------------------------------------------------------------------------------

    def test_what_is_due_on_another_channel_does_not_stand_in_the_way(self):
        campaign = self.run_campaign(self.create_strategy())
        earlier = self.create_contacts(campaign, 3)
        ours = self.create_contacts(campaign, 1, first=50)
        due = {"is_ready": False, "next_attempt_at": START - timedelta(hours=1)}
        ours.write(due)
        earlier.write({**due, "next_attempt_at": START - timedelta(hours=2), "channel": "sms"})
        self.env.flush_all()
        self.target.batch_size = 1
        with patch.object(ecm_engine, "PROMOTE_AT_LEAST", 1):
            self.feed()
        self.assertEqual(self.get_states(ours), {("sent_to_dialer", False)})

    def test_drawn_contacts_of_another_channel_take_no_place_here(self):
        """One target group, half of whose contacts turned out to get messages."""
        campaign = self.run_campaign(self.create_strategy())
        self.env["ecm.target.group"].create({"campaign_id": campaign.id, "name": "All"})
        drawn = self.create_contacts(campaign, 2)
        drawn.write({"is_drawn": True, "channel": "sms"})
        self.env.flush_all()
        fresh = self.create_contacts(campaign, 2, first=50)
        self.target.batch_size = 2
        self.feed()
        self.assertEqual(self.get_states(fresh), {("sent_to_dialer", False)})

    # -- before anything is claimed -------------------------------------------------------------------

    def test_nothing_is_claimed_for_a_target_whose_settings_are_wrong(self):
        contacts = self.create_contacts(self.run_campaign(self.create_strategy()), 2)
        fault = UserError("no password")
        self.env.flush_all()
        wrong = patch.object(type(self.target), "_get_sender", side_effect=fault)
        with wrong, mute_logger(ecm_engine.__name__):
            self.engine._feed_safely(self.target)
        self.assertEqual(self.get_states(contacts), {("pending", False)})
        self.assertFalse(contacts.attempt_ids)
