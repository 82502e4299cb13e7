from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestAccess(BridgeCase):
    """Who sees and launches what (R1, R8)."""

    def test_sales_people_see_the_campaigns_that_they_may_launch_and_no_contact(self):
        self.create_campaign("Not for sales")
        seen = self.env["ecm.campaign"].with_user(self.sales).search([])
        self.assertIn(self.campaign, seen)
        self.assertEqual(seen.mapped("is_crm_launch"), [True] * len(seen))
        with self.assertRaises(AccessError):
            self.env["ecm.contact"].with_user(self.sales).search([])
        with self.assertRaises(AccessError):
            self.campaign.with_user(self.sales).name = "Mine"

    def test_sales_people_without_the_right_see_no_campaign(self):
        other = self.create_sales("ecm_sales_without", launch=False)
        with self.assertRaises(AccessError):
            self.env["ecm.campaign"].with_user(other).search([])

    def test_a_supervisor_of_a_team_sees_no_other_teams_campaign_for_being_launched_by_sales(self):
        supervisor = self.create_user("supervisor")
        own, other = self.env["ecm.team"].create([{"name": "Own"}, {"name": "Other"}])
        own.user_ids = supervisor
        self.campaign.team_ids = other
        self.env.flush_all()
        seen = self.env["ecm.campaign"].with_user(supervisor).search([])
        self.assertNotIn(self.campaign, seen)
