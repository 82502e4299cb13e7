from odoo.tests import tagged

from ..common import CampaignCase, TourCase

NUMBER, OTHER = "+493023125001", "+493023125002"


@tagged("post_install", "-at_install")
class TestJobs(TourCase, CampaignCase):
    """Jobs of a supervisor's day, each in so few clicks as the tour says (issue F).

    Others are where their screens are tried: hours with a holiday in `test_hours_tour`, who is
    called again and a wrong file in `test_bulk_tour`.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor", tz="UTC")
        # What is on the screen is what the job is about.
        cls.env.cr.execute("DELETE FROM ecm_attempt")
        cls.env.cr.execute("DELETE FROM ecm_contact")
        cls.env.invalidate_all()

    def start(self, page, job):
        self.start_tour(
            f"/odoo/outbound-{page}",
            f"ecm_campaign_job_{job}",
            login=self.supervisor.login,
            timeout=120,
        )
        self.env.invalidate_all()

    def test_why_it_is_not_dialling_in_two_clicks(self):
        self.create_contact(phone_1=NUMBER)
        self.start("campaigns", "explain")

    def test_a_dry_run_in_three_clicks(self):
        contact = self.create_contact(phone_1=NUMBER)
        self.start("campaigns", "dry_run")
        self.assertEqual(self.env["ecm.dry.run"].search([], limit=1).campaign_id, self.campaign)
        self.assertEqual(contact.state, "pending")

    def test_what_if_others_call_and_agents_promise_in_nine_clicks(self):
        self.create_contact(phone_1=NUMBER)
        group = self.env["ecm.business.outcome.group"].create({"name": "Offer"})
        later = {"group_id": group.id, "name": "Later", "code": "later", "action": "again"}
        self.env["ecm.business.outcome"].create({**later, "delay_hours": 1, "max_retry": 2})
        self.campaign.business_outcome_group_id = group
        self.start("campaigns", "what_if")
        run = self.env["ecm.dry.run"].search([], limit=1)
        self.assertEqual((run.state, run.others_percent, run.others_calls), ("done", 50, 10))
        self.assertEqual(run.wrap_up_ids.mapped("percent"), [100])

    def test_a_list_is_stopped_in_two_clicks(self):
        contact_list = self.upload(f"phone\n{NUMBER}\n")
        contact_list.name = "spring.csv"
        self.start("lists", "stop_list")
        self.assertEqual(contact_list.status, "stopped")

    def test_a_caller_is_found_and_blocked_in_five_clicks(self):
        contact = self.create_contact(phone_1=NUMBER, last_name="Brooks")
        self.create_contact(phone_1=OTHER, last_name="Ramirez")
        self.start("contacts", "block")
        self.assertEqual(contact.state, "dnc_listed")

    def test_many_get_another_time_in_four_clicks(self):
        contacts = self.create_contact(phone_1=NUMBER) + self.create_contact(phone_1=OTHER)
        self.start("contacts", "reschedule")
        self.assertEqual({time.year for time in contacts.mapped("next_attempt_at")}, {2099})

    def test_many_are_moved_in_five_clicks(self):
        contacts = self.create_contact(phone_1=NUMBER) + self.create_contact(phone_1=OTHER)
        autumn = self.create_campaign("Autumn offer")
        self.start("contacts", "move")
        self.assertEqual(contacts.campaign_id, autumn)

    def test_rejected_rows_are_repaired_in_six_clicks(self):
        contact_list = self.upload(f"phone\n{NUMBER}\nno number\n")
        contact_list.name = "spring.csv"
        self.start("lists", "repair")
        self.env["ecm.contact.list"]._cron_import()
        self.assertEqual(
            self.contacts_of(self.campaign).mapped("phone_1"), [NUMBER, "+493023125009"]
        )
