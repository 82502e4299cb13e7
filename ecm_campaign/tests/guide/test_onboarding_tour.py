from odoo.tests import new_test_user, tagged

from ..common import TourCase


@tagged("post_install", "-at_install")
class TestOnboarding(TourCase):
    """What Odoo shows to whoever is new."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.country_id = cls.env.ref("base.de")
        group = "ecm_campaign.ecm_campaign_group_supervisor"
        cls.supervisor = new_test_user(cls.env, login="ecm_onboarding", groups=group, tz="UTC")

    def test_the_first_campaign(self):
        self.start_tour("/odoo", "ecm_campaign_tour_done", login="ecm_onboarding", timeout=180)
        campaign = self.env["ecm.campaign"].search([("user_id", "=", self.supervisor.id)])
        self.assertEqual(campaign.name, "My first campaign")
        self.assertEqual(campaign.list_ids.name, "offer.csv")

    def test_it_is_there_for_who_wants_it_and_in_nobodys_way(self):
        tour = self.env["web_tour.tour"].with_user(self.supervisor)
        self.assertFalse(tour.get_current_tour())
        self.supervisor.tour_enabled = True
        named = tour.get_tour_json_by_name("ecm_campaign_tour")
        self.assertIn("The way of every campaign", named["rainbowManMessage"])
        tour.search([("name", "!=", "ecm_campaign_tour")]).sudo().user_consumed_ids = [
            (4, self.supervisor.id)
        ]
        self.assertEqual(tour.get_current_tour()["name"], "ecm_campaign_tour")
        tour.consume("ecm_campaign_tour")
        self.assertFalse(tour.get_current_tour())
