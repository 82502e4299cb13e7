from collections import Counter
from datetime import datetime
from itertools import product

from odoo.tests import tagged

from .common import ReportHistoryCase

OF_CAMPAIGN = ("campaign_id", "group_id", "kind", "company_id", "list_id")
RATES = ("reached:sum", "success:sum", "reached_percent:avg", "success_percent:avg")
# For each model: what is summed up, by what, and of which records, in every combination.
QUESTIONS = {
    "ecm.report.attempt": (
        ["__count", *RATES],
        [
            *([name] for name in (*OF_CAMPAIGN, "outcome_id", "business_outcome_id", "part_of_id")),
            [],
            ["called_at:day", "outcome_id"],
            ["called_at:hour_number", "called_at:day_of_week"],
            ["list_id", "called_at:hour", "business_outcome_id"],
        ],
        [
            [],
            [("reached", "=", 1)],
            [("success", "!=", 1), ("outcome_id.code", "!=", "busy")],
            [("business_outcome_id", "=", False)],
            [("called_at", ">=", "2026-03-28"), ("called_at", "<", datetime(2026, 3, 30, 12, 15))],
            ["|", ("called_at.hour_number", "<", 9), ("list_id", "=", False)],
        ],
    ),
    "ecm.report.contact": (
        ["__count", "called:sum", *RATES],
        [[], *([name] for name in OF_CAMPAIGN), ["campaign_id", "list_id"]],
        [[], [("list_id", "=", False)], [("campaign_id.is_running", "=", True)]],
    ),
    "ecm.contact": (
        ["__count"],
        [["campaign_id", "state"], ["list_id", "company_id"], ["state"], []],
        [[], [("is_open", "=", True)], [("state", "=", "withdrawn")]],
    ),
}
STATES = (
    ["__count", "attempts:sum"],
    [["state"], ["campaign_id", "attempt_number"], ["list_id", "state"]],
    [[], [("attempt_number", ">", 1)]],
)
# What no counter knows.
OTHERS = {
    "ecm.report.attempt": [
        ([], ["agent"], ["__count"]),
        ([], ["campaign_id"], ["duration_seconds:sum"]),
        ([("channel", "=", "voice")], ["campaign_id"], ["__count"]),
        ([("called_at", ">=", datetime(2026, 3, 28, 12, 1))], ["campaign_id"], ["__count"]),
        ([], ["called_at:minute_number"], ["__count"]),
        ([("called_at.second_number", "=", 1)], ["campaign_id"], ["__count"]),
        ([], ["campaign_id.group_id"], ["__count"]),
    ],
    "ecm.report.contact": [
        ([("added_at", ">=", "today -6d")], ["campaign_id"], ["__count"]),
        ([], ["state"], ["reached:sum"]),
        ([], ["block_reason"], ["__count"]),
    ],
    "ecm.contact": [([("phone_1", "=", "1")], ["campaign_id"], ["__count"])],
}


