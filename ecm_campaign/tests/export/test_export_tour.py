from odoo.tests import tagged

from ..common import TourCase
from .test_export import ExportCase


@tagged("post_install", "-at_install")
class TestExportTour(TourCase, ExportCase):
    """A supervisor exports what a filter finds (L10, U1)."""

    def test_export(self):
        self.env.cr.execute("DELETE FROM ecm_attempt")
        self.env.cr.execute("DELETE FROM ecm_contact")
        self.env.invalidate_all()
        self.create_contacts(3)
        self.start("/odoo/outbound-contacts", "ecm_campaign_export")
        job = self.env["ecm.export"].search([("user_id", "=", self.supervisor.id)])
        self.assertEqual((job.state, job.file_format), ("queued", "csv"))
        self.env["ecm.export"]._cron_run()
        self.env.invalidate_all()
        self.start("/odoo/outbound-exports", "ecm_campaign_export_ready")

    def start(self, url, tour):
        self.start_tour(url, tour, login=self.supervisor.login, timeout=180)
        self.env.invalidate_all()
