from odoo.tests import new_test_user, tagged

from .test_writeback import WritebackCase
from odoo.addons.ecm_campaign.tests.common import TourCase


@tagged("post_install", "-at_install")
class TestWritebackTour(TourCase, WritebackCase):
    """A supervisor sets up what results write, and it is written (R2)."""

    def test_a_rule_is_set_up_and_works(self):
        supervisor = new_test_user(
            self.env,
            login="ecm_rules",
            groups="ecm_campaign.ecm_campaign_group_supervisor",
            tz="UTC",
        )
        stage = self.env["crm.stage"].create({"name": "Stage of the tour", "sequence": 990})
        self.start_tour(
            "/odoo/outbound-write-back",
            "ecm_crm_bridge_write_back",
            login=supervisor.login,
            timeout=120,
        )
        self.env.invalidate_all()
        rule = self.env["ecm.writeback.rule"].search([("name", "=", "Busy: try later")])
        self.assertEqual((rule.outcome_ids.code, rule.stage_id), ("busy", stage))
        self.assertEqual(rule.value_ids.mapped("value"), ["High"])

        self.call(self.contact, "busy")
        self.write_back()
        self.assertEqual((self.lead.stage_id, self.lead.priority), (stage, "2"))
        self.assertEqual(self.lead.activity_ids.summary, "Ring Ada")