@tagged("post_install", "-at_install")
class TestCounted(ReportHistoryCase):
    """Pivots and graphs say the same, whether they read counters or what these have counted (R5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.group_id = cls.env["ecm.campaign.group"].create({"name": "Spring"})
        cls.wrap_ups[1].parent_id = cls.wrap_ups[0]
        cls.supervisor = cls.create_user("supervisor", tz="Asia/Kathmandu")

    def open_report(self, model):
        user = self.supervisor
        return self.env[model].with_user(user).with_context(tz=user.tz)

    def ask(self, model, domain, groupby, aggregates):
        """:return: the groups as read, and as counters say, of the campaign"""
        report = self.open_report(model)
        own = [("campaign_id", "=", self.campaign.id), *domain]
        counted = report._choose_source(own, [groupby], aggregates, None)
        self.assertTrue(counted._get_source(), (domain, groupby, aggregates))
        read = report._read_group(own, groupby, aggregates)
        return read, counted._read_group(own, groupby, aggregates)

    def assertSame(self, model, aggregates, groups, domains):  # noqa: N802  in the style of unittest
        self.env.flush_all()
        for groupby, domain in product(groups, domains):
            with self.subTest(model=model, groupby=groupby, domain=domain):
                read, counted = self.ask(model, domain, groupby, aggregates)
                self.assertEqual(len(read), len(counted))
                for line, other in zip(
                    sorted(map(str, read)), sorted(map(str, counted)), strict=True
                ):
                    self.assertEqual(line, other)

    def assertStates(self):  # noqa: N802  in the style of unittest
        """What cards of campaigns and lines of lists say."""
        contacts = self.env["ecm.contact"]
        found = contacts.search([("campaign_id", "=", self.campaign.id)])
        states = Counter((self.campaign.id, contact.state) for contact in found)
        counted = contacts._count_by_campaign(self.campaign)
        self.assertEqual({(owner, state): n for owner, state, n in counted}, states)

        ready = Counter((c.list_id.id, c.state, c.is_ready) for c in found if c.list_id)
        counted = contacts._count_by_list(self.lists)
        self.assertEqual({tuple(key): n for *key, n in counted}, ready)
        self.assertEqual(sum(self.lists.mapped("contact_count")), sum(ready.values()))

    def test_any_history(self):
        for seed in range(3):
            self.make_history(seed)
            for model, question in QUESTIONS.items():
                self.assertSame(model, *question)
            self.assertSame("ecm.report.contact", *STATES)
            self.assertStates()
            self.env["ecm.results.count"]._add_up()
            self.assertStates()

    def test_a_pivot_and_a_graph_of_the_client(self):
        self.make_history(1)
        report = self.open_report("ecm.report.attempt")
        own, sets = [("campaign_id", "=", self.campaign.id)], [[], ["list_id"]]
        pivot = report.formatted_read_grouping_sets(own, sets, ["__count", "reached:sum"])
        graph = report.formatted_read_group(own, ["list_id"], ["__count"], order="__count desc")
        whole = report.search_count(own)
        self.assertTrue(whole)
        self.assertEqual(pivot[0][0]["__count"], whole)
        self.assertEqual(sum(line["__count"] for line in graph), whole)
        for line in graph:
            self.assertEqual(report.search_count([*own, *line["__extra_domain"]]), line["__count"])

    def test_what_counters_do_not_know_is_read(self):
        for model, questions in OTHERS.items():
            for domain, groupby, aggregates in questions:
                with self.subTest(model=model, domain=domain, groupby=groupby):
                    report = self.open_report(model)
                    chosen = report._choose_source(domain, [groupby], aggregates, None)
                    self.assertFalse(chosen._get_source())

    def test_a_rule_that_counters_do_not_know_holds(self):
        self.make_history(2)
        report = self.open_report("ecm.report.attempt")
        own = [("campaign_id", "=", self.campaign.id)]
        self.env["ir.rule"].create(
            {
                "name": "Nobody's calls",
                "model_id": self.env["ir.model"]._get_id(report._name),
                "domain_force": "[('agent', '=', 'nobody')]",
            }
        )
        [whole] = report.formatted_read_group(own, [], ["__count"])
        self.assertEqual(whole["__count"], 0)
        self.assertTrue(report.sudo().search_count(own))

    def test_a_team_of_others_is_not_counted(self):
        self.make_history(2)
        ours, theirs = self.env["ecm.team"].create([{"name": "Ours"}, {"name": "Theirs"}])
        self.campaign.team_ids = theirs
        ours.user_ids = self.supervisor
        own = [("campaign_id", "=", self.campaign.id)]
        for model in QUESTIONS:
            with self.subTest(model=model):
                report = self.open_report(model)
                self.assertTrue(
                    report.sudo().formatted_read_group(own, [], ["__count"])[0]["__count"]
                )
                self.assertTrue(report._choose_source(own, [], ["__count"], None)._get_source())
                self.assertEqual(report.formatted_read_group(own, [], ["__count"])[0]["__count"], 0)

    def test_no_browser_chooses_counters(self):
        report = self.open_report("ecm.report.attempt")
        for value in ("attempts", 1, ["attempts"], {"name": "attempts"}):
            found = report.with_context(ecm_report_source=value)
            self.assertFalse(found._get_source())
