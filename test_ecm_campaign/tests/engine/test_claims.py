from ..common import EngineCase

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
