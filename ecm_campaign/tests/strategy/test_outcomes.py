from odoo.exceptions import AccessError, UserError

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

    def test_what_all_companies_share_is_the_administrators_where_there_are_several(self):
        busy = self.env.ref("ecm_campaign.ecm_outcome_busy")
        mapping = {"source": "table", "code": "77", "outcome_id": busy.id}
        supervisor = self.create_user("supervisor")
        busy.with_user(supervisor).name = "Engaged"
        self.env["ecm.outcome.mapping"].with_user(supervisor).create(mapping)

        self.env["res.company"].create({"name": "Other company"})
        for change in (
            lambda outcome: outcome.write({"counts_as_attempt": False}),
            lambda outcome: outcome.create({"name": "Fax", "code": "fax_machine"}),
            lambda outcome: outcome.mapping_ids.write({"outcome_id": outcome.id}),
            lambda outcome: outcome.mapping_ids.unlink(),
        ):
            with self.assertRaisesRegex(AccessError, "ask an administrator"):
                change(busy.with_user(supervisor))
        busy.with_user(self.create_user("administrator")).name = "Busy"

    def test_the_code_of_a_new_outcome_changes_until_it_is_used(self):
        outcome = self.env["ecm.outcome"].create({"name": "Fax", "code": "fax_machine"})
        outcome.code = "fax_found"
        contact = self.create_contact()
        attempt = {"key": "k", "contact_id": contact.id, "campaign_id": self.campaign.id}
        attempt.update(company_id=self.env.company.id, channel="voice", outcome_id=outcome.id)
        self.env["ecm.attempt"].create({**attempt, "claimed_at": "2026-03-02 09:00:00"})
        with self.assertRaisesRegex(UserError, "in use"):
            outcome.code = "fax"
