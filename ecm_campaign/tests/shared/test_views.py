import re

from lxml import etree

from odoo import fields
from odoo.tools.safe_eval import datetime, dateutil, safe_eval

from ..common import CampaignCase

# What the web client's search bar and its sample data know (web's INTERVAL_OPTIONS, SampleServer).
INTERVALS = {"year", "quarter", "month", "week", "day"}
GROUP_BY = re.compile(r"'group_by':\s*'\w+:(\w+)'")


class TestViews(CampaignCase):
    """Views ask nothing of the web client that makes it crash (U2, U3)."""

    def get_views(self, *types):
        views = self.env["ir.ui.view"].search([("model", "=like", "ecm.%"), ("type", "in", types)])
        self.assertTrue(views)
        return [(view.name, etree.fromstring(view.arch)) for view in views]

    def test_filters_group_by_intervals_that_the_search_bar_knows(self):
        for name, arch in self.get_views("search"):
            for choice in arch.iterfind(".//filter[@context]"):
                with self.subTest(view=name, filter=choice.get("name")):
                    asked = set(GROUP_BY.findall(choice.get("context")))
                    self.assertLessEqual(asked, INTERVALS)

    def get_filters(self):
        """:return: every filter as people are shown it, as ``(model, view name, filter)``"""
        found = []
        # A view that extends another is part of it.
        whole = [("model", "=like", "ecm.%"), ("type", "=", "search"), ("mode", "=", "primary")]
        for view in self.env["ir.ui.view"].search(whole):
            model = self.env[view.model]
            arch = model.get_views([(view.id, "search")])["views"]["search"]["arch"]
            for choice in etree.fromstring(arch).iter("filter"):
                found.append((model, view.name, choice))
        self.assertTrue(found)
        return found

    def test_every_filter_answers(self):
        # What the web client knows of these.
        known = {"uid": self.env.uid, "context_today": fields.Date.today, "datetime": datetime}
        known["relativedelta"] = dateutil.relativedelta.relativedelta
        for model, view, choice in self.get_filters():
            domain = safe_eval(choice.get("domain") or "[]", known)
            grouped = safe_eval(choice.get("context") or "{}", known).get("group_by")
            with self.subTest(view=view, filter=choice.get("name")):
                model.search(domain, limit=1)
                if grouped:
                    model.formatted_read_group(domain, [grouped], ["__count"])

    def test_sample_data_is_shown_only_where_it_knows_the_interval(self):
        for name, arch in self.get_views("graph", "pivot"):
            if arch.get("sample") == "1":
                asked = {field.get("interval") for field in arch.iterfind("field[@interval]")}
                with self.subTest(view=name):
                    self.assertLessEqual(asked, INTERVALS)

    def test_calls_open_with_filters_that_there_are(self):
        run = self.env["ecm.dry.run"].create({"campaign_id": self.campaign.id})
        views = run.line_ids.get_views([(False, "search")])["views"]
        arch = etree.fromstring(views["search"]["arch"])
        filters = {f"search_default_{choice.get('name')}" for choice in arch.iter("filter")}
        for interval in ("hour", "day"):
            with self.subTest(interval=interval):
                action = run.with_context(ecm_interval=interval).action_view_calls()
                self.assertLessEqual(set(action["context"]), filters)
