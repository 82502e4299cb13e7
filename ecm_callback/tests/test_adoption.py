from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError

from .common import NOW, NUMBER, CallbackCase
from odoo.addons.ecm_campaign.tools.results import Promise

HOUR = timedelta(hours=1)


class TestAdoption(CallbackCase):
    """What agents arrange at the dialer, and what strategies do, is a callback here (S7, B5)."""

    def setUp(self):
        super().setUp()
        self.campaign.callback_skill_id = self.skill
        self.contact = self.create_contact(phone_1=NUMBER, last_name="Brandt", tz="Europe/Berlin")

    def find(self, contact=None):
        contact = contact or self.contact
        return self.env["ecm.callback"].search([("contact_id", "=", contact.id)])

    def promise(self, attempt, at, agent="anna"):
        self.engine._note_promises([Promise(attempt.key, at, NUMBER, agent)])
        self.env.invalidate_all()

    def test_asked_for_on_the_telephone(self):
        self.call(self.contact, "callback", agent="ANNA", callback_at=NOW + 5 * HOUR)
        callback = self.find()
        self.assertEqual((callback.state, callback.source), ("scheduled", "dialer"))
        self.assertEqual((callback.agent_id, callback.agent), (self.anna, "ANNA"))
        self.assertEqual((callback.due_at, callback.promised_at), (NOW + 5 * HOUR, NOW + 5 * HOUR))
        self.assertEqual((callback.skill_id, callback.campaign_id), (self.skill, self.campaign))
        self.assertEqual((callback.last_name, callback.number), ("Brandt", NUMBER))
        self.assertEqual((callback.attempt_count, callback.kind), (0, "personal"))
        self.assertEqual(callback.activity_ids.user_id, self.user)

    def test_its_own_contact_makes_it(self):
        self.call(self.contact, "callback", agent="Anna", callback_at=NOW + HOUR)
        callback = self.find()
        self.pass_time(hours=1, minutes=1)
        self.assertEqual((callback.state, callback.contact_id), ("queued", self.contact))
        self.assertEqual(self.contacts_of(self.campaign), self.contact)
        self.call(self.contact, "voice", called_at=NOW + HOUR)
        self.assertEqual((callback.state, callback.kept), ("finished", "on_time"))
        self.assertEqual(callback.attempt_count, 1)

    def test_an_agent_that_nobody_has_listed(self):
        self.call(self.contact, "callback", agent="Carl", callback_at=NOW + HOUR)
        callback = self.find()
        self.assertEqual((callback.agent, callback.agent_id.id), ("Carl", False))

    def test_a_strategys_callback(self):
        self.call(self.contact, "callback")
        self.assertEqual(self.find().source, "strategy")

    def test_a_campaign_without_a_skill(self):
        self.campaign.callback_skill_id = False
        self.call(self.contact, "callback", agent="Anna", callback_at=NOW + HOUR)
        self.assertEqual((self.find().state, self.find().skill_id.id), ("scheduled", False))

    def test_moved_here_it_moves_there(self):
        self.call(self.contact, "callback", agent="Anna", callback_at=NOW + HOUR)
        callback = self.find()
        callback.due_at = NOW + 3 * HOUR
        self.assertEqual(self.contact.callback_due, NOW + 3 * HOUR)
        self.assertEqual(callback.contact_id, self.contact)

    def test_cancelled_here_nobody_calls(self):
        self.call(self.contact, "callback", agent="Anna", callback_at=NOW + HOUR)
        self.find().action_cancel()
        self.assertEqual(self.contact.state, "withdrawn")

    def test_asked_for_again_it_is_the_same_callback(self):
        self.call(self.contact, "callback", agent="Anna", callback_at=NOW + HOUR)
        self.pass_time(hours=1)
        self.call(self.contact, "callback", agent="Bert", callback_at=NOW + 4 * HOUR)
        callback = self.find()
        self.assertEqual((callback.agent, callback.due_at), ("Bert", NOW + 4 * HOUR))
        self.assertEqual((callback.move_count, callback.attempt_count), (1, 0))
        self.assertEqual(callback.state, "scheduled")

    def test_asked_for_again_it_is_another_one_where_the_skill_says_so(self):
        self.skill.repeat_policy = "new"
        self.call(self.contact, "callback", agent="Anna", callback_at=NOW + HOUR)
        self.pass_time(hours=1)
        self.call(self.contact, "callback", agent="Bert", callback_at=NOW + 4 * HOUR)
        self.assertEqual(sorted(self.find().mapped("state")), ["finished", "scheduled"])

    def test_nothing_comes_of_other_results(self):
        self.call(self.contact, "voice", agent="Anna")
        self.assertFalse(self.find())

    # -- made by the dialer itself ----------------------------------------------------------------

    def test_arranged_at_the_dialer(self):
        attempt = self.send(self.contact)
        self.promise(attempt, NOW + 2 * HOUR)
        callback = self.find()
        self.assertEqual((callback.state, callback.agent_id), ("dialing", self.anna))
        self.assertEqual(callback.due_at, NOW + 2 * HOUR)
        self.promise(attempt, NOW + 2 * HOUR)
        self.assertEqual(self.find(), callback)
        self.assertFalse(callback.move_count)

    def test_moved_at_the_dialer(self):
        attempt = self.send(self.contact)
        self.promise(attempt, NOW + 2 * HOUR)
        self.promise(attempt, NOW + 3 * HOUR)
        callback = self.find()
        self.assertEqual((len(callback), callback.due_at), (1, NOW + 3 * HOUR))
        self.assertEqual(callback.move_count, 1)

    def test_kept_by_the_dialer(self):
        attempt = self.send(self.contact)
        self.promise(attempt, NOW + 2 * HOUR)
        self.pass_time(hours=2)
        self.end(attempt, "voice", agent="Anna", called_at=NOW + 2 * HOUR)
        callback = self.find()
        self.assertEqual((callback.state, callback.kept), ("finished", "on_time"))
        self.assertEqual(callback.attempt_count, 1)

    def test_what_the_dialer_makes_is_not_moved_here(self):
        attempt = self.send(self.contact)
        self.promise(attempt, NOW + 2 * HOUR)
        with self.assertRaises(UserError):
            self.find().due_at = NOW + 3 * HOUR
        with self.assertRaisesRegex(UserError, "by itself"):
            self.ask(after=3 * HOUR)

    def test_places_of_a_full_slot_do_not_break_a_promise(self):
        self.skill.write({"capacity": 1, "repeat_policy": "new"})
        self.ask("+493023125001", after=5 * HOUR)
        self.call(self.contact, "callback", callback_at=NOW + 5 * HOUR)
        self.assertEqual(self.find().seat, 2)
        self.assertRefused("slot_full", "+493023125002", after=5 * HOUR)
        self.assertEqual(fields.Datetime.now(), NOW)
