from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import AgentCase
from odoo.addons.ecm_campaign.tests.common import TourCase

NAMES = ("Ada One", "Bela Two", "Cleo Three", "Dora Four", "Egon Five")


@tagged("post_install", "-at_install")
class TestDeskTour(TourCase, AgentCase):
    """The desk in a browser whose console stays free of errors (R7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.agent_script = "<p>Good day {{ First name }}</p>"
        for place, name in enumerate(NAMES):
            first, last = name.split()
            number = f"+49302312520{place}"
            cls.create_contact(first_name=first, last_name=last, phone_1=number)

    def start(self, tour, user=None, page="outbound-desk"):
        self.env.flush_all()
        user = user or self.anna
        self.start_tour(f"/odoo/{page}", tour, login=user.login, timeout=120)
        self.env.invalidate_all()

    def test_five_cards_by_keyboard(self):
        self.start("ecm_agent_five_cards")
        ada, bela, cleo, dora, egon = self.contacts_of(self.campaign)
        said = {each.contact_id: each.business_outcome_id.code for each in self.own_cards()}
        self.assertEqual((said[ada], ada.state), ("sold", "connected"))
        self.assertEqual((bela.last_outcome_id.code, bela.state), ("no_answer", "pending"))
        self.assertEqual((said[cleo], cleo.state), ("never", "dnc_listed"))
        self.assertEqual((dora.block_reason, dora.attempt_count), ("skipped", 0))
        self.assertEqual((said[egon], egon.callback), ("later", "personal"))
        notes = self.own_cards().filtered(lambda card: card.contact_id == cleo).mapped("note")
        self.assertEqual(notes, ["Has 3 children"])

    def own_cards(self):
        return self.env["ecm.card"].search([("user_id", "=", self.anna.id)])

    def test_a_closed_browser_brings_the_card_back(self):
        self.start("ecm_agent_take_card")
        card = self.own_cards()
        self.assertEqual(card.state, "offered")
        # The browser is closed now; its lease ends.
        left = card.lease_until - fields.Datetime.now()
        self.assertLess(left, timedelta(seconds=125))
        self.lose_browser(card)
        self.take_turn()
        self.assertEqual((card.state, card.contact_id.state), ("expired", "pending"))
        self.assertEqual(self.take(self.boris).contact_id, card.contact_id)

    def test_listed_while_it_is_looked_at(self):
        card = self.take()
        self.env["phone.blacklist"].sudo().add(card.number)
        self.start("ecm_agent_card_gone")
        self.assertEqual(card.state, "barred")

    def test_a_supervisor_takes_it_back(self):
        supervisor = self.create_user("supervisor")
        card = self.take()
        self.start("ecm_agent_take_back", supervisor, "outbound-cards")
        self.assertEqual((card.state, card.contact_id.state), ("taken_back", "pending"))
