import io

from odoo.tests import Form, TransactionCase, new_test_user


class CampaignCase(TransactionCase):
    """A stopped campaign that is always open, with the shipped voice strategy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.env.company.country_id = cls.env.ref("base.de")
        cls.strategy = cls.env.ref("ecm_campaign.ecm_strategy_voice")
        cls.campaign = cls.create_campaign("Spring offer")

    @classmethod
    def create_campaign(cls, name, **values):
        return cls.env["ecm.campaign"].create(
            {"name": name, "strategy_id": cls.strategy.id, "calendar_id": False, "tz": "UTC", **values}
        )

    @classmethod
    def create_contact(cls, campaign=None, **values):
        campaign = campaign or cls.campaign
        return cls.env["ecm.contact"].create({"campaign_id": campaign.id, "phone_1": "+493023125000", **values})

    @classmethod
    def create_user(cls, role, **values):
        return new_test_user(cls.env, login=f"ecm_{role}", groups=f"ecm_campaign.ecm_campaign_group_{role}", **values)

    def upload(self, content, campaign=None, **choices):
        """The upload wizard as a supervisor uses it: file, corrections, *Import*; then the background import.

        :return: the contact list
        """
        contact_list = self.queue(content, campaign, **choices)
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        return contact_list

    def queue(self, content, campaign=None, **choices):
        wizard = self.open_wizard(content, campaign, **choices)
        action = wizard.save().action_import()
        return self.env["ecm.contact.list"].browse(action["res_id"])

    def open_wizard(self, content, campaign=None, **choices):
        """:return: the wizard's form with the file in it"""
        content = content.encode() if isinstance(content, str) else content
        form = Form(
            self.env["ecm.contact.upload"].with_context(default_campaign_id=(campaign or self.campaign).id),
        )
        form.attachment_id = self.env["ecm.contact.upload"]._keep_file("contacts.csv", io.BytesIO(content))
        for name, value in choices.items():
            setattr(form, name, value)
        return form

    def contacts_of(self, campaign):
        """Its contacts in the order of their arrival."""
        return self.env["ecm.contact"].search([("campaign_id", "=", campaign.id)], order="id")
