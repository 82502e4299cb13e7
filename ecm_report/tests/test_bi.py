import re
from pathlib import Path

from odoo.tests import tagged

from ..tools import bi
from .common import DashboardCase

MODULE = Path(__file__).parents[1]
# What no reader of figures needs.
PERSONAL = re.compile(r"phone|number|e_?mail|first_name|last_name|password|secret|key_prefix")


@tagged("post_install", "-at_install")
class TestBi(DashboardCase):
    """SQL views for reporting tools (R5); their reader: tests/e2e/test_bi_reader.py."""

    def fetch(self, query, *values):
        self.env.flush_all()
        self.env.cr.execute(query, values)
        return self.env.cr.fetchall()

    def test_figures_are_those_of_the_reports(self):
        self.make_calls()
        own = "WHERE campaign_id = %s"
        [counted] = self.fetch(
            "SELECT count(*), count(*) FILTER (WHERE is_reached), "
            f"count(*) FILTER (WHERE is_success) FROM ecm_bi.attempt {own} AND state = 'done'",
            self.campaign.id,
        )
        self.assertEqual(counted, (5, 2, 1))
        [(attempts,)] = self.fetch(
            f"SELECT sum(attempts) FROM ecm_bi.attempt_hour {own}", self.campaign.id
        )
        self.assertEqual(attempts, 5)
        [counted] = self.fetch(
            "SELECT count(*), count(*) FILTER (WHERE is_called), "
            f"count(*) FILTER (WHERE is_reached) FROM ecm_bi.contact {own}",
            self.campaign.id,
        )
        totals = self.campaign.get_results()["totals"]
        self.assertEqual(counted, (totals["loaded"], totals["called"], totals["reached"]))

    def test_every_view_can_be_read(self):
        for name in bi.VIEWS:
            with self.subTest(view=name):
                self.fetch(f"SELECT * FROM {bi.SCHEMA}.{name} LIMIT 1")

    def test_no_column_is_personal_and_each_has_a_comment(self):
        rows = self.fetch(
            """SELECT c.relname, a.attname, col_description(c.oid, a.attnum)
                 FROM pg_class c
                 JOIN pg_namespace n ON n.oid = c.relnamespace
                 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                WHERE n.nspname = %s AND c.relkind = 'v'""",
            bi.SCHEMA,
        )
        self.assertEqual({view for view, *_others in rows}, set(bi.VIEWS))
        for view, column, comment in rows:
            with self.subTest(view=view, column=column):
                self.assertTrue(comment)
                self.assertFalse(PERSONAL.search(column))

    def test_the_docs_have_these_tables(self):
        page = MODULE.parent / "docs" / "bi.md"
        self.assertIn(bi.get_tables().strip(), page.read_text())
