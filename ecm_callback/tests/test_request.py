from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import ValidationError

from .common import NOW, NUMBER, CallbackCase

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TestRequest(CallbackCase):
    """A callback is asked for (B1), and promised if it can be (B2)."""

    def test_a_promise(self):
        callback = self.ask("030 23125000", first_name="Ida")
        self.assertEqual((callback.number, callback.state), (NUMBER, "scheduled"))
        self.assertEqual((callback.kind, callback.campaign_id), ("normal", self.campaign))
        self.assertEqual(callback.promised_at, NOW + HOUR)
        self.assertEqual(callback.hand_over_at, NOW + HOUR - timedelta(minutes=1))
        self.assertIn("10:00 (Europe/Berlin)", callback.due_local)
        self.assertFalse(callback.contact_id)

    def test_each_check_has_its_code_and_sentence(self):
        for code, values, words in (
            ("invalid_number", {"number": "12"}, "not a number"),
            ("in_the_past", {"after": -HOUR}, "over"),
            ("skill_closed", {"after": 9 * HOUR}, "Sales desk is not open"),
            ("too_soon", {"after": timedelta(minutes=5)}, "10 minutes"),
            ("too_far", {"after": 33 * DAY}, "30 days"),
            ("holiday", {"after": 2 * DAY}, "holiday"),
        ):
            with self.subTest(code=code):
                self.assertIn(words, str(self.assertRefused(code, **values)))

    def test_the_nearest_free_slots_are_offered(self):
        error = self.assertRefused("holiday", after=2 * DAY)
        expected = [
            datetime(2026, 7, 2, 13, 30),
            datetime(2026, 7, 2, 14),
            datetime(2026, 7, 2, 14, 30),
        ]
        self.assertEqual(list(error.slots), expected)
        self.assertIn("Thu 2 Jul 2026, 16:30", str(error))
        self.assertIn("(Europe/Berlin)", str(error))

    def test_a_slot_takes_so_many(self):
        self.skill.repeat_policy = "new"
        for _each in range(2):
            self.ask()
        error = self.assertRefused("slot_full")
        self.assertNotIn(NOW + HOUR, error.slots)
        self.assertTrue(self.ask(after=HOUR + timedelta(minutes=30)))

    def test_what_is_cancelled_frees_its_place(self):
        self.skill.write({"repeat_policy": "new", "capacity": 1})
        first = self.ask()
        self.assertRefused("slot_full")
        first.action_cancel()
        self.assertEqual(self.ask().seat, 1)

    def test_an_agent_takes_one_at_a_time(self):
        self.ask(agent_id=self.anna.id)
        self.assertRefused("agent_full", "+493023125001", agent_id=self.anna.id)
        self.assertTrue(self.ask("+493023125001"))

    def test_an_agent_promises_only_so_many(self):
        self.anna.open_limit = 1
        self.ask(agent_id=self.anna.id)
        error = self.assertRefused(
            "agent_limit", "+493023125001", after=2 * HOUR, agent_id=self.anna.id
        )
        self.assertFalse(error.slots)

    def test_an_agents_own_hours_and_holidays_count(self):
        self.anna.hours_id = self.hours.copy({"name": "Anna's", "wednesday": "13:00–17:00"})
        self.assertRefused("agent_away", agent_id=self.anna.id)
        self.assertTrue(self.ask(after=5 * HOUR, agent_id=self.anna.id))

    def test_an_agents_leave_that_hr_keeps_counts(self):
        resource = self.env["resource.resource"].create(
            {"name": "Anna", "user_id": self.user.id, "calendar_id": False}
        )
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Dentist",
                "resource_id": resource.id,
                "date_from": NOW,
                "date_to": NOW + 2 * HOUR,
            }
        )
        self.assertRefused("agent_away", agent_id=self.anna.id)
        self.assertTrue(self.ask(after=3 * HOUR, agent_id=self.anna.id))

    def test_the_customers_legal_hours_count(self):
        self.campaign.write(
            {"calendar_id": self.hours.sudo().calendar_id.id, "hours_zone": "contact"}
        )
        # Four in the morning in New York.
        error = self.assertRefused("outside_calling_hours", "+12125550123")
        self.assertEqual(error.zone, "America/New_York")
        self.assertTrue(self.ask("+12125550123", after=timedelta(hours=7)))

    def test_the_customers_clock_is_that_of_the_number_or_what_is_said(self):
        self.assertIn("Europe/Berlin", self.ask().due_local)
        self.assertIn("Asia/Tokyo", self.ask("+493023125001", tz="Asia/Tokyo").due_local)
        with self.assertRaises(ValidationError):
            self.ask("+493023125002", after=2 * HOUR, tz="Mars")

    def test_a_contacts_customer_is_known(self):
        self.campaign.callback_skill_id = self.skill
        contact = self.create_contact(phone_1=NUMBER, last_name="Brandt", account_number="K7")
        action = contact.action_ecm_callback()
        callback = (
            self.env["ecm.callback"]
            .with_context(**action["context"])
            .create({"due_at": NOW + HOUR})
        )
        self.assertEqual(
            (callback.number, callback.last_name, callback.account_number, callback.skill_id),
            (NUMBER, "Brandt", "K7", self.skill),
        )
        self.assertEqual(callback.presented_number, "+49 30 111")

    def test_a_partner_is_called_back(self):
        partner = self.env["res.partner"].create({"name": "Ida Brandt", "phone": "030 23125000"})
        context = partner.action_ecm_callback()["context"]
        callback = (
            self.env["ecm.callback"]
            .with_context(**context)
            .create({"due_at": NOW + HOUR, "skill_id": self.skill.id})
        )
        self.assertEqual((callback.number, callback.partner_id), (NUMBER, partner))
        self.assertEqual((callback.first_name, callback.last_name), ("Ida", "Brandt"))

    def test_the_campaign_of_the_presented_number_calls(self):
        other = self.create_campaign("Callbacks 2", presented_number="+49 (30) 222")
        other.callback_strategy_id = self.callbacks
        self.skill.other_campaign_ids = other
        self.assertEqual(self.ask(presented_number="+4930222").campaign_id, other)
        again = self.ask("+493023125001", presented_number="+4930333")
        self.assertEqual(again.campaign_id, self.campaign)

    def test_a_skill_needs_a_campaign_that_makes_callbacks(self):
        campaign = self.create_campaign("No callbacks", callback_strategy_id=False)
        with self.assertRaises(ValidationError):
            self.create_skill("None", campaign_id=campaign.id)

    def test_free_slots_for_whoever_shows_them(self):
        callbacks = self.env["ecm.callback"]
        found = callbacks.api_offer_slots(self.skill.id, number=NUMBER, count=2)
        self.assertEqual(
            found,
            {
                "tz": "Europe/Berlin",
                "slots": ["2026-07-01T09:30:00+02:00", "2026-07-01T10:00:00+02:00"],
            },
        )

    def test_an_activity_for_the_agents_user(self):
        callback = self.ask(agent_id=self.anna.id, first_name="Ida")
        activity = callback.activity_ids
        self.assertEqual(activity.user_id, self.user)
        self.assertIn("Call Ida at", activity.summary)
        callback.action_cancel()
        self.assertFalse(callback.activity_ids)

    def test_hours_over_the_change_of_clocks(self):
        # The night to 25 October: nine o'clock is an hour later in UTC from then on.
        self.time.move_to(datetime(2026, 10, 23, 10))
        monday = datetime(2026, 10, 26, 7, 30) - fields.Datetime.now()
        self.assertRefused("skill_closed", after=monday)
        self.assertTrue(self.ask(after=monday + timedelta(minutes=30)))
