from odoo.tests import tagged

from odoo.addons.ecm_campaign.tests.common import TourCase


@tagged("post_install", "-at_install")
class TestScreens(TourCase):
    """What a supervisor does with callbacks in Odoo (B10)."""

    def test_every_view_renders(self):
        callbacks = self.env["ecm.callback"]
        names = ("list", "form", "kanban", "calendar", "pivot", "graph", "search", "activity")
        views = callbacks.get_views([(False, name) for name in names])["views"]
        self.assertEqual(set(views), set(names))

    def test_the_report_counts_by_skill_and_whether_it_was_kept(self):
        callbacks = self.env["ecm.callback"]
        rows = callbacks.formatted_read_group([], ["kept"], ["__count"])
        counted = {row["kept"]: row["__count"] for row in rows}
        self.assertGreaterEqual(counted.get("on_time", 0), 1)
