from datetime import date

from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestHoursTour(HttpCase):
    """A supervisor sets hours with a holiday in at most eight clicks, which the tour counts (F)."""

    # The screens' requests follow each other closely, and wait for one cursor.
    test_cursor_lock_timeout = 120

    def test_hours_with_a_holiday_in_eight_clicks(self):
        new_test_user(
            self.env,
            login="ecm_hours",
            groups="ecm_campaign.ecm_campaign_group_supervisor",
            tz="UTC",
        )
        self.start_tour(
            "/odoo/action-ecm_campaign.ecm_campaign_action",
            "ecm_campaign_hours",
            login="ecm_hours",
            timeout=180,
        )
        hours = self.env["ecm.calling.hours"].search([("name", "=", "Tour hours")])
        self.assertEqual(hours.monday, "09:00–13:00, 14:00–20:00")
        self.assertEqual(hours.holiday_ids.mapped("name"), ["Inventory"])
        year = date.today().year + 1
        self.assertEqual(hours.holiday_ids.date_from, date(year, 1, 2))
        self.assertEqual(len(hours.calendar_id.leave_ids), 1)
