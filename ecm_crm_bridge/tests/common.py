from odoo.tests import new_test_user

from odoo.addons.ecm_campaign.tests.common import CampaignCase

NUMBER = "+493023125000"


class BridgeCase(CampaignCase):
    """A campaign that sales people may launch, and a sales person who may launch it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.is_crm_launch = True
        cls.sales = cls.create_sales("ecm_sales")

    @classmethod
    def create_sales(cls, login, group="sales_team.group_sale_salesman", launch=True, **values):
        """A sales person, who sees their own leads unless another group of sales is given."""
        groups = [group, *(["ecm_crm_bridge.ecm_crm_bridge_group_launch"] if launch else [])]
        return new_test_user(cls.env, login=login, groups=",".join(groups), **values)

    @classmethod
    def create_lead(cls, phone=NUMBER, **values):
        return cls.env["crm.lead"].create({"name": "A lead", "phone": phone, **values})
