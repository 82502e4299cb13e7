from odoo.tests import Form, new_test_user

from odoo.addons.ecm_campaign.tests.common import CampaignCase

NUMBER = "+493023125000"


class BridgeCase(CampaignCase):
    """A campaign that sales people may launch, and a sales person who may launch it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.de = cls.env.ref("base.de")
        cls.campaign.is_crm_launch = True
        cls.sales = cls.create_sales("ecm_sales")
        cls.manager = cls.create_manager("ecm_manager")

    @classmethod
    def create_sales(cls, login, group="sales_team.group_sale_salesman", launch=True, **values):
        """A sales person, who sees their own leads unless another group of sales is given."""
        groups = [group, *(["ecm_crm_bridge.ecm_crm_bridge_group_launch"] if launch else [])]
        return new_test_user(cls.env, login=login, groups=",".join(groups), **values)

    @classmethod
    def create_manager(cls, login, **values):
        """A supervisor of campaigns who sees all leads."""
        groups = (
            "ecm_campaign.ecm_campaign_group_supervisor,sales_team.group_sale_salesman_all_leads"
        )
        return new_test_user(cls.env, login=login, groups=groups, **values)

    @classmethod
    def create_lead(cls, phone=NUMBER, **values):
        return cls.env["crm.lead"].create({"name": "A lead", "phone": phone, **values})

    def draft(self, records, campaign=None, user=None, template=None, **choices):
        """The form that *Launch campaign* opens, filled and saved.

        :param records: what the button is pressed on
        :return: the launch
        """
        records = records.with_user(user or self.manager)
        action = records.action_ecm_launch()
        launches = self.env[action["res_model"]].with_user(records.env.user)
        form = Form(launches.with_context(**action["context"]))
        if template:
            form.is_new_campaign = True
            form.template_id = template
        else:
            form.campaign_id = campaign or self.campaign
        for name, value in choices.items():
            setattr(form, name, value)
        return form.save()

    def import_launch(self, draft):
        """Press *Launch*; then the background jobs."""
        draft.action_launch()
        self.env["ecm.crm.launch"]._cron_launch()
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        return draft

    def launch(self, records, campaign=None, **choices):
        return self.import_launch(self.draft(records, campaign, **choices))
