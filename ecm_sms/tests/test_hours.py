from datetime import datetime

from odoo.exceptions import UserError

from .common import SmsCase

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class TestHours(SmsCase):
    """When messages are sent, apart from calls, and which come too late (M4, M5, N3)."""

    @classmethod
    def create_hours(cls, name, text):
        return cls.env["ecm.calling.hours"].create({"name": name, **dict.fromkeys(WEEK, text)})

    @classmethod
    def create_good_for(cls, hours, **values):
        """A running campaign whose messages are good for so long."""
        strategy = cls.strategy.copy({"name": f"Good for {hours}"})
        strategy.attempt_ids.good_hours = hours
        return cls.create_texts(f"Good for {hours}", strategy_id=strategy.id, **values)

    def move_to(self, *moment):
        self.clock.move_to(datetime(2026, 3, *moment))

    # -- hours ------------------------------------------------------------------------------------

    def test_messages_keep_hours_of_their_own(self):
        calls = self.create_hours("Calls", "08:00-22:00")
        texts = self.create_hours("Texts", "10:00-12:00")
        campaign = self.create_texts(
            "Quiet", calling_hours_id=calls.id, sms_hours_id=texts.id, tz="UTC"
        )
        contact = self.create_people(1, campaign)
        self.assertEqual(campaign.status, "waiting")
        self.assertEqual(campaign.next_opening_at, datetime(2026, 3, 2, 10))
        self.assertFalse(self.turn(), "calls may be made, messages not")
        self.move_to(2, 10)
        self.assertEqual(len(self.turn()), 1)

        later = self.create_contact(campaign, phone_1="+493023129999")
        self.move_to(2, 12)
        self.assertFalse(self.turn())
        self.move_to(3, 11)
        self.assertEqual([message.number for message in self.turn()], [later.phone_1])
        self.assertEqual(len(contact.attempt_ids), 1)

    def test_without_hours_of_their_own_they_keep_the_campaigns(self):
        calls = self.create_hours("Calls", "10:00-22:00")
        campaign = self.create_texts("Campaign's", calling_hours_id=calls.id, tz="UTC")
        self.create_people(1, campaign)
        self.assertFalse(self.turn())
        self.move_to(2, 10)
        self.assertEqual(len(self.turn()), 1)

    def test_it_is_the_clock_of_the_contact(self):
        texts = self.create_hours("Texts", "10:00-12:00")
        campaign = self.create_texts("Zones", sms_hours_id=texts.id, tz="UTC", hours_zone="contact")
        berlin = self.create_contact(campaign, phone_1="+493023125001")
        london = self.create_contact(campaign, phone_1="+442071838750")
        self.assertEqual([message.number for message in self.turn()], [berlin.phone_1])
        self.assertEqual((london.state, london.block_reason), ("pending", "hours"))
        self.move_to(2, 10)
        self.assertEqual([message.number for message in self.turn()], [london.phone_1])

    def test_changed_hours_hold_at_once(self):
        texts = self.create_hours("Texts", "15:00-16:00")
        campaign = self.create_texts(
            "Changed", sms_hours_id=texts.id, tz="UTC", hours_zone="contact"
        )
        contact = self.create_contact(campaign, phone_1="+442071838750")
        self.turn()
        self.assertEqual(contact.state, "pending")
        texts.monday = "09:00-16:00"
        self.assertEqual(len(self.turn()), 1)
        campaign.sms_hours_id = False
        self.assertEqual(campaign.times_changed_at, datetime(2026, 3, 2, 9))

    def test_hours_of_messages_are_not_deleted_under_a_campaign(self):
        texts = self.create_hours("Texts", "10:00-12:00")
        self.create_texts("Uses them", sms_hours_id=texts.id)
        with self.assertRaises(UserError):
            texts.unlink()

    def test_a_region_rule_for_messages_holds_for_messages(self):
        self.env["ecm.region.rule"].search([]).active = False
        self.env["ecm.region.rule"].create(
            {
                "name": "No texts before 11",
                "country_id": self.env.ref("base.de").id,
                "channel": "sms",
                "weekday_hours": "11:00-20:00",
            }
        )
        campaign = self.create_texts("Regional", keeps_region_rules=True, tz="UTC")
        contact = self.create_people(1, campaign)
        self.assertFalse(self.turn())
        self.assertEqual(contact.block_reason, "region")
        self.move_to(2, 10, 30)
        self.assertEqual(len(self.turn()), 1, "it is 11:30 in Berlin")

    def test_explain_says_when_it_is_sent(self):
        texts = self.create_hours("Texts", "15:00-16:00")
        campaign = self.create_texts("Explained", sms_hours_id=texts.id, tz="UTC")
        contact = self.create_people(1, campaign)
        said = contact.explain()[0]
        self.assertEqual(said["next_at"], "2026-03-02 15:00:00")

    # -- late messages ----------------------------------------------------------------------------

    def test_a_late_message_is_dropped(self):
        campaign = self.create_good_for(2)
        contacts = self.create_people(2, campaign)
        first = self.turn()
        self.assertEqual({message.minutes for message in first}, {120})
        late = self.create_contact(campaign, phone_1="+493023129999")
        self.wait(hours=2)
        self.assertFalse(self.turn())
        self.assertEqual((late.state, late.close_reason), ("expired", "sms_late"))
        self.assertEqual(set(contacts.mapped("state")), {"sms_sent"})

    def create_leading_on(self, count=2, **rule):
        """A running campaign of messages that are good for 2 hours; the first leads on."""
        strategy = self.env["ecm.strategy"].create(
            {"name": "Leads on", "is_capped": True, "max_attempts": 3}
        )
        steps = self.env["ecm.strategy.attempt"].create(
            [
                {
                    "strategy_id": strategy.id,
                    "channel": "sms",
                    "good_hours": 2,
                    "sequence": 10 * (number + 1),
                }
                for number in range(count)
            ]
        )
        self.env["ecm.strategy.rule"].create(
            {
                "attempt_id": steps[0].id,
                "outcome_id": self.env.ref("ecm_sms.ecm_outcome_late").id,
                "next_attempt_id": steps[-1].id,
                **rule,
            }
        )
        return self.create_texts("Leads on", strategy_id=strategy.id)

    def test_a_rule_says_what_follows_a_late_message(self):
        campaign = self.create_leading_on(delay_hours=3)
        contact = self.create_people(1, campaign)
        self.wait(hours=2)
        checks = {check["check"]: check for check in contact.explain()[0]["checks"]}
        self.assertEqual(checks["late"]["verdict"], "waits")
        self.assertFalse(self.turn())
        self.assertEqual((contact.state, contact.next_position), ("pending", 2))
        self.assertEqual(contact.next_attempt_at, datetime(2026, 3, 2, 14))
        self.assertEqual(contact.last_outcome_id.code, "sms_late")
        self.assertEqual((contact.attempt_count, contact.uncounted_count), (0, 1))
        self.wait(hours=3)
        self.assertEqual([message.minutes for message in self.turn()], [120])
        self.assertEqual(contact.attempt_ids.position, 2)

    def test_what_follows_at_once_is_sent_in_the_same_turn(self):
        campaign = self.create_leading_on()
        contact = self.create_people(1, campaign)
        self.wait(hours=2)
        self.assertEqual(len(self.turn()), 1)
        self.assertEqual((contact.state, contact.next_position), ("sms_sent", 2))

    def test_a_rule_may_close_it(self):
        campaign = self.create_leading_on(action="close", next_attempt_id=False)
        contact = self.create_people(1, campaign)
        self.wait(hours=2)
        self.turn()
        self.assertEqual((contact.state, contact.close_reason), ("expired", "sms_late"))

    def test_late_for_ever_has_an_end(self):
        again = {"action": "again", "next_attempt_id": False, "delay_hours": 3}
        contact = self.create_people(1, self.create_leading_on(1, **again))
        for _time in range(10):
            self.assertEqual(contact.state, "pending")
            self.wait(hours=6)
            self.assertFalse(self.turn())
        self.assertEqual((contact.state, contact.close_reason), ("expired", "sms_late"))
        self.assertEqual(contact.attempt_count, 0)

    def test_the_gateway_is_told_what_is_left(self):
        campaign = self.create_good_for(2)
        self.create_people(1, campaign)
        self.wait(minutes=50)
        self.assertEqual([message.minutes for message in self.turn()], [70])
        self.create_people(1)
        self.assertEqual([message.minutes for message in self.turn()], [None])

    def test_hours_put_nothing_off_beyond_its_time(self):
        texts = self.create_hours("Texts", "08:00-10:00")
        campaign = self.create_good_for(4, sms_hours_id=texts.id, tz="UTC", hours_zone="contact")
        self.move_to(2, 12)
        contact = self.create_contact(campaign, phone_1="+442071838750")
        self.turn()
        self.assertEqual(contact.state, "pending")
        self.move_to(3, 8)
        self.assertFalse(self.turn())
        self.assertEqual(contact.close_reason, "sms_late")

    def test_the_time_of_a_later_message_begins_with_its_own_turn(self):
        strategy = self.env["ecm.strategy"].create({"name": "Two texts"})
        first, second = self.env["ecm.strategy.attempt"].create(
            [
                {"strategy_id": strategy.id, "channel": "sms", "good_hours": 1},
                {"strategy_id": strategy.id, "channel": "sms", "good_hours": 1, "sequence": 20},
            ]
        )
        self.env["ecm.strategy.rule"].create(
            {
                "attempt_id": first.id,
                "outcome_id": self.env.ref("ecm_sms.ecm_outcome_no_reply").id,
                "next_attempt_id": second.id,
                "delay_days": 3,
            }
        )
        contact = self.create_people(1, self.create_texts("Two", strategy_id=strategy.id))
        self.turn()
        self.wait(hours=24)
        self.turn()
        self.assertEqual(contact.due_at, contact.next_attempt_at)
        self.wait(days=3)
        self.assertEqual([message.minutes for message in self.turn()], [60])

    # -- stops ------------------------------------------------------------------------------------

    def test_old_messages_are_dropped_after_a_stop(self):
        campaign = self.create_texts("Stops", sms_drops_stale=True)
        self.assertEqual(len(self.create_people(2, campaign)), len(self.turn()))
        waiting = self.create_contact(campaign, phone_1="+493023129991")
        self.wait(minutes=1)
        campaign.action_stop()
        self.assertEqual(campaign.stopped_at, datetime(2026, 3, 2, 9, 1))
        self.wait(hours=5)
        added = self.create_contact(campaign, phone_1="+493023129992")
        campaign.action_start()
        self.assertEqual([message.number for message in self.turn()], [added.phone_1])
        self.assertEqual((waiting.state, waiting.close_reason), ("expired", "sms_stale"))

    def test_they_are_sent_where_nobody_wants_them_dropped(self):
        contact = self.create_people(1)
        self.texts.action_stop()
        self.wait(hours=5)
        self.texts.action_start()
        self.assertEqual([message.number for message in self.turn()], [contact.phone_1])

    def test_the_first_start_sends_everything(self):
        campaign = self.create_texts("First", is_running=False, sms_drops_stale=True)
        self.create_people(2, campaign)
        self.wait(days=2)
        campaign.action_start()
        self.assertEqual(len(self.turn()), 2)

    def test_explain_says_what_a_restart_drops(self):
        campaign = self.create_texts("Explained", sms_drops_stale=True)
        contact = self.create_people(1, campaign)
        self.wait(seconds=1)
        campaign.action_stop()
        self.wait(hours=1)
        checks = {check["check"]: check for check in contact.explain()[0]["checks"]}
        self.assertEqual(checks["late"]["verdict"], "closes")
