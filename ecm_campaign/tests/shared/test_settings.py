from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from ...const import MAX_UPLOAD_MB, UPLOAD_PARAMETER
from ..common import CampaignCase

MEGABYTE = 2**20


class TestSettings(CampaignCase):
    """What was a system parameter has a page (P24), also for who is no system administrator (P27)."""

    def get_max_size(self):
        return self.env["ecm.contact.upload"]._get_max_size()

    def test_the_suites_administrator_changes_it(self):
        administrator = self.create_user("administrator")
        self.assertFalse(administrator.has_group("base.group_system"))
        form = Form(self.env["ecm.settings"].with_user(administrator))
        self.assertEqual(form.max_upload_mb, MAX_UPLOAD_MB)
        self.assertTrue(form.key_prefix)
        form.max_upload_mb = 7
        form.save().action_save()
        self.assertEqual(self.get_max_size(), 7 * MEGABYTE)

    @mute_logger("odoo.models", "odoo.orm.models", "odoo.addons.base.models.ir_model")
    def test_supervisors_do_not(self):
        supervisor = self.create_user("supervisor")
        with self.assertRaises(AccessError):
            self.env["ecm.settings"].with_user(supervisor).create({"max_upload_mb": 7})

    def test_odoos_settings_have_it_too(self):
        system = new_test_user(
            self.env,
            login="ecm_system",
            groups="base.group_system,ecm_campaign.ecm_campaign_group_administrator",
        )
        settings = self.env["res.config.settings"].with_user(system)
        arch = settings.get_views([(False, "form")])["views"]["form"]["arch"]
        shown = etree.fromstring(arch).xpath("//app[@name='ecm_campaign']//field/@name")
        self.assertEqual(shown, ["ecm_max_upload_mb"])
        settings.create({"ecm_max_upload_mb": 9}).execute()
        self.assertEqual(self.get_max_size(), 9 * MEGABYTE)
        settings.create({"ecm_max_upload_mb": 0}).execute()
        self.assertEqual(self.get_max_size(), MAX_UPLOAD_MB * MEGABYTE)

    def test_a_value_that_is_no_size_is_as_shipped(self):
        for text in ("0", "-5", "many"):
            with self.subTest(text=text):
                self.env["ir.config_parameter"].set_param(UPLOAD_PARAMETER, text)
                self.assertEqual(self.get_max_size(), MAX_UPLOAD_MB * MEGABYTE)
