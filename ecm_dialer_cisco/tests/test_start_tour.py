from odoo.tests import new_test_user, tagged

from odoo.addons.ecm_campaign.tests.common import TourCase


@tagged("post_install", "-at_install")
class TestStartTour(TourCase):
    """From nothing to a campaign that runs, with a messy file, in at most ten clicks, which the
    tour counts (U18, U19, U21).
    """

    def test_from_nothing_to_started_with_a_messy_file_in_ten_clicks(self):
        self.env["ecm.campaign"].search([]).write({"active": False, "started_at": False})
        supervisor = new_test_user(
            self.env,
            login="ecm_start",
            groups="ecm_campaign.ecm_campaign_group_supervisor",
            tz="UTC",
        )
        self.env.company.country_id = self.env.ref("base.us")
        dialer = self.env["ecm.dialer"].create(
            {"name": "UCCX", "host": "uccx.invalid", "user": "admin", "is_enabled": True}
        )
        target = self.env["ecm.dialer.campaign"].create(
            {
                "dialer_id": dialer.id,
                "key": "7",
                "name": "Sales of the tour",
                "kind": "agent",
                "is_enabled": True,
            }
        )
        self.start_tour(
            "/odoo/outbound-campaigns", "ecm_dialer_start", login=supervisor.login, timeout=180
        )
        campaign = self.env["ecm.campaign"].search([("name", "=", "Tour to the start")])
        self.assertTrue(campaign.is_running)
        self.assertEqual(campaign.dialer_campaign_id, target)

        self.env["ecm.contact.list"]._cron_import()
        numbers = (
            self.env["ecm.contact"].search([("campaign_id", "=", campaign.id)]).mapped("phone_1")
        )
        self.assertEqual(sorted(numbers), ["+493023125001", "+493023125002", "+493023125003"])
