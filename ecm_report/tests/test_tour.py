from odoo.tests import tagged

from .common import DashboardCase
from odoo.addons.ecm_campaign.tests.common import TourCase


@tagged("post_install", "-at_install")
class TestTour(TourCase, DashboardCase):
    """A supervisor's day begins on the dashboard (R5)."""

    def setUp(self):
        super().setUp()
        self.campaign.name = "Tour of the dashboard"

    def start(self, tour, page="outbound-dashboard"):
        self.start_tour(f"/odoo/{page}", tour, login=self.supervisor.login, timeout=180)

    def test_a_blocked_contact_is_found(self):
        self.make_calls()
        self.start("ecm_report_dashboard")

    def test_side_by_side(self):
        self.make_calls()
        self.campaign.copy({"name": "Tour beside it"})
        self.start("ecm_report_comparison", "outbound-campaigns?view_type=list")
