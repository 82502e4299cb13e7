from odoo.exceptions import UserError

from ..common import CampaignCase


class TestOutcomes(CampaignCase):
    """What results stand under stays what it is (S5)."""

    def test_what_the_engine_gives_itself_keeps_its_code(self):
        for code in ("unknown", "dialer_rejected"):
            outcome = self.env.ref(f"ecm_campaign.ecm_outcome_{code}")
            with self.subTest(code):
                outcome.write({"code": code, "name": "In other words"})
                with self.assertRaisesRegex(UserError, "in use"):
                    outcome.code = "other"
                with self.assertRaisesRegex(UserError, "Every campaign needs"):
                    outcome.unlink()

    def test_the_code_of_a_new_outcome_changes_until_it_is_used(self):
        outcome = self.env["ecm.outcome"].create({"name": "Fax", "code": "fax_machine"})
        outcome.code = "fax_found"
        contact = self.create_contact()
        attempt = {"key": "k", "contact_id": contact.id, "campaign_id": self.campaign.id}
        attempt.update(company_id=self.env.company.id, channel="voice", outcome_id=outcome.id)
        self.env["ecm.attempt"].create({**attempt, "claimed_at": "2026-03-02 09:00:00"})
        with self.assertRaisesRegex(UserError, "in use"):
            outcome.code = "fax"
