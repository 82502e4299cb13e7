from datetime import timedelta

from odoo.exceptions import UserError

from ..exceptions import CallbackRefused
from .common import NOW, NUMBER, CallbackCase

HOUR = timedelta(hours=1)


class TestChanges(CallbackCase):
    """A callback is moved, cancelled, given to somebody else (B7)."""

    def test_moved_in_the_calendar(self):
        callback = self.ask()
        callback.due_at = NOW + 2 * HOUR
        self.assertEqual((callback.promised_at, callback.move_count), (NOW + 2 * HOUR, 1))
        self.assertEqual(callback.slot_at, NOW + 2 * HOUR)

    def test_the_same_checks_hold_for_a_move(self):
        callback = self.ask()
        with self.assertRaises(CallbackRefused) as caught:
            callback.due_at = NOW + 9 * HOUR
        self.assertEqual(caught.exception.code, "skill_closed")

    def test_its_own_place_is_free_for_a_move(self):
        self.skill.capacity = 1
        callback = self.ask()
        callback.due_at = NOW + HOUR + timedelta(minutes=10)
        self.assertEqual(callback.seat, 1)

    def test_a_move_of_one_that_waits_for_the_dialer_moves_its_contact(self):
        callback = self.ask(agent_id=self.anna.id)
        self.pass_time(hours=1)
        contact = callback.contact_id
        self.assertTrue(contact.is_ready)
        self.assertEqual(callback.state, "queued")
        callback.due_at = NOW + 3 * HOUR
        self.assertEqual(callback.contact_id, contact)
        self.assertEqual(callback.state, "scheduled")
        self.assertFalse(contact.is_ready)
        self.assertEqual(contact.next_attempt_at, NOW + 3 * HOUR - timedelta(minutes=1))
        self.assertEqual(contact.callback_due, NOW + 3 * HOUR)

    def test_another_agent(self):
        bert = self.create_agent("Bert")
        callback = self.ask(agent_id=self.anna.id)
        self.pass_time(hours=1)
        callback.write({"agent_id": bert.id, "due_at": NOW + 2 * HOUR})
        self.assertEqual((callback.agent, callback.contact_id.callback_agent), ("Bert", "Bert"))
        callback.write({"agent_id": False, "due_at": NOW + 2 * HOUR})
        self.assertEqual((callback.kind, callback.contact_id.callback), ("normal", "normal"))

    def test_one_at_the_dialer_is_not_moved(self):
        callback = self.ask()
        self.pass_time(hours=1)
        self.send(callback.contact_id)
        with self.assertRaisesRegex(UserError, "is being called"):
            callback.due_at = NOW + 3 * HOUR

    def test_cancelled(self):
        callback = self.ask()
        callback.action_cancel("Has bought")
        self.assertEqual((callback.state, callback.cancel_reason), ("cancelled", "Has bought"))
        self.pass_time(hours=1)
        self.assertFalse(callback.contact_id)
        with self.assertRaisesRegex(UserError, "closed"):
            callback.due_at = NOW + 3 * HOUR

    def test_cancelled_while_it_waits_for_the_dialer(self):
        callback = self.ask()
        self.pass_time(hours=1)
        callback.action_cancel()
        self.assertEqual(callback.contact_id.state, "withdrawn")
        self.assertEqual(callback.state, "cancelled")

    def test_who_asks_again_moves_the_open_one(self):
        callback = self.ask(first_name="Ida")
        again = self.ask(after=2 * HOUR, last_name="Brandt")
        self.assertEqual(again, callback)
        self.assertEqual((again.due_at, again.last_name), (NOW + 2 * HOUR, "Brandt"))
        self.assertEqual(again.first_name, "Ida")

    def test_who_asks_again_gets_another_one_where_the_skill_says_so(self):
        self.skill.repeat_policy = "new"
        self.assertNotEqual(self.ask(), self.ask(after=2 * HOUR))

    def test_who_asks_again_is_refused_where_the_skill_says_so(self):
        self.skill.repeat_policy = "refuse"
        self.ask()
        self.assertRefused("already_open", after=2 * HOUR)

    def test_asked_again_during_the_callback_itself(self):
        """The call that goes on leads to nothing more; the counters begin anew."""
        callback = self.ask()
        self.pass_time(hours=1)
        first = callback.contact_id
        self.call(first, "busy")
        attempt = self.send(first)
        self.run_scheduler()
        self.assertEqual((callback.state, callback.attempt_count), ("dialing", 1))

        again = self.ask(after=2 * HOUR, origin_contact_id=first.id)
        self.assertEqual((again, again.state), (callback, "scheduled"))
        self.assertEqual((again.attempt_count, again.contact_id.id), (0, False))
        # The agent has said the same at the dialer.
        self.end(attempt, "callback", agent="Anna")
        self.assertEqual(first.state, "withdrawn")
        self.assertEqual(self.env["ecm.callback"].search_count([("number", "=", NUMBER)]), 1)
        self.pass_time(hours=2)
        self.assertEqual(callback.state, "queued")
        self.assertNotEqual(callback.contact_id, first)

    def test_a_missed_one_is_planned_anew(self):
        self.skill.missed_policy = "give_up"
        callback = self.ask()
        self.pass_time(hours=1)
        self.pass_time(hours=2)
        self.assertEqual(callback.state, "missed")
        callback.due_at = NOW + 5 * HOUR
        self.assertEqual((callback.state, callback.kept), ("scheduled", False))
        self.pass_time(hours=2)
        self.assertEqual(callback.state, "queued")
