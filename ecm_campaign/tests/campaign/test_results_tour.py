from odoo import fields
from odoo.tests import tagged

from ..common import ResultCase, TourCase


@tagged("post_install", "-at_install")
class TestResultsTour(TourCase, ResultCase):
    """What a campaign came to is one click away, which the tour counts (U10)."""

    def test_results_in_one_click(self):
        self.campaign.write({"name": "Tour of results", "started_at": fields.Datetime.now()})
        first = self.env["ecm.contact.list"].create(
            {"name": "first.csv", "campaign_id": self.campaign.id}
        )
        for number, code in ((1, "voice"), (2, "busy")):
            phone = f"+49302312500{number}"
            self.call(self.create_contact(phone_1=phone, list_id=first.id), code)
        supervisor = self.create_user("supervisor", tz="UTC")
        self.start_tour(
            "/odoo/outbound-campaigns",
            "ecm_campaign_results",
            login=supervisor.login,
            timeout=180,
        )
