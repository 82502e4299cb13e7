from odoo.tests import tagged

from .common import EmailCase
from odoo.addons.ecm_campaign.tests.common import TourCase


@tagged("post_install", "-at_install")
class TestEmailTour(TourCase, EmailCase):
    """A supervisor adds an e-mail step, and sees what came of an e-mail (M7, U1)."""

    def test_email_step(self):
        supervisor = self.create_user("supervisor", login="ecm_mailer")
        # The strategy of a campaign that runs is locked.
        self.emails.is_running = False
        self.strategy.name = "Mail first"
        self.start_tour(
            "/odoo/outbound-strategies", "ecm_email_step", login=supervisor.login, timeout=180
        )

    def test_what_came_of_an_email(self):
        supervisor = self.create_user("supervisor", login="ecm_mailer")
        contact = self.create_people()
        self.turn()
        self.get_email(contact)._note_event("opened")
        self.start_tour(
            "/odoo/outbound-emails", "ecm_email_seen", login=supervisor.login, timeout=180
        )
