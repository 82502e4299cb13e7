from datetime import datetime
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError

from ...models.campaign import ecm_campaign
from ..common import ResultCase


class TestResults(ResultCase):
    """What a page of results says is what the lists behind it hold (U10)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.tz = "Asia/Kolkata"
        cls.campaign.business_outcome_group_id = cls.create_wrap_ups()
        lists = cls.env["ecm.contact.list"]
        cls.good, cls.bad = lists.create(
            [{"name": name, "campaign_id": cls.campaign.id} for name in ("good.csv", "bad.csv")]
        )
        cls.own_strategy.attempt_ids.rule_ids.unlink()
        numbers = iter(range(1000))
        cls.contacts = {}
        for name, contact_list in (("sold", cls.good), ("not sold", cls.good), ("busy", cls.bad)):
            cls.contacts[name] = cls.create_contact(
                list_id=contact_list.id, phone_1=f"+493023125{next(numbers):03}"
            )
        cls.create_contact(phone_1="+493023125900")  # of no list, never called

    @classmethod
    def create_wrap_ups(cls):
        kinds = {"Sold": "success", "Not interested": "failure"}
        lines = [
            Command.create({"name": name, "code": name, "kind": kind, "action": "close"})
            for name, kind in kinds.items()
        ]
        return cls.env["ecm.business.outcome.group"].create({"name": "Sales", "outcome_ids": lines})

    def setUp(self):
        super().setUp()
        # A quarter past nine on Monday where the campaign is, which is off by half an hour.
        called_at = datetime(2026, 3, 2, 3, 45)
        self.call(self.contacts["busy"], "busy", called_at=called_at)
        self.call(self.contacts["sold"], "voice", called_at=called_at, wrap_up="Sold")
        later = datetime(2026, 3, 3, 4, 35)
        self.call(self.contacts["not sold"], "voice", called_at=later, wrap_up="Not interested")

    def count(self, action):
        """How many records a window action shows to the user."""
        model = self.env[action["res_model"]].with_context(**action["context"])
        return model.search_count(action["domain"])

    def test_totals(self):
        totals = self.campaign.get_results()["totals"]
        self.assertEqual((totals["loaded"], totals["called"], totals["attempts"]), (4, 3, 3))
        self.assertEqual((totals["reached"], totals["success"]), (2, 1))
        self.assertEqual((totals["reached_percent"], totals["success_percent"]), (66.7, 50.0))
        self.assertEqual(totals["per_reached"], 1.5)

    def test_every_number_opens_as_many(self):
        for record in (self.campaign, self.good):
            totals = record.get_results()["totals"]
            for what in ("loaded", "called", "reached", "success", "attempts"):
                with self.subTest(record=record, what=what):
                    self.assertEqual(self.count(record.action_open_results(what)), totals[what])

    def test_hours_are_the_campaigns_and_open_as_many(self):
        results = self.campaign.get_results()
        self.assertEqual([line["key"] for line in results["hours"]], [9, 10])
        self.assertEqual([line["key"] for line in results["weekdays"]], [1, 2])
        for by in ("hour", "weekday"):
            for line in results[f"{by}s"]:
                made = self.campaign.action_open_results("attempts", by, line["key"])
                reached = self.campaign.action_open_results("reached_attempts", by, line["key"])
                self.assertEqual(self.count(made), line["made"])
                self.assertEqual(self.count(reached), line["reached"])

    def test_outcomes_open_as_many(self):
        outcomes = self.campaign.get_results()["outcomes"]
        self.assertEqual([line["count"] for line in outcomes], [2, 1])
        for line in outcomes:
            action = self.campaign.action_open_results("attempts", "outcome_id", line["id"])
            self.assertEqual(self.count(action), line["count"])

    def test_lists_open_as_many(self):
        lists = {line["name"]: line for line in self.campaign.get_results()["lists"]}
        self.assertEqual(set(lists), {"good.csv", "bad.csv", "No list"})
        self.assertEqual(lists["good.csv"]["reached_percent"], 100.0)
        self.assertEqual(lists["bad.csv"]["reached"], 0)
        for line in lists.values():
            for what in ("loaded", "called", "reached", "success"):
                action = self.campaign.action_open_results(what, "list_id", line["list_id"])
                self.assertEqual(self.count(action), line[what])

    def test_what_is_not_counted_cannot_be_opened(self):
        with self.assertRaises(UserError):
            self.campaign.action_open_results("everything")

    def test_only_who_reads_the_campaign(self):
        stranger = self.create_user("agent", company_id=self.env.company.create({"name": "B"}).id)
        stranger.company_ids = stranger.company_id
        with self.assertRaises(AccessError):
            self.campaign.with_user(stranger).get_results()

    def test_attempts_are_grouped_by_list_with_their_rates(self):
        """As the pivot of the web client reads them."""
        agent = self.create_user("agent")
        groups = (
            self.env["ecm.attempt"]
            .with_user(agent)
            .formatted_read_group(
                [("campaign_id", "=", self.campaign.id)],
                ["list_id"],
                ["__count", "reached_percent:avg", "success_percent:avg"],
            )
        )
        rates = {
            group["list_id"][1]: (group["reached_percent:avg"], group["success_percent:avg"])
            for group in groups
        }
        self.assertEqual(rates, {"good.csv": (100.0, 50.0), "bad.csv": (0.0, False)})

    def test_rates_are_measures(self):
        fields = self.env["ecm.attempt"].fields_get(["reached_percent"], ["aggregator"])
        self.assertEqual(fields["reached_percent"]["aggregator"], "avg")

    def test_a_button_counts_some_attempts_only(self):
        self.assertEqual(self.campaign.attempts_text, "3")
        with patch.object(ecm_campaign, "COUNTED_ATTEMPTS", 2):
            self.campaign.invalidate_recordset()
            self.assertEqual(self.campaign.attempts_text, "2+")
