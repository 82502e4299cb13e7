from odoo.tests import tagged

from .common import AgentCase
from odoo.addons.ecm_campaign.tests.common import TourCase


@tagged("post_install", "-at_install")
class TestOnboarding(TourCase, AgentCase):
    """What Odoo shows to whoever is new at a desk, or has one to fill."""

    def test_the_first_card(self):
        contact = self.create_contact(first_name="Ada", phone_1="+493023125200")
        self.env.flush_all()
        self.start_tour("/odoo/outbound-desk", "ecm_agent_tour", login="anna", timeout=120)
        self.env.invalidate_all()
        card = self.env["ecm.card"].search([("user_id", "=", self.anna.id)])
        self.assertEqual((card.contact_id, card.state), (contact, "done"))
        self.assertEqual(card.business_outcome_id.code, "sold")

    def test_the_first_campaign_runs(self):
        supervisor = self.create_user("supervisor", login="ecm_agent_onboarding", tz="UTC")
        self.env["ir.default"].set("ecm.campaign", "agent_team_id", self.team.id)
        self.start_tour("/odoo", "ecm_campaign_tour_done", login=supervisor.login, timeout=180)
        self.env.invalidate_all()
        campaign = self.env["ecm.campaign"].search([("user_id", "=", supervisor.id)])
        self.assertTrue(campaign.is_running)
