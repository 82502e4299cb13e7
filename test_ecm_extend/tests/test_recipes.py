from .common import HOME, NEXT, LetterCase
from odoo.addons.ecm_campaign.tests.common import CampaignCase
from odoo.addons.test_ecm_extend.echo_client import CALLED


class TestEchoDialer(LetterCase):
    """A dialer of another make: a client class and its codes (F1, F2, S5)."""

    def setUp(self):
        super().setUp()
        CALLED.clear()

    def test_it_is_fed_and_its_results_are_read(self):
        dialer = self.env["ecm.dialer"].create(
            {"name": "Echo", "provider": "echo", "host": "localhost", "is_enabled": True}
        )
        self.assertIn("Echo answers", dialer.action_test_connection()["params"]["message"])
        dialer.action_fetch_campaigns()
        campaign = self.run_campaign(
            self.create_strategy((1, NEXT[1])),
            fake_target_id=False,
            dialer_campaign_id=dialer.dialer_campaign_ids.id,
        )
        contact = self.create_contact(campaign, phone_1=HOME)
        self.engine._feed_target(dialer.dialer_campaign_ids)
        self.assertEqual(list(CALLED.values()), [HOME])
        self.assertEqual(self.engine._sync_dialer(dialer), 1)
        self.env.invalidate_all()
        self.assertEqual((contact.state, contact.last_outcome_id.code), ("pending", "busy"))


class TestAddressBook(CampaignCase):
    """A source of another kind: what is new in it becomes a contact list (L2, L4)."""

    def test_new_people_are_brought_once(self):
        last = self.env["res.partner"].search([], order="id desc", limit=1)
        source = self.env["ecm.import.source"].create(
            {
                "name": "Book",
                "kind": "partners",
                "campaign_id": self.campaign.id,
                "last_partner_id": last.id,
            }
        )
        people = [{"name": "Ann", "phone": "+49 30 23125001"}, {"name": "Nobody"}]
        self.env["res.partner"].create(people)
        self.assertIn("1 people are new", source.action_test()["params"]["message"])
        self.assertIn("Book: 1 people", source.action_check_now()["params"]["message"])
        self.env["ecm.contact.list"]._cron_import()
        contacts = self.contacts_of(self.campaign)
        self.assertEqual((contacts.phone_1, contacts.last_name), ("+493023125001", "Ann"))
        self.assertEqual(contacts.list_id.source, "partners")
        self.assertIn("Book: 0 people", source.action_check_now()["params"]["message"])


class TestChannelReport(LetterCase):
    """A report over the attempts (R1), which a supervisor reads for the own companies."""

    def test_attempts_are_counted_by_channel(self):
        strategy = self.mix(("voice", NEXT[2]), ("letter", NEXT[1]))
        campaign = self.run_mixed(strategy)
        contact = self.create_contact(campaign, phone_1=HOME)
        self.call(contact, "busy")
        self.wait(minutes=5)
        self.post()
        self.report(contact, "voice")
        report = self.env["ecm.channel.report"].with_user(self.create_user("supervisor"))
        found = report._read_group(
            [("campaign_id", "=", campaign.id)],
            ["channel"],
            ["attempt_count:sum", "reached_count:sum"],
        )
        self.assertEqual(sorted(found), [("letter", 1, 1), ("voice", 1, 0)])
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = report.with_user(
            self.create_user(
                "administrator", company_id=elsewhere.id, company_ids=[(6, 0, elsewhere.ids)]
            )
        )
        self.assertFalse(stranger.search([("campaign_id", "=", campaign.id)]))
