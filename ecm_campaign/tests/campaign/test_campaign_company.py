from odoo.exceptions import UserError

from ..common import CampaignCase


class TestCampaignCompany(CampaignCase):
    """What a campaign uses is of its own company, or of all (E10, Y4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Other"})
        own = {"company_id": cls.env.company.id}
        cls.parts = {
            "group_id": cls.env["ecm.campaign.group"].create({"name": "Own", **own}),
            "strategy_id": cls.strategy.copy(own),
            "business_outcome_group_id": cls.env["ecm.business.outcome.group"].create(
                {"name": "Own", **own}
            ),
        }

    def by_rpc(self):
        """The campaign as a supervisor of both companies has it."""
        companies = self.env.company | self.other
        supervisor = self.create_user(
            "supervisor", company_id=self.env.company.id, company_ids=companies.ids
        )
        return self.campaign.with_user(supervisor).with_context(allowed_company_ids=companies.ids)

    def test_a_campaign_does_not_take_another_companys_parts_along(self):
        campaign = self.by_rpc()
        campaign.write({"strategy_id": self.strategy.id})
        for name, part in self.parts.items():
            with self.subTest(part=name):
                self.campaign.write({name: part.id})
                with self.assertRaises(UserError), self.cr.savepoint():
                    campaign.write({"company_id": self.other.id})
                self.campaign.write({name: self.strategy.id if name == "strategy_id" else False})

    def test_nor_is_it_given_any(self):
        campaign = self.by_rpc()
        campaign.write({"company_id": self.other.id})
        for name, part in self.parts.items():
            with (
                self.subTest(part=name),
                self.assertRaises(UserError),
                self.cr.savepoint(),
            ):
                campaign.write({name: part.id})
