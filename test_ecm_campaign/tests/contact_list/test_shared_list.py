from datetime import datetime, timedelta

from ..common import BUSY, CONNECTED, EngineCase
from odoo.addons.ecm_campaign.tests.common import CampaignCase

HOME, MOBILE, WORK = "+493023125001", "+493023125002", "+493023125003"
AGAIN = {BUSY: {"delay_minutes": 30, "max_retry": 1, "then_close": True}}


class TestSharedList(EngineCase):
    """A list that campaigns share: nobody is called by two of them by accident (C7, L7, P10)."""

    def setUp(self):
        super().setUp()
        strategy = self.create_strategy((1, AGAIN))
        self.spring = self.run_campaign(strategy, "Spring")
        self.autumn = self.run_campaign(strategy, "Autumn")
        self.supervisor = self.create_user("supervisor")

    def share(self, content, sharing="turns"):
        """A supervisor uploads a file into Spring and shares it with Autumn.

        :return: the shared list
        """
        content = f"phone1;phone2;customer_id\n{content}"
        env = self.env(user=self.supervisor)
        contact_list = CampaignCase.upload(self, content, self.spring).with_env(env)
        wizard = env["ecm.global.list.feed"].create(
            {
                "list_id": contact_list.id,
                "campaign_ids": [(6, 0, self.autumn.ids)],
                "sharing": sharing,
            }
        )
        action = wizard.action_feed()
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        return self.env["ecm.global.list"].browse(action["res_id"])

    def get_contacts(self):
        """:return: the person in Spring, and in Autumn"""
        return self.contacts_of(self.spring), self.contacts_of(self.autumn)

    def share_one(self, sharing="turns"):
        """:return: the person in the campaign that called first, and in the other one"""
        self.share(f"{HOME};;\n", sharing)
        self.feed()
        contacts = self.contacts_of(self.spring | self.autumn)
        sent = contacts.filtered(lambda contact: contact.state == "sent_to_dialer")
        self.assertEqual(len(sent), 1, "one of the two campaigns calls")
        return sent, contacts - sent

    def contacts_of(self, campaigns):
        domain = [("campaign_id", "in", campaigns.ids)]
        return self.env["ecm.contact"].search(domain, order="id")

    def test_one_campaign_at_a_time_until_one_reaches_them(self):
        first, second = self.share_one()
        self.assertEqual((second.state, second.block_reason), ("pending", "shared"))
        self.end(first, BUSY)
        self.wait(minutes=6)
        self.assertFalse(self.feed(), "the first goes on in 24 minutes")
        self.assertEqual(second.block_detail, first.campaign_id.name)
        self.wait(minutes=25)
        self.assertEqual(len(self.feed()), 1)
        self.end(first, CONNECTED)
        self.wait(hours=2)
        self.assertFalse(self.feed())
        self.assertEqual((second.state, second.close_reason), ("withdrawn", "shared"))
        self.assertIn("Called by another campaign", second.close_text)

    def test_who_was_not_reached_is_the_next_campaigns(self):
        first, second = self.share_one()
        self.end(first, BUSY)
        self.wait(minutes=31)
        self.call(first, BUSY)
        self.assertEqual(first.state, "retries_completed")
        self.wait(hours=2)
        self.feed()
        self.assertEqual(second.state, "sent_to_dialer")

    def test_the_first_campaign_keeps_them(self):
        first, second = self.share_one("first")
        self.end(first, BUSY)
        self.wait(minutes=6)
        self.feed()
        self.assertEqual((second.state, second.close_reason), ("withdrawn", "shared"))
        self.wait(minutes=25)
        self.feed()
        self.assertEqual(first.state, "sent_to_dialer")

    def test_each_campaign_calls_everybody_where_the_list_says_so(self):
        self.share(f"{HOME};;\n", "each")
        self.assertEqual(len(self.feed()), 2)

    def test_a_person_is_known_by_any_number_and_by_the_customer_key(self):
        self.share(f"{HOME};{MOBILE};\n{WORK};;K1\n")
        spring, autumn = self.get_contacts()
        autumn[0].sudo().write({"phone_1": MOBILE, "phone_2": False})
        autumn[1].sudo().write({"phone_1": "+493023125009"})
        self.assertEqual(len(self.feed()), 2)
        self.wait(minutes=6)
        self.assertFalse(self.feed())
        states = sorted(contact.state for contact in spring | autumn)
        self.assertEqual(states, ["pending"] * 2 + ["sent_to_dialer"] * 2)

    def test_who_was_given_back_uncalled_is_anybodys(self):
        first, second = self.share_one("first")
        self.engine._give_back(self.target.sent[-1:])
        self.env.invalidate_all()
        first.campaign_id.action_stop()
        self.wait(minutes=6)
        self.feed()
        self.assertEqual((first.state, second.state), ("pending", "sent_to_dialer"))

    def test_a_campaign_that_is_stopped_keeps_nobody_waiting(self):
        first, second = self.share_one()
        self.end(first, BUSY)
        first.campaign_id.action_stop()
        self.wait(hours=2)
        self.feed()
        self.assertEqual(second.state, "sent_to_dialer")
        # Started again, it waits for the one that called last.
        self.end(second, BUSY)
        first.campaign_id.sudo().is_running = True
        self.wait(minutes=31)
        self.feed()
        self.assertEqual((first.block_reason, second.state), ("shared", "sent_to_dialer"))

    def test_another_list_with_the_same_number_is_no_concern(self):
        self.share(f"{HOME};;\n")
        own = self.create_contact(self.autumn, phone_1=HOME)
        self.feed()
        self.assertEqual(own.state, "sent_to_dialer")

    def test_claims_of_campaigns_that_share_take_turns(self):
        """Two servers that claim side by side would not see each other's calls."""
        lists = self.env["ecm.global.list"]
        self.assertFalse(lists._are_shared(self.spring | self.autumn))
        shared = self.share(f"{HOME};;\n")
        self.assertTrue(lists._are_shared(self.spring) and lists._are_shared(self.autumn))
        with self.engine._lock_ledger(self.spring):
            self.env.cr.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            held = self.env.cr.fetchone()[0]
        self.env.cr.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        self.assertGreater(held, self.env.cr.fetchone()[0])
        shared.with_user(self.supervisor).sharing = "each"
        self.assertFalse(lists._are_shared(self.spring | self.autumn))

    def test_explain_says_who_is_calling(self):
        first, second = self.share_one()
        second.sudo().write({"next_attempt_at": datetime.now()})
        check = self.get_check(second)
        self.assertEqual(check["verdict"], "waits")
        self.assertIn(f"{first.campaign_id.name} is calling this person", check["detail"])
        self.end(first, CONNECTED)
        check = self.get_check(second)
        self.assertEqual(check["verdict"], "closes")
        self.assertIn(f"{first.campaign_id.name} has called this person", check["detail"])

    def get_check(self, contact):
        checks = contact.with_user(self.supervisor).explain()[0]["checks"]
        return next(check for check in checks if check["check"] == "shared")

    def test_a_dry_run_leaves_alone_whom_another_campaign_has_reached(self):
        first, second = self.share_one()
        self.end(first, CONNECTED)
        run = self.env["ecm.dry.run"].create(
            {"campaign_id": second.campaign_id.id, "start_at": datetime.now() + timedelta(hours=1)}
        )
        run.action_run()
        self.assertEqual((run.state, run.attempt_count), ("done", 0))
        self.assertIn("Called by another campaign", run.group_ids.mapped("name")[0])
