from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError

from ..common import FeedCase


class TestHealth(FeedCase):
    """The page says what works, and people are told once of what does not (R9)."""

    def setUp(self):
        super().setUp()
        self.responsible = self.create_user("supervisor", email="responsible@example.com")
        self.campaign.write({"user_id": self.responsible.id, "started_at": fields.Datetime.now()})
        self.administrator = self.create_user("administrator", email="keeper@example.com")
        # As they are while the scheduled actions run.
        self.env["ecm.health"]._get_jobs().write({"nextcall": fields.Datetime.now()})
        self.watch()

    def watch(self):
        """One run of the scheduled action."""
        self.env["ecm.health"]._get_jobs().write({"nextcall": fields.Datetime.now()})
        self.target.cron_id.nextcall = fields.Datetime.now()
        self.env["ecm.health"]._cron_watch()
        self.env.invalidate_all()

    @property
    def line(self):
        return self.get_line(self.target)

    def get_line(self, target):
        key = f"{target._name},{target.id},feeder"
        return self.env["ecm.health.line"].search([("key", "=", key)])

    def get_mails(self):
        """Of incidents, as ``(whom, what about)``."""
        mails = self.env["mail.mail"].search([("subject", "like", "does not work")])
        return sorted((mail.recipient_ids.email, mail.subject) for mail in mails)

    def break_target(self):
        for _failure in range(3):
            self.target._note_failure("no network", fields.Datetime.now())
            self.target._note_trouble("sending", "no network", fields.Datetime.now())

    def test_what_works_says_how_much_and_when(self):
        self.create_contacts(3)
        self.feed()
        self.watch()
        self.assertEqual(self.line.state, "ok")
        self.assertEqual(self.line.last_success_at, fields.Datetime.now())
        self.assertEqual((self.line.rate, self.line.backlog), (3, 0))

    def test_the_rate_is_that_of_the_last_hour(self):
        self.create_contacts(3)
        self.feed()
        self.wait(minutes=50)
        self.create_contacts(2)
        self.feed()
        self.watch()
        self.assertEqual(self.line.rate, 5)
        self.wait(minutes=20)
        self.watch()
        self.assertEqual(self.line.rate, 2)

    def test_what_waits_to_be_sent_is_counted(self):
        self.target.capacity = 2
        self.create_contacts(5)
        self.feed()
        self.watch()
        self.assertEqual(self.line.backlog, 3)

    def test_a_feeder_that_is_not_fed_is_late(self):
        self.feed()
        self.wait(minutes=11)
        self.watch()
        self.assertEqual((self.line.state, self.line.reason), ("problem", "late"))
        self.assertEqual(self.line.behind_minutes, 11)

    def test_a_feeder_that_is_switched_on_again_is_not_late(self):
        self.feed()
        self.target.is_enabled = False
        self.wait(hours=3)
        self.target.is_enabled = True
        # The feeder's own turn comes within a minute: this one is before it.
        self.env["ecm.health"]._cron_watch()
        self.assertEqual(self.line.state, "ok")
        self.assertFalse(self.target._get_turn_problem(fields.Datetime.now()))

        self.wait(minutes=11)
        self.watch()
        self.assertEqual((self.line.state, self.line.behind_minutes), ("problem", 11))

    def test_one_that_was_made_switched_off_is_not_late_either(self):
        target = self.target.create({"name": "Later", "is_enabled": False})
        campaign = self.create_campaign("Waits", fake_target_id=target.id, is_running=True)
        campaign.started_at = fields.Datetime.now()
        self.wait(hours=3)
        target.is_enabled = True
        self.env["ecm.health"]._cron_watch()
        self.assertEqual(self.get_line(target).state, "ok")

    def test_how_late_is_too_late_is_a_setting(self):
        settings = self.env["ecm.settings"].create({"health_feed_minutes": 30})
        settings.action_save()
        self.feed()
        self.wait(minutes=11)
        self.watch()
        self.assertEqual(self.line.state, "ok")

    def test_nothing_is_late_outside_the_hours(self):
        self.feed()
        self.campaign.is_running = False
        self.wait(hours=5)
        self.watch()
        self.assertEqual(self.line.state, "ok")

    def test_people_are_told_once_of_an_incident(self):
        self.break_target()
        for _minute in range(3):
            self.watch()
            self.wait(minutes=1)
        self.assertEqual((self.line.state, self.line.reason), ("problem", "failing"))
        self.assertIn("no network", self.line.detail)
        told = [whom for whom, subject in self.get_mails() if self.target.name in subject]
        self.assertEqual(told.count("responsible@example.com"), 1)
        self.assertEqual(told.count("keeper@example.com"), 1)
        reminded = self.line.activity_ids.user_id
        self.assertIn(self.responsible, reminded)
        self.assertIn(self.administrator, reminded)
        self.assertEqual(len(self.line.activity_ids), len(reminded))

    def test_recovery_clears_it(self):
        self.break_target()
        self.watch()
        self.assertTrue(self.line.incident_at)
        self.wait(minutes=5)
        self.target._note_success(fields.Datetime.now())
        self.watch()
        self.assertEqual(self.line.state, "ok")
        self.assertFalse(self.line.incident_at)
        self.assertFalse(self.line.activity_ids)
        self.assertIn("works again, after 5 minutes", self.line.message_ids[0].body)

    def test_one_that_comes_and_goes_is_told_once(self):
        self.break_target()
        self.watch()
        self.target.write({"sending_failures": 1, "failure_count": 1})
        self.watch()
        self.assertEqual(self.line.state, "warning")
        self.assertTrue(self.line.incident_at, "not yet well")
        self.break_target()
        self.watch()
        told = [whom for whom, _subject in self.get_mails()]
        self.assertEqual(told.count("responsible@example.com"), 1)

    def test_a_second_incident_is_told_again(self):
        for _incident in range(2):
            self.break_target()
            self.watch()
            self.target._note_success(fields.Datetime.now())
            self.watch()
        told = [whom for whom, _subject in self.get_mails()]
        self.assertEqual(told.count("responsible@example.com"), 2)

    def test_a_scheduled_action_that_is_switched_off_is_missed(self):
        self.target.cron_id.active = False
        self.watch()
        self.assertEqual((self.line.state, self.line.reason), ("problem", "stopped"))

    def test_a_job_that_is_late_is_a_problem_for_administrators(self):
        job = self.env.ref("ecm_campaign.ir_cron_lists")
        job.nextcall = fields.Datetime.now() - timedelta(minutes=20)
        self.env["ecm.health"]._cron_watch()
        line = self.env["ecm.health.line"].search([("key", "=", f"ir.cron,{job.id},job")])
        self.assertEqual((line.state, line.reason), ("problem", "late"))
        self.assertEqual(line.name, "Contact List Sweep")
        self.assertNotIn(self.responsible, line.activity_ids.user_id)
        self.assertIn(self.administrator, line.activity_ids.user_id)

    def test_a_file_that_waits_too_long_is_a_problem(self):
        upload = self.queue(b"+493023125001\n+493023125002\n", self.campaign)
        self.assertEqual(upload.state, "queued")
        # It is PostgreSQL's clock that says since when.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ecm_contact_list SET write_date = %s WHERE id = %s",
            [fields.Datetime.now(), upload.id],
        )
        self.env.invalidate_all()
        self.wait(minutes=16)
        self.watch()
        line = self.env["ecm.health.line"].search([("key", "=", "ecm.contact.list,0,file")])
        self.assertEqual((line.state, line.backlog), ("problem", 1))

    def test_a_target_that_is_gone_has_no_line(self):
        other = self.target.create({"name": "Other"})
        self.watch()
        self.assertTrue(self.get_line(other))
        other.unlink()
        self.watch()
        self.assertFalse(self.env["ecm.health.line"].search([("name", "=", "Other")]))

    def test_a_supervisor_opens_the_page_and_has_it_tried(self):
        self.break_target()
        lines = self.env["ecm.health.line"].with_user(self.responsible)
        lines.action_open_page()
        self.assertEqual(self.line.state, "problem", "as it is at this moment")
        self.assertFalse(self.line.incident_at, "who looks tells nobody")
        self.line.with_user(self.responsible).action_retry()
        self.assertFalse(self.target.paused_until)
        agent = self.env["ecm.health.line"].with_user(self.create_user("agent"))
        with self.assertRaises(AccessError):
            agent.action_open_page()

    def test_a_copy_of_the_database_has_no_incidents(self):
        self.break_target()
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "True")
        self.watch()
        self.assertEqual(self.line.state, "off")
        self.assertFalse(self.get_mails())
