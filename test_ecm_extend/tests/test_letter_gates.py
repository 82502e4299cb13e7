from datetime import datetime, timedelta

from odoo import Command

from .common import HOME, NEXT, LetterCase
from odoo.addons.test_ecm_campaign.tests.common import START


class TestLetterGates(LetterCase):
    """Gates by the channel of the attempt, and a gate that another module brings (N2 to N4, S4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        strategy = cls.mix(("voice", NEXT[2]), ("letter", NEXT[1]))
        cls.campaign = cls.create_campaign(
            "Mixed",
            strategy_id=strategy.id,
            keeps_region_rules=False,
            fake_target_id=cls.target.id,
            letter_office_id=cls.office.id,
        )
        cls.contact = cls.create_contact(phone_1=HOME)

    def setUp(self):
        super().setUp()
        self.campaign.action_start()

    def list_number(self, **channels):
        lists = self.env["ecm.dnc.list"]
        # Modules of other channels may be there, whose lists count for them by default.
        none = {name: False for name in lists._fields if name.startswith("for_")}
        self.dnc_list = lists.create({"name": "Stop", **none, **channels})
        self.dnc_list._add([HOME])

    # -- do not contact -------------------------------------------------------------------------------

    def test_who_must_not_be_called_gets_the_letter(self):
        self.list_number(for_voice=True)
        self.assertFalse(self.feed())
        self.assertEqual((self.contact.state, self.contact.channel), ("pending", "letter"))
        self.assertEqual(len(self.post()), 1)
        self.assertEqual(self.contact.current_attempt_id.position, 2)
        self.report(self.contact, "no_answer")
        self.wait(minutes=5)
        self.assertFalse(self.feed())
        self.assertEqual(len(self.post()), 1, "the call is passed over again")

    def test_who_must_not_be_written_to_is_called(self):
        self.list_number(for_letter=True)
        self.call(self.contact, "busy")
        self.wait(minutes=5)
        self.assertEqual((self.post(), self.feed()), ([], []))
        found = (self.contact.state, self.contact.close_reason)
        self.assertEqual(found, ("dnc_listed", "suppressed"), "nothing follows the letter")

    def test_who_is_listed_for_both_closes(self):
        self.list_number(for_voice=True, for_letter=True)
        self.assertFalse(self.feed())
        self.assertEqual(self.contact.state, "dnc_listed")

    def test_explain_says_what_is_left(self):
        self.list_number(for_voice=True)
        verdict, sentence = self.check(self.contact, "dnc")
        self.assertEqual(verdict, "passes")
        self.assertIn("is on the list Stop", sentence)
        self.assertIn("It may be contacted on: Letter.", sentence)
        self.assertNotIn("Other numbers", sentence)
        finding = self.env["ecm.dnc.list"].check_number(HOME)[0]
        self.assertTrue(finding["blocks"].startswith("Calls"), finding["blocks"])
        self.assertNotIn("Letter", finding["blocks"])
        self.assertEqual(finding["running"], "Mixed")

    def test_a_list_for_letters_says_so(self):
        self.list_number(for_letter=True)
        finding = self.env["ecm.dnc.list"].check_number(HOME)[0]
        self.assertEqual(finding["blocks"], "Letter in all campaigns")
        self.assertEqual(finding["running"], "Mixed")

    def test_an_old_registry_for_calls_does_not_keep_letters_back(self):
        self.call(self.contact, "busy")
        self.wait(minutes=5)
        self.list_number(for_voice=True)
        self.dnc_list.write({"max_age_days": 1, "refreshed_at": START - timedelta(days=2)})
        other = self.create_contact(phone_1="+493023125009")
        self.assertEqual((self.feed(), len(self.post())), ([], 1))
        self.assertEqual(self.check(other, "registry")[0], "held")

    # -- region rules ---------------------------------------------------------------------------------

    def add_rule(self, channel, **values):
        self.campaign.keeps_region_rules = True
        self.env["ecm.region.rule"].search([]).active = False
        self.env["ecm.region.rule"].create(
            {
                "name": "Rule",
                "country_id": self.env.ref("base.de").id,
                "channel": channel,
                "weekday_hours": "0-24",
                **values,
            }
        )

    def test_letters_have_hours_of_their_own(self):
        self.add_rule("letter", weekday_hours="12-24")
        self.call(self.contact, "busy")
        self.wait(minutes=5)
        self.assertFalse(self.post())
        found = (self.contact.block_reason, self.contact.next_attempt_at)
        self.assertEqual(found, ("region", datetime(2026, 3, 2, 11, 0)), "noon in Berlin")
        self.wait(hours=2)
        self.assertEqual(len(self.post()), 1)

    def test_a_limit_of_calls_does_not_count_letters(self):
        self.add_rule("voice", limit_ids=[Command.create({"count": 2})])
        for send in (self.feed, self.post, self.feed):
            self.assertEqual(len(send()), 1)
            self.end(self.contact, "busy")
            self.wait(minutes=5)
        self.assertEqual(len(self.post()), 1, "the limit is one of calls")
        self.end(self.contact, "busy")
        self.wait(minutes=5)
        self.assertFalse(self.feed())
        found = (self.contact.block_reason, self.contact.next_attempt_at)
        self.assertEqual(found, ("limit", START + timedelta(hours=24)))

    def test_a_limit_of_all_channels_counts_both(self):
        self.add_rule("all", limit_ids=[Command.create({"count": 2})])
        for send in (self.feed, self.post):
            self.assertEqual(len(send()), 1)
            self.end(self.contact, "busy")
            self.wait(minutes=5)
        self.assertFalse(self.feed())
        self.assertEqual(self.contact.next_attempt_at, START + timedelta(hours=24))

    def test_calls_of_one_claim_are_no_letters(self):
        """A limit over all campaigns counts what the same claim has just taken, on its channel."""
        self.add_rule("letter", limit_ids=[Command.create({"count": 1})])
        others = self.create_contact(phone_1=HOME)
        self.assertEqual(len(self.feed()), 2)
        for contact in (self.contact, others):
            self.end(contact, "busy")
        self.wait(minutes=5)
        self.assertEqual(len(self.post()), 1, "one letter to the same number")
        self.assertEqual(others.block_reason, "limit")

    # -- the gate that this module brings -------------------------------------------------------------

    def begin_quiet_period(self):
        self.campaign.quiet_until = START + timedelta(days=2)

    def test_the_claim_keeps_the_quiet_period(self):
        self.begin_quiet_period()
        self.call(self.contact, "busy")
        self.wait(minutes=5)
        self.assertFalse(self.post())
        found = (self.contact.is_ready, self.contact.block_reason, self.contact.next_attempt_at)
        self.assertEqual(found, (False, "quiet", START + timedelta(days=2)))
        self.wait(days=2)
        self.assertEqual(len(self.post()), 1)

    def test_explain_tells_of_the_quiet_period(self):
        self.begin_quiet_period()
        self.assertEqual(self.check(self.contact, "quiet")[0], "passes", "it is called")
        self.call(self.contact, "busy")
        verdict, sentence = self.check(self.contact, "quiet")
        self.assertEqual(verdict, "waits")
        self.assertIn("No letters before", sentence)
        explained = self.contact.explain()[0]
        self.assertEqual(explained["next_at"], "2026-03-04 09:00:00")
        names = {row["check"]: row["name"] for row in explained["checks"]}
        self.assertEqual(names["quiet"], "Quiet period")

    def test_the_dry_run_keeps_the_quiet_period(self):
        self.begin_quiet_period()
        short, long = self.dry_run(1), self.dry_run(3)
        self.assertEqual(short.attempt_count, 1, "the call, and no letter")
        groups = short.group_ids.filtered(lambda group: self.contact.id in group.contact_ids)
        self.assertIn("Quiet period", groups.mapped("name"))
        self.assertGreater(long.attempt_count, 1)

    def dry_run(self, days):
        """So many days in which nobody is reached."""
        values = {"campaign_id": self.campaign.id, "horizon_days": days, "start_at": START}
        run = self.env["ecm.dry.run"].create(values)
        run.rate_ids.filtered(lambda rate: rate.outcome_id.code != "busy").percent = 0
        run.rate_ids.filtered(lambda rate: rate.outcome_id.code == "busy").percent = 100
        run.action_run()
        return run
