from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from ...tools.gates import ExpiryRule, Hold, SelectionRule, Wait
from ..common import CampaignCase

# A rule that stops nobody is not asked: those of these tests are, whatever they know.
IS_IDLE = "odoo.addons.ecm_campaign.models.engine.ecm_engine.is_idle"


class TestExplain(CampaignCase):
    """Explain says of each contact what the gates say, and of a campaign where its contacts are
    (R6).
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now()
        cls.later = cls.now + timedelta(hours=3)

    def explain(self, contact):
        self.env.invalidate_all()
        return contact.explain()[0]

    def check(self, contact, name):
        return next(row for row in self.explain(contact)["checks"] if row["check"] == name)

    def set_columns(self, contact, **values):
        contact.sudo().write(values)

    # -- a contact --------------------------------------------------------------------------------

    def test_every_gate_is_asked_in_order(self):
        checks = [row["check"] for row in self.explain(self.create_contact())["checks"]]
        gates = [gate._get_code() for gate in self.env["ecm.gate"]._get_gates()]
        self.assertEqual(checks[:3], ["state", "running", "schedule"])
        self.assertEqual(checks[3 : 3 + len(gates)], gates)
        self.assertEqual(checks[-4:], ["registry", "target", "room", "feeder"])

    def test_a_stopped_campaign_is_what_holds(self):
        result = self.explain(self.create_contact())
        self.assertEqual((result["verdict"], result["next_at"]), ("held", False))
        self.assertIn("stopped", result["summary"])

    def test_the_verdicts_are_those_of_the_gates_themselves(self):
        contact = self.create_contact()

        def judge(_rule, _candidate, _at):
            return Wait(self.later, "limit", "Three a day")

        with patch.object(SelectionRule, "judge", judge):
            row = self.check(contact, "selection")
        self.assertEqual(
            (row["verdict"], row["until"]), ("waits", fields.Datetime.to_string(self.later))
        )
        self.assertEqual(row["detail"], "Limit of attempts: Three a day")

    def test_gates_behind_one_that_stops_are_judged_too(self):
        contact = self.create_contact(phone_1="+493023125001")
        self.env.ref("ecm_campaign.ecm_dnc_list_wishes")._add(["+493023125001"], "Said so")
        result = self.explain(contact)
        rows = {row["check"]: row for row in result["checks"]}
        self.assertIn("+493023125001 is on the list", rows["dnc"]["detail"])
        self.assertEqual(rows["dnc"]["verdict"], "passes")
        self.assertEqual(rows["number"]["verdict"], "closes")
        self.assertEqual(rows["limits"]["verdict"], "not_reached")
        self.assertEqual(rows["target"]["verdict"], "held")

    def test_a_number_that_is_listed_gives_way_to_the_next(self):
        self.strategy.phone_fallback = "next_valid"
        contact = self.create_contact(phone_1="+493023125001", phone_2="+493023125002")
        self.env.ref("ecm_campaign.ecm_dnc_list_wishes")._add(["+493023125001"], "Said so")
        self.assertIn("Other numbers may be called", self.check(contact, "dnc")["detail"])
        number = self.check(contact, "number")
        self.assertIn("+493023125002", number["detail"])
        self.assertIn("Phone 1 cannot be called", number["detail"])

    def test_a_stopped_list_holds(self):
        contact_list = self.env["ecm.contact.list"].create(
            {"name": "Spring", "campaign_id": self.campaign.id}
        )
        contact = self.create_contact(list_id=contact_list.id)
        self.assertEqual(self.check(contact, "list")["detail"], "The list Spring is active.")
        contact_list.action_stop()
        self.assertEqual(self.check(contact, "list")["verdict"], "held")
        self.assertEqual(self.check(contact, "state")["verdict"], "held")
        self.assertIn("List stopped", self.check(contact, "state")["detail"])

    def test_limits_say_how_many_are_used(self):
        self.env["ecm.strategy.limit"].create(
            {"strategy_id": self.strategy.id, "count": 2, "period": "24h"}
        )
        contact = self.create_contact()
        self.env["ecm.attempt"].create(
            {
                "key": "explain-1",
                "contact_id": contact.id,
                "campaign_id": self.campaign.id,
                "company_id": self.env.company.id,
                "state": "done",
                "channel": "voice",
                "number": contact.phone_1,
                "claimed_at": self.now - timedelta(hours=1),
                "outcome_id": self.env.ref("ecm_campaign.ecm_outcome_busy").id,
            }
        )
        row = self.check(contact, "limits")
        self.assertEqual(row["verdict"], "passes")
        self.assertIn("1 used", row["detail"])

    def test_the_next_time_is_the_first_that_all_gates_allow(self):
        """A gate that opens at a time which another forbids is asked again."""
        contact = self.create_contact()
        self.campaign.is_running = False

        def judge(hours):
            until = self.now + timedelta(hours=hours)
            return lambda _rule, row, at: Wait(until, "limit") if at < until else row

        with (
            patch(IS_IDLE, lambda _rule: False),
            patch.object(ExpiryRule, "judge", judge(2)),
            patch.object(SelectionRule, "judge", judge(5)),
        ):
            candidate = contact._get_candidates()[0]
            found = self.env["ecm.engine"]._find_next(self.campaign, candidate, self.now)
        self.assertEqual(found, self.now + timedelta(hours=5))

    def test_hours_are_told_on_the_clock_where_the_contact_is(self):
        self.campaign.write(
            {
                "calendar_id": self.env.ref("ecm_campaign.resource_calendar_calling_hours").id,
                "hours_zone": "contact",
                "keeps_region_rules": False,
            }
        )
        contact = self.create_contact(tz="Asia/Tokyo")
        night = fields.Datetime.to_datetime("2026-11-23 20:00:00")  # 05:00 in Tokyo
        findings, _attempt = self.env["ecm.engine"]._explain_gates(
            self.campaign, contact._get_candidates()[0], night
        )
        hours = next(finding for finding in findings if finding.check == "hours")
        self.assertEqual(hours.verdict, "waits")
        self.assertIn("05:00 (Asia/Tokyo)", hours.detail)
        opening = self.env["ecm.engine"]._find_next(
            self.campaign, contact._get_candidates()[0], night
        )
        self.assertEqual(hours.until, opening)

    def test_what_holds_has_no_next_time(self):
        contact = self.create_contact()

        def hold(_rule, _candidate, _at):
            return Hold("list_stopped")

        with (
            patch(IS_IDLE, lambda _rule: False),
            patch.object(SelectionRule, "judge", hold),
        ):
            found = self.env["ecm.engine"]._find_next(
                self.campaign, contact._get_candidates()[0], self.now
            )
        self.assertIsNone(found)

    def test_states_in_words(self):
        contact = self.create_contact()
        self.set_columns(contact, is_ready=False, next_attempt_at=self.later)
        self.assertEqual(self.check(contact, "state")["verdict"], "waits")
        self.set_columns(contact, state="sent_to_dialer", last_attempt_at=self.now)
        self.assertIn("at the dialer since", self.check(contact, "state")["detail"])
        contact.action_withdraw("Moved away")
        result = self.explain(contact)
        self.assertEqual(result["verdict"], "closes")
        self.assertIn("Moved away", result["summary"])
        self.assertEqual([row["check"] for row in result["checks"]], ["state"])

    def test_the_place_in_the_queue(self):
        contacts = [self.create_contact(priority=priority) for priority in (0, 5, 0)]
        self.assertEqual(self.check(contacts[0], "queue")["detail"], "It is the next in line.")
        self.assertIn("line: 2.", self.check(contacts[2], "queue")["detail"])
        self.campaign.dial_order = "priority"
        self.assertIn("line: 1.", self.check(contacts[0], "queue")["detail"])
        self.set_columns(contacts[2], is_retry=True)
        self.assertEqual(self.check(contacts[2], "queue")["detail"], "It is the next in line.")
        self.assertIn("line: 2.", self.check(contacts[0], "queue")["detail"])

    def test_nothing_is_written(self):
        contact = self.create_contact()
        self.env.flush_all()
        self.env.cr.execute("SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM ecm_contact c")
        before = self.env.cr.fetchone()
        self.explain(contact)
        self.campaign.explain()
        self.env.flush_all()
        self.env.cr.execute("SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM ecm_contact c")
        self.assertEqual(self.env.cr.fetchone(), before)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_who_may_ask(self):
        contact = self.create_contact()
        agent = self.create_user("agent")
        self.assertTrue(contact.with_user(agent).explain())
        self.assertTrue(self.campaign.with_user(agent).explain())
        company = self.env["res.company"].create({"name": "Other company"})
        stranger = self.create_user(
            "supervisor", company_ids=[(6, 0, company.ids)], company_id=company.id
        )
        for record in (contact, self.campaign):
            with self.assertRaises(AccessError):
                record.with_user(stranger).explain()
        with self.assertRaises(UserError):
            self.env["ecm.contact"].browse(range(1, 102)).explain()

    # -- a campaign -------------------------------------------------------------------------------

    def test_a_campaign_counts_every_contact_once_and_links_to_exactly_these(self):
        contacts = [self.create_contact(phone_1=f"+4930231250{number:02d}") for number in range(12)]
        early, late = self.now - timedelta(hours=1), self.later + timedelta(hours=1)
        self.set_columns(
            contacts[2], is_ready=False, next_attempt_at=early
        )  # due, not yet promoted
        self.set_columns(contacts[3], is_ready=False, next_attempt_at=self.later, is_retry=True)
        self.set_columns(contacts[4], is_ready=False, next_attempt_at=late, block_reason="limit")
        self.set_columns(
            contacts[5], is_ready=False, next_attempt_at=False, block_reason="list_stopped"
        )
        self.set_columns(contacts[6], is_ready=False, next_attempt_at=False)
        self.set_columns(contacts[7], state="sent_to_dialer", is_ready=False)
        self.set_columns(contacts[8], state="connected", is_ready=False, close_reason="live_voice")
        self.set_columns(contacts[9], state="connected", is_ready=False, close_reason="rule_close")
        self.set_columns(contacts[10], state="dnc_listed", is_ready=False)
        result = self.campaign.explain()
        groups = {(row["code"], row["reason"]): row for row in result["groups"]}
        self.assertEqual(
            {key: row["count"] for key, row in groups.items()},
            {
                ("ready", None): 4,
                ("sent", "sent_to_dialer"): 1,
                ("planned", None): 1,
                ("blocked", "limit"): 1,
                ("held", "list_stopped"): 1,
                ("held", None): 1,
                ("closed", "live_voice"): 1,
                ("closed", "rule_close"): 1,
                ("closed", None): 1,
            },
        )
        for key, row in groups.items():
            with self.subTest(group=key):
                self.assertEqual(self.env["ecm.contact"].search_count(row["domain"]), row["count"])
        self.assertEqual(groups["planned", None]["next_at"], fields.Datetime.to_string(self.later))
        self.assertEqual(groups["blocked", "limit"]["next_at"], fields.Datetime.to_string(late))

    def test_a_campaign_says_what_keeps_it_from_dialling(self):
        result = self.campaign.explain()
        self.assertEqual(result["verdict"], "held")
        self.assertEqual(result["summary"], "The campaign is stopped. Start it.")
        checks = {row["check"]: row["verdict"] for row in result["checks"]}
        self.assertEqual((checks["target"], checks["room"]), ("held", "not_reached"))
        late = fields.Datetime.now() - timedelta(minutes=6)
        self.env.ref("ecm_campaign.ir_cron_keep_feeders").nextcall = late
        checks = {row["check"]: row["verdict"] for row in self.campaign.explain()["checks"]}
        self.assertEqual(checks["feeder"], "held")
