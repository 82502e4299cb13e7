from odoo.tests import new_test_user, tagged

from odoo.addons.ecm_campaign.tests.common import TourCase


@tagged("post_install", "-at_install")
class TestExplainTour(TourCase):
    """A supervisor forecasts a campaign, and finds out why it is not dialling (R6, S9)."""

    def test_dry_run_and_why_it_is_not_dialling(self):
        supervisor = new_test_user(
            self.env, login="ecm_why", groups="ecm_campaign.ecm_campaign_group_supervisor", tz="UTC"
        )
        dialer = self.env["ecm.dialer"].create(
            {"name": "UCCX", "host": "uccx.invalid", "user": "admin", "is_enabled": True}
        )
        target = self.env["ecm.dialer.campaign"].create(
            {
                "dialer_id": dialer.id,
                "key": "7",
                "name": "Sales",
                "kind": "agent",
                "is_enabled": False,
            }
        )
        campaign = self.env["ecm.campaign"].create(
            {
                "name": "Idle offer",
                "strategy_id": self.env["ecm.strategy"].create({"name": "Empty"}).id,
                "calendar_id": False,
                "keeps_region_rules": False,
                "tz": "UTC",
                "dialer_campaign_id": target.id,
            }
        )
        wave = self.env["ecm.contact.list"].create({"name": "Old wave", "campaign_id": campaign.id})
        contacts = self.env["ecm.contact"].create(
            [
                {"campaign_id": campaign.id, "phone_1": f"+4930231250{number:02d}"}
                for number in range(10)
            ]
        )
        contacts[9].list_id = wave
        wave.action_stop()

        self.start_tour("/odoo/outbound-campaigns", "ecm_dialer_explain", login=supervisor.login)

        self.assertTrue(campaign.is_running)
        run = self.env["ecm.dry.run"].search([("campaign_id", "=", campaign.id)])
        self.assertEqual((run.state, run.contact_count, run.user_id), ("done", 10, supervisor))
        self.assertEqual(set(contacts.mapped("state")), {"pending"})
