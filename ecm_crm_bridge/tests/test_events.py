from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import NUMBER
from .test_writeback import WritebackCase

OTHER = "+493023125002"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@tagged("post_install", "-at_install")
class TestEvents(WritebackCase):
    """What happens in the business ends, moves and asks for calls, and is counted (R3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.event = cls.create_event()

    @classmethod
    def create_event(cls, **values):
        event = cls.env["ecm.crm.event"].create({"name": "Lead won", **values})
        # What matches already is no event.
        event._follow()
        return event

    def follow(self):
        self.env["ecm.crm.event"]._cron_follow_events()
        self.env.invalidate_all()

    def win(self, lead=None):
        (lead or self.lead).action_set_won()
        self.env.flush_all()
        self.follow()

    def get_conversions(self):
        return self.env["ecm.conversion"].search([])

    def test_a_won_lead_is_called_no_more_in_any_campaign(self):
        elsewhere = self.create_campaign("Elsewhere")
        by_number = self.create_contact(elsewhere)
        by_partner = self.create_contact(elsewhere, phone_1=OTHER, partner_id=self.partner.id)
        stranger = self.create_contact(phone_1="+493023125003")
        self.win()
        found = self.contact + by_number + by_partner
        self.assertEqual(found.mapped("state"), ["withdrawn"] * 3)
        self.assertEqual(self.contact.withdraw_reason, "Lead won")
        self.assertEqual(stranger.state, "pending")
        self.assertEqual(self.event.hit_count, 1)
        job = self.env["ecm.bulk.action"].search([], limit=1)
        self.assertEqual((job.action, job.source, job.changed_count), ("withdraw", "Lead won", 3))

    def test_only_in_its_campaigns(self):
        self.event.campaign_ids = self.create_campaign("Only there")
        self.win()
        self.assertEqual(self.contact.state, "pending")

    def test_what_was_won_before_is_no_event(self):
        won = self.create_lead(name="Won long ago")
        won.action_set_won()
        event = self.create_event(name="Late")
        self.env["ecm.crm.event"].search([("id", "!=", event.id)]).active = False
        self.follow()
        self.assertEqual((event.hit_count, self.contact.state), (0, "pending"))

    def test_it_happens_once_while_it_lasts_and_again_afterwards(self):
        self.win()
        again = self.create_contact(lead_id=self.lead.id)
        self.follow()
        self.assertEqual(again.state, "pending", "Somebody calls the won lead on purpose.")
        self.lead.stage_id = self.new
        self.env.flush_all()
        self.follow()
        self.win()
        self.assertEqual(again.state, "withdrawn")
        self.assertEqual(self.event.hit_count, 2)

    def test_a_change_that_was_committed_late_is_found_by_the_daily_look(self):
        self.lead.action_set_won()
        self.env.flush_all()
        long_ago = fields.Datetime.now() - timedelta(days=2)
        self.env.cr.execute("UPDATE crm_lead SET write_date = %s", [long_ago])
        self.follow()
        self.assertEqual(self.contact.state, "pending")
        self.event.sudo().looked_whole_at = long_ago
        self.follow()
        self.assertEqual(self.contact.state, "withdrawn")

    def test_open_contacts_move_to_another_campaign(self):
        target = self.create_campaign("Welcome calls")
        self.event.write({"action": "move", "to_campaign_id": target.id})
        self.win()
        moved = self.env["ecm.contact"].search([("campaign_id", "=", target.id)])
        self.assertEqual(moved.phone_1, NUMBER)

    def test_who_is_closed_is_called_again(self):
        self.event.action = "again"
        self.call(self.contact, "no_answer")
        self.assertFalse(self.contact.is_open)
        self.win()
        successor = self.env["ecm.contact"].search([("again_from_id", "=", self.contact.id)])
        self.assertEqual(successor.state, "pending")

    def test_a_conversion_is_counted_for_the_last_attempt_before(self):
        other = self.create_campaign("Earlier campaign")
        earlier = self.create_contact(other)
        self.call(earlier, "voice", agent="bob")
        self.env.cr.execute("UPDATE ecm_attempt SET claimed_at = claimed_at - interval '3 days'")
        self.env.invalidate_all()
        attempt = self.call(self.contact, "no_answer", agent="anna")
        self.lead.expected_revenue = 1200
        self.win()
        conversion = self.get_conversions()
        self.assertEqual(conversion.campaign_id, self.campaign)
        self.assertEqual((conversion.attempt_id, conversion.attempt_number), (attempt, 1))
        self.assertEqual((conversion.revenue, conversion.agent), (1200, "anna"))
        self.assertEqual(self.campaign.conversion_count, 1)
        self.assertEqual(self.campaign.conversion_revenue, 1200)
        self.assertEqual(other.conversion_count, 0)

    def test_nobody_was_called_in_time(self):
        self.call(self.contact, "no_answer")
        self.env.cr.execute("UPDATE ecm_attempt SET claimed_at = claimed_at - interval '31 days'")
        self.env.invalidate_all()
        self.win()
        self.assertFalse(self.get_conversions())

    def test_the_lead_gets_the_campaigns_marketing_campaign_if_it_has_none(self):
        marketing = self.env["utm.campaign"].create({"name": "Autumn"})
        medium = self.env["utm.medium"].create({"name": "Calls of autumn"})
        self.campaign.write({"utm_campaign_id": marketing.id, "utm_medium_id": medium.id})
        own = self.env["utm.medium"].create({"name": "Fair"})
        self.lead.medium_id = own
        self.call(self.contact, "no_answer")
        self.win()
        self.assertEqual((self.lead.campaign_id, self.lead.medium_id), (marketing, own))

    def test_another_companys_records_are_no_event(self):
        company = self.env["res.company"].create({"name": "Other"})
        theirs = self.create_lead(name="Theirs", user_id=False, partner_id=False)
        theirs.team_id = False
        theirs.company_id = company
        contact = self.create_contact(lead_id=theirs.id, phone_1=OTHER)
        self.win(theirs)
        self.assertEqual(contact.state, "pending")

    def test_a_condition_that_cannot_be_read_is_refused(self):
        for domain in ("nonsense", "[('nonsense', '=', 1)]", "[(1, 2)]"):
            with self.assertRaises(ValidationError, msg=domain):
                self.event.domain = domain
        with self.assertRaises(ValidationError):
            self.event.write({"action": "move", "to_campaign_id": False})

    def test_a_condition_that_works_no_more_says_so_and_holds_up_no_other(self):
        broken = self.create_event(name="Broken", sequence=1)
        self.env.cr.execute(
            "UPDATE ecm_crm_event SET domain = %s WHERE id = %s", ["[('gone', '=', 1)]", broken.id]
        )
        self.env.invalidate_all()
        self.win()
        self.assertTrue(broken.error)
        self.assertEqual(self.contact.state, "withdrawn")

    def test_a_changed_condition_begins_anew(self):
        self.event.domain = "[('name', '=', 'A lead')]"
        self.follow()
        self.assertEqual(self.contact.state, "pending")

    def test_who_may_not_read_leads_sets_up_no_event_about_them(self):
        supervisor = self.create_user("supervisor")
        with self.assertRaises(AccessError):
            self.env["ecm.crm.event"].with_user(supervisor).create({"name": "Spy"})
        seller = new_test_user(
            self.env,
            login="ecm_selling_supervisor",
            groups="ecm_campaign.ecm_campaign_group_supervisor,sales_team.group_sale_manager",
        )
        self.env["ecm.crm.event"].with_user(seller).create({"name": "Won"})
        with self.assertRaises(AccessError):
            self.event.with_user(self.create_user("agent")).read(["name"])

    def test_another_company_sees_no_conversion(self):
        self.call(self.contact, "no_answer")
        self.win()
        company = self.env["res.company"].create({"name": "Foreign"})
        foreign = self.create_user(
            "administrator",
            login="ecm_foreign_ev",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        self.assertTrue(self.get_conversions())
        self.assertFalse(self.env["ecm.conversion"].with_user(foreign).search([]))
        self.assertFalse(self.env["ecm.crm.event"].with_user(foreign).search([]))

    def make_skill(self):
        """Somebody who calls back, at any time."""
        if "ecm.callback" not in self.env:
            self.skipTest("callbacks are not installed")
        hours = self.env["ecm.calling.hours"].create(
            {"name": "Always", **dict.fromkeys(DAYS, "00:00–24:00")}
        )
        values = {"name": "Of the event", "campaign_id": self.campaign.id, "hours_id": hours.id}
        skill = self.env["ecm.callback.skill"].create({**values, "tz": "UTC"})
        self.campaign.callback_skill_id = skill
        return skill

    def test_customers_are_promised_a_callback(self):
        skill = self.make_skill()
        # Several contacts with one number are one customer.
        self.create_contact(self.create_campaign("Elsewhere", callback_skill_id=skill.id))
        self.event.write({"action": "callback"})
        self.event._follow()
        self.win()
        callback = self.env["ecm.callback"].search([("skill_id", "=", skill.id)])
        self.assertEqual((callback.number, callback.note), (NUMBER, "Lead won"))
        self.assertGreater(callback.due_at, fields.Datetime.now())
        self.assertIn("were promised: 1.", self.event.message_ids[:1].body)

    def test_what_cannot_be_promised_is_told(self):
        self.make_skill()
        self.campaign.callback_skill_id = False
        self.env["ecm.callback.skill"].search([]).active = False
        self.event.write({"action": "callback"})
        self.event._follow()
        self.win()
        body = self.event.message_ids[:1].body
        self.assertIn("Not promised: 1.", body)
        self.assertIn("no callback skill", body)
        self.assertFalse(self.event.error)

    def test_callbacks_are_offered_where_they_are_installed(self):
        with patch.object(type(self.event), "_has_callbacks", lambda _self: False):
            offered = dict(self.event.fields_get(["action"])["action"]["selection"])
            self.assertNotIn("callback", offered)
            with self.assertRaises(ValidationError):
                self.event.action = "callback"
