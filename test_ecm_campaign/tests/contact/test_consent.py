from datetime import timedelta

from odoo import Command, fields

from ..common import BUSY, START, FeedCase

AGREED, SILENT = "+493023125001", "+493023125002"


class TestConsent(FeedCase):
    """A campaign may contact only who agreed; who withdrew that is contacted by none (N5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor")
        cls.campaign.with_user(cls.supervisor).needs_consent = True
        cls.agreed = cls.create_contact(phone_1=AGREED, consent_on="2026-01-31")
        cls.silent = cls.create_contact(phone_1=SILENT)

    def get_sent(self):
        return {sent.number for sent in self.feed()}

    def explain(self, contact):
        """What Explain says of the consent, and in all."""
        said = contact.with_user(self.supervisor).explain()[0]
        checks = {check["check"]: check for check in said["checks"]}
        return checks["consent"], said

    def assertHeld(self, contact):  # noqa: N802  in the style of unittest
        self.assertEqual((contact.state, contact.block_reason), ("pending", "no_consent"))
        self.assertFalse(contact.is_ready or contact.next_attempt_at)

    def test_who_has_not_agreed_is_held_with_the_reason(self):
        self.assertEqual(self.get_sent(), {AGREED})
        self.assertHeld(self.silent)
        check, said = self.explain(self.silent)
        self.assertEqual(check["verdict"], "held")
        self.assertIn("no date under “Agreed on”", check["detail"])
        self.assertEqual((said["verdict"], said["next_at"]), ("held", False))
        [group] = [
            group for group in self.campaign.explain()["groups"] if group["verdict"] == "held"
        ]
        self.assertEqual((group["name"], group["count"]), ("No consent on file", 1))
        self.assertEqual(self.env["ecm.contact"].search(group["domain"]), self.silent)

    def test_who_is_held_is_not_looked_at_in_each_feed(self):
        self.feed()
        self.feed()
        ready = self.env["ecm.contact"]._filter_ready(self.campaign, "voice", START)
        self.assertFalse(ready)

    def test_consent_that_is_entered_lets_it_go_on(self):
        self.feed()
        self.silent.with_user(self.supervisor).consent_on = "2026-03-01"
        self.assertEqual(self.get_sent(), {SILENT})

    def test_consent_that_a_file_brings_lets_it_go_on(self):
        self.feed()
        text = f"phone;consent\n{SILENT};2026-03-01\n"
        self.upload(text, mode="update")
        self.assertEqual(self.get_sent(), {SILENT})

    def test_a_campaign_that_asks_for_it_no_more_calls_them(self):
        self.feed()
        self.campaign.with_user(self.supervisor).needs_consent = False
        self.assertEqual(self.get_sent(), {SILENT})

    def test_a_campaign_that_begins_to_ask_holds_who_is_due(self):
        self.campaign.needs_consent = False
        self.assertEqual(self.get_sent(), {AGREED, SILENT})
        self.results((self.silent, BUSY))
        self.campaign.needs_consent = True
        self.wait(minutes=5)
        self.assertEqual(self.get_sent(), set())
        self.assertHeld(self.silent)

    def test_who_asks_to_be_called_back_is(self):
        self.campaign.needs_consent = False
        self.feed()
        self.end(self.silent, "callback", callback_at=fields.Datetime.now() + timedelta(hours=1))
        self.campaign.needs_consent = True
        self.wait(hours=1)
        self.assertEqual(self.get_sent(), {SILENT})

    def test_who_is_held_takes_no_place_of_a_target_group(self):
        group = {"name": "All", "unit": "count", "amount": 1}
        self.campaign.target_group_ids = [Command.create(group)]
        self.assertEqual(self.get_sent(), {AGREED})
        self.assertHeld(self.silent)

    def test_withdrawn_consent_closes_and_suppresses_in_all_campaigns(self):
        other = self.create_running("Other")
        twin = self.create_contact(other, phone_1=AGREED)
        self.agreed.with_user(self.supervisor).action_withdraw_consent("By letter of 2 March")
        self.assertEqual(
            (self.agreed.state, self.agreed.close_reason), ("dnc_listed", "consent_withdrawn")
        )
        entry = self.env["ecm.dnc.entry"].search([("value", "=", AGREED)])
        self.assertEqual(entry.reason, "By letter of 2 March")
        self.assertEqual(self.get_sent(), set())
        self.assertEqual(twin.state, "dnc_listed")

    def test_withdrawn_consent_ends_what_is_at_the_dialer(self):
        self.feed()
        self.agreed.action_withdraw_consent()
        self.assertEqual(self.agreed.close_reason, "consent_withdrawn")
        entry = self.env["ecm.dnc.entry"].search([("value", "=", AGREED)])
        self.assertEqual(entry.reason, "Withdrew consent")

    def test_who_agrees_anew_is_called_once_the_number_is_taken_off(self):
        self.agreed.action_withdraw_consent()
        again = self.create_contact(phone_1=AGREED, consent_on="2026-03-09")
        again.consent_withdrawn_on = "2026-03-02"
        self.assertTrue(again.has_agreed)
        self.assertEqual(again.state, "pending")
        self.env["ecm.dnc.entry"].search([("value", "=", AGREED)]).unlink()
        self.env["phone.blacklist"].search([("number", "=", AGREED)]).action_archive()
        self.assertEqual(self.get_sent(), {AGREED})

    def test_a_contact_that_arrives_withdrawn_is_not_called(self):
        """A copy takes the withdrawal along; its numbers may have been taken off the list."""
        self.campaign.needs_consent = False
        self.env.cr.execute(
            "UPDATE ecm_contact SET consent_withdrawn_on = consent_on WHERE id = %s",
            [self.agreed.id],
        )
        self.env.invalidate_all()
        check, _said = self.explain(self.agreed)
        self.assertEqual(check["verdict"], "closes")
        self.assertEqual(self.get_sent(), {SILENT})
        self.assertEqual(self.agreed.close_reason, "consent_withdrawn")

    def test_contacts_are_found_by_what_they_agreed_to(self):
        contacts = self.env["ecm.contact"]
        own = [("campaign_id", "=", self.campaign.id)]
        withdrawn = self.create_contact(
            phone_1="+493023125003", consent_on="2026-01-31", consent_withdrawn_on="2026-01-31"
        )
        self.assertEqual(contacts.search([*own, ("has_agreed", "=", True)]), self.agreed)
        self.assertEqual(
            contacts.search([*own, ("has_agreed", "=", False)]), self.silent | withdrawn
        )
