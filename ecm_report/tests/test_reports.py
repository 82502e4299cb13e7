from collections import Counter
from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import DashboardCase

REPORTS = ("ecm.report.attempt", "ecm.report.contact", "ecm.report.list")


@tagged("post_install", "-at_install")
class TestReports(DashboardCase):
    """Reports say what pages of results say (R5)."""

    def read_group(self, model, groupby, aggregates, user=None):
        report = self.env[model].with_user(user or self.supervisor)
        self.env.flush_all()
        own = [("campaign_id", "=", self.campaign.id)]
        return report._read_group(own, groupby, aggregates)

    def test_attempts_by_outcome(self):
        self.make_calls()
        aggregates = ["__count", "reached:sum", "success:sum", "reached_percent:avg"]
        [whole] = self.read_group("ecm.report.attempt", [], aggregates)
        self.assertEqual(whole, (5, 2, 1, 40.0))
        rows = self.read_group("ecm.report.attempt", ["outcome_id"], ["__count"])
        counts = {outcome.code: count for outcome, count in rows}
        self.assertEqual(counts, {"busy": 2, "voice": 2, "no_answer": 1})

    def test_success_is_of_the_reached(self):
        self.make_calls()
        [(success,)] = self.read_group("ecm.report.attempt", [], ["success_percent:avg"])
        self.assertEqual(success, 50.0)

    def test_wrap_ups_are_counted_with_what_they_are_part_of(self):
        parent = self.sale.copy({"name": "Any sale", "code": "any_sale"})
        self.sale.parent_id = parent
        self.make_calls()
        rows = self.read_group("ecm.report.attempt", ["part_of_id"], ["__count"])
        self.assertIn((parent, 1), rows)

    def test_contacts_as_on_the_results_page(self):
        self.make_calls()
        names = ["__count", "called:sum", "reached:sum", "success:sum", "reached_percent:avg"]
        [(loaded, *others)] = self.read_group("ecm.report.contact", [], names)
        totals = self.campaign.get_results()["totals"]
        self.assertEqual(loaded, totals["loaded"])
        self.assertEqual(
            others, [totals[n] for n in ("called", "reached", "success", "reached_percent")]
        )

    def test_penetration(self):
        contacts = self.make_calls()
        made = Counter(contact.attempt_count for contact in contacts)
        rows = self.read_group("ecm.report.contact", ["attempt_number"], ["__count"])
        self.assertEqual(dict(rows), dict(made))
        self.assertEqual(made[2], 1)

    def test_lists(self):
        self.make_calls()
        rows = self.read_group("ecm.report.list", ["list_id"], ["loaded:sum", "reached:sum"])
        found = {record.name: counts for record, *counts in rows}
        for contact_list in self.lists:
            totals = contact_list.get_results()["totals"]
            expected = [totals["loaded"], totals["reached"]]
            self.assertEqual(found[contact_list.name], expected)

    def test_uploads(self):
        done = self.upload("phone\n+493023125001\n+493023125001\nnone\n")
        self.env.flush_all()
        line = self.env["ecm.report.list"].with_user(self.supervisor).browse(done.id)
        counted = (line.uploaded, line.failed, line.duplicates)
        expected = (done.uploaded_count, done.failed_count, done.duplicate_count)
        self.assertEqual(counted, expected)
        self.assertEqual(line.source, "manual")

    def test_agents_read_no_report(self):
        agent = self.create_user("agent")
        for model in REPORTS:
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(agent).search([])

    def test_reports_are_of_ones_own_teams(self):
        self.make_calls()
        ours, theirs = self.env["ecm.team"].create([{"name": "Ours"}, {"name": "Theirs"}])
        self.campaign.team_ids = theirs
        ours.user_ids = self.supervisor
        for model in REPORTS:
            with self.subTest(model=model):
                self.assertEqual(self.read_group(model, [], ["__count"]), [(0,)])

    def test_every_saved_filter_and_search_filter_works(self):
        self.make_calls()
        for model in REPORTS:
            report = self.env[model].with_user(self.supervisor)
            arch = etree.fromstring(
                report.get_views([(False, "search")])["views"]["search"]["arch"]
            )
            for node in arch.iter("filter"):
                with self.subTest(model=model, filter=node.get("name")):
                    if node.get("domain"):
                        report.search(safe_eval(node.get("domain")), limit=1)
                    if node.get("context"):
                        by = safe_eval(node.get("context"))["group_by"]
                        report.formatted_read_group([], [by], ["__count"])
            for saved in self.env["ir.filters"].search([("model_id", "=", model)]):
                context = safe_eval(saved.context)
                report.formatted_read_group([], context["pivot_row_groupby"], ["__count"])

    def test_every_view_renders(self):
        for model in REPORTS:
            views = [(False, name) for name in ("list", "pivot", "graph", "search")]
            self.assertEqual(len(self.env[model].get_views(views)["views"]), 4)


@tagged("post_install", "-at_install")
class TestDigest(DashboardCase):
    """The week by e-mail (R5)."""

    def test_the_week_in_numbers(self):
        self.make_calls()
        digest = self.env.ref("ecm_report.digest_digest_campaigns")
        self.assertEqual(digest.periodicity, "weekly")
        now = fields.Datetime.now()
        week = {"start_datetime": now - timedelta(days=7), "end_datetime": now + timedelta(hours=1)}
        report = self.env["ecm.report.attempt"]
        own = [
            ("company_id", "=", self.env.company.id),
            ("called_at", ">=", week["start_datetime"]),
        ]
        digest = digest.with_context(**week)
        names = {"attempts": [], "reached": [("reached", "=", 1)], "success": [("success", "=", 1)]}
        for name, domain in names.items():
            expected = report.search_count([*own, *domain])
            self.assertTrue(expected)
            self.assertEqual(digest[f"kpi_ecm_{name}_value"], expected, name)

    def test_an_agent_is_told_nothing(self):
        digest = self.env.ref("ecm_report.digest_digest_campaigns")
        with self.assertRaises(AccessError):
            _value = digest.with_user(self.create_user("agent")).kpi_ecm_attempts_value
