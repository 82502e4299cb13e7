from datetime import datetime, timedelta

from odoo import Command, fields

from ..common import (
    BUSY,
    CALL_FAILED,
    CONNECTED,
    DO_NOT_CALL,
    INVALID,
    NO_ANSWER,
    FeedCase,
)


class TestResults(FeedCase):
    """What becomes of contacts when results come, late, twice or never (F2, F3, F4, F9)."""

    def sent(self, count=1, **values):
        contacts = self.create_contacts(count, **values)
        self.feed()
        return contacts

    def test_busy_goes_to_attempt_two_on_phone_two_after_its_delay(self):
        contact = self.sent(phone_2="+493023125999")
        before = fields.Datetime.now()
        self.results((contact, BUSY))
        self.assertEqual(
            (contact.state, contact.next_position, contact.number_to_call),
            ("pending", 2, contact.phone_2),
        )
        self.assertGreaterEqual(contact.next_attempt_at, before + timedelta(minutes=5))
        self.feed()
        self.assertEqual(len(self.target.sent), 1)
        self.env.cr.execute(
            "UPDATE ecm_contact SET next_attempt_at = next_attempt_at - interval '6 minutes'"
        )
        self.feed()
        self.assertEqual(self.target.sent[-1].number, contact.phone_2)
        self.results((contact, BUSY))
        self.assertEqual((contact.state, contact.attempt_count), ("retries_completed", 2))

    def test_closing_states(self):
        for code, state in (
            (NO_ANSWER, "not_connected"),
            (INVALID, "not_connected"),
            (DO_NOT_CALL, "dnc_listed"),
        ):
            with self.subTest(code=code):
                contact = self.sent()
                self.results((contact, code))
                self.assertEqual(contact.state, state)

    def test_results_of_an_unconfirmed_send_are_taken(self):
        contact = self.create_contacts(1)
        self.feed()
        self.env.cr.execute("UPDATE ecm_attempt SET state = 'claimed'")
        self.results((contact, CONNECTED))
        self.assertEqual(contact.state, "connected")

    def test_no_result_in_time_dangles_and_a_late_one_is_only_recorded(self):
        contact = self.sent()
        key = contact.current_attempt_id.key
        self.env.cr.execute("UPDATE ecm_attempt SET claimed_at = claimed_at - interval '25 hours'")
        self.engine._cron_sweep_dangling()
        self.env.invalidate_all()
        self.assertEqual((contact.state, contact.close_reason), ("dangling", "no_result"))
        self.assertEqual(contact.attempt_ids.state, "dangling")
        self.results((key, BUSY))
        self.assertEqual(contact.state, "dangling")
        attempt = contact.attempt_ids
        self.assertEqual(
            (attempt.state, attempt.is_late, attempt.outcome_id.code), ("done", True, "busy")
        )
        self.feed()
        self.assertEqual(len(self.target.sent), 1)

    def test_dangling_time_is_the_campaigns(self):
        contact = self.sent()
        self.campaign.dangling_hours = 48
        self.env.cr.execute("UPDATE ecm_attempt SET claimed_at = claimed_at - interval '25 hours'")
        self.engine._cron_sweep_dangling()
        self.env.invalidate_all()
        self.assertEqual(contact.state, "sent_to_dialer")

    def swept_on(self, *moments):
        """What a sweep closes at each of some moments of November 2026, ``(day, hour)`` in UTC."""
        sweep = self.env["ecm.attempt"]._sweep_dangling
        return [sweep(datetime(2026, 11, *moment), 10) for moment in moments]

    def open_on_working_days(self):
        lines = [Command.clear()]
        for day in range(5):
            lines.append(
                Command.create(
                    {"name": "Hours", "dayofweek": str(day), "hour_from": 9, "hour_to": 20}
                )
            )
        values = {"name": "Office", "tz": "UTC", "attendance_ids": lines}
        self.campaign.calendar_id = self.env["resource.calendar"].create(values)

    def test_nights_and_weekends_are_no_waiting(self):
        contact = self.sent()
        self.open_on_working_days()
        # On Friday evening: fifteen minutes are left of the day.
        friday = datetime(2026, 11, 27, 19, 45)
        self.env.cr.execute("UPDATE ecm_attempt SET claimed_at = %s", [friday])
        waiting = (28, 21), (29, 21), (30, 21)
        self.assertEqual(self.swept_on(*waiting), [[], [], []], "24 open hours end on Wednesday")
        sweep = self.env["ecm.attempt"]._sweep_dangling
        self.assertEqual(sweep(datetime(2026, 12, 2, 10, 45), 10), [])
        self.assertEqual(sweep(datetime(2026, 12, 2, 10, 46), 10), contact.ids)

    def test_holidays_are_no_waiting(self):
        contact = self.sent()
        self.open_on_working_days()
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.campaign.calendar_id.id,
                "date_from": datetime(2026, 11, 24),
                "date_to": datetime(2026, 11, 25),
            }
        )
        monday = datetime(2026, 11, 23, 9)
        self.env.cr.execute("UPDATE ecm_attempt SET claimed_at = %s", [monday])
        self.assertEqual(self.swept_on((26, 10), (26, 12)), [[], contact.ids])

    def test_each_campaign_waits_by_its_own_hours(self):
        contact = self.sent()
        self.open_on_working_days()
        other = self.create_running("Always open")
        always = self.create_contacts(1, other)
        self.feed()
        friday = datetime(2026, 11, 27, 19, 45)
        self.env.cr.execute("UPDATE ecm_attempt SET claimed_at = %s", [friday])
        self.assertEqual(self.swept_on((28, 21)), [always.ids])
        self.env.invalidate_all()
        self.assertEqual(contact.state, "sent_to_dialer")

    def test_result_of_a_withdrawn_contact_is_recorded_and_leads_to_nothing(self):
        contact = self.sent()
        attempt = contact.current_attempt_id
        contact.action_withdraw()
        self.results((attempt.key, BUSY))
        self.assertEqual((contact.state, attempt.outcome_id.code), ("withdrawn", "busy"))

    def test_an_outcome_that_does_not_count_leaves_the_budget(self):
        rule = self.env["ecm.strategy.rule"]
        self.campaign.action_stop()
        rule.create(
            {
                "attempt_id": self.strategy.attempt_ids[0].id,
                "outcome_id": self.env.ref("ecm_campaign.ecm_outcome_call_failed").id,
                "next_attempt_id": self.strategy.attempt_ids[0].id,
            }
        )
        self.campaign.action_start()
        contact = self.sent()
        self.results((contact, CALL_FAILED))
        self.assertEqual(
            (contact.attempt_count, contact.uncounted_count, contact.state), (0, 1, "pending")
        )
