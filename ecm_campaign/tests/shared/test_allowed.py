from odoo.tests import tagged

from ..allowed import AllowedCase


@tagged("post_install", "-at_install")
class TestAllowed(AllowedCase):
    """Nobody reaches what nobody has allowed (E8, E25, R8)."""

    addon = "ecm_campaign"

    @classmethod
    def _make_records(cls):
        cls.create_contact()
        blocked = cls.env["ecm.dnc.list"].search([], limit=1)
        cls.env["ecm.dnc.load"].create({"list_id": blocked.id})
        cls.env["ecm.health.line"].create(
            {
                "key": "ir.cron,0,job",
                "name": "Some job",
                "kind": "job",
                "res_model": "ir.cron",
                "res_id": cls.env.ref("ecm_campaign.ir_cron_lists").id,
                "company_id": cls.env.company.id,
            }
        )

        # Odoo notes what was changed at the end of a transaction.
        blocked.with_context(tracking_disable=False).max_age_days = 77
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        # Whoever exports needs Odoo's own right to as well.
        for role in ("supervisor", "administrator"):
            cls.users[role].group_ids += cls.env.ref("base.group_allow_export")
        # Only whoever asked for an export reaches it: here the administrator.
        cls.env["ecm.export"].create(
            {
                "model": "ecm.contact",
                "source_domain": "[]",
                "file_format": "csv",
                "columns": ["phone_1"],
                "user_id": cls.users["administrator"].id,
                "file_ids": [(0, 0, {"name": "contacts.csv", "row_count": 1, "file_size": 9})],
            }
        )

    def test_models_fields_methods_and_routes(self):
        self.check_everything()

    def test_another_company(self):
        self.check_foreign_company()

    def test_another_companys_methods(self):
        self.check_foreign_methods()
