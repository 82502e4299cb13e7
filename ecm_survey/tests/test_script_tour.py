from odoo.tests import tagged

from .common import ScriptCase
from odoo.addons.ecm_campaign.tests.common import TourCase


@tagged("post_install", "-at_install")
class TestScriptTour(TourCase, ScriptCase):
    """An agent is led through a call by keyboard, in a browser whose console stays free of errors
    (R10, R7).
    """

    def start(self, tour):
        self.env.flush_all()
        self.start_tour("/odoo/outbound-desk", tour, login=self.anna.login, timeout=120)
        self.env.invalidate_all()

    def test_a_card_with_its_script_by_keyboard(self):
        contact = self.create_contact(first_name="Ada", last_name="One")
        self.start("ecm_survey_card")
        attempt = contact.attempt_ids
        self.assertEqual((attempt.business_outcome_id.code, contact.state), ("sold", "connected"))
        self.assertEqual(set(contact.answer_ids.mapped("answer")), {"Yes", "4"})
        self.assertEqual(attempt.script_outcome_id.code, "sold")

    def test_the_agent_chooses_another_wrap_up(self):
        contact = self.create_contact(first_name="Ada", last_name="One")
        self.start("ecm_survey_card_changed")
        self.assertEqual(contact.attempt_ids.business_outcome_id.code, "never")
        self.assertEqual(contact.attempt_ids.script_outcome_id.code, "sold")
