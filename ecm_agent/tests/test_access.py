from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import AgentCase


@tagged("post_install", "-at_install")
class TestAccess(AgentCase):
    """Whose card it is (R8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_contacts(2)

    def test_an_agent_sees_own_cards_alone(self):
        card = self.take()
        self.assertFalse(self.cards(self.boris).search([]) & card)
        for name, args in (
            ("read", [["number"]]),
            ("keep", []),
            ("accept", []),
            ("call", []),
            ("skip", [1]),
            ("wrap_up", ["outcome:1"]),
            ("take_back", []),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(card.with_user(self.boris), name)(*args)
        self.assertEqual(card.state, "offered")

    def test_a_supervisor_does_not_speak_for_an_agent(self):
        supervisor = self.create_user("supervisor")
        card = self.take()
        self.assertTrue(card.with_user(supervisor).number)
        with self.assertRaises(AccessError):
            card.with_user(supervisor).wrap_up(self.choose("sold"))

    def test_an_agent_takes_nobodys_card_back(self):
        with self.assertRaises(AccessError):
            self.take().take_back()

    def test_an_agent_of_another_team_gets_none(self):
        other = self.create_user("agent", login="other")
        self.create_team("Back office", other)
        self.assertFalse(self.take(other))
        self.assertIn("no team", self.cards(other).request_card()["notice"])

    def test_an_agent_of_another_company_gets_none(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        other = self.create_user(
            "agent", login="other", company_id=company.id, company_ids=[(6, 0, company.ids)]
        )
        # Wrongly in the team all the same.
        self.team.company_id = self.env.company
        self.team.sudo().user_ids |= other
        self.assertFalse(self.take(other))

    def test_a_supervisor_of_another_team_sees_no_card(self):
        supervisor = self.create_user("supervisor")
        self.create_team("Back office", supervisor)
        card = self.take()
        with self.assertRaises(AccessError):
            card.with_user(supervisor).take_back()

    def test_nobody_writes_a_card(self):
        card = self.take()
        for user in (self.anna, self.create_user("supervisor")):
            with self.assertRaises(AccessError):
                card.with_user(user).write({"user_id": user.id})

    def test_no_client_says_who_takes_a_card(self):
        forged = {"ecm_agent_takes": [self.boris.id, "boris", None]}
        self.cards().with_context(**forged).request_card()
        self.assertEqual(self.cards()._get_in_hand(self.anna).user_id, self.anna)
        self.assertFalse(self.cards(self.boris)._get_in_hand(self.boris))
