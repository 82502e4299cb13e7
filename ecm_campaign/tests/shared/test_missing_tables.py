from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL


@tagged("post_install", "-at_install")
class TestMissingTables(TransactionCase):
    """New code, and another module is updated first: Odoo then calls ``init`` of models that have no
    table yet, which must not keep that module from being updated (``check_tables_exist`` of Odoo).
    """

    def test_no_model_expects_its_table(self):
        for name in sorted(self.env.registry):
            model = self.env[name]
            if not name.startswith("ecm.") or model._abstract or model._table_query:
                continue
            # Those with an ``init`` of their own.
            if not any("init" in vars(base) for base in type(model).mro() if _is_ours(base)):
                continue
            with self.subTest(name):
                self.env.cr.execute("SAVEPOINT missing_table")
                table = SQL.identifier(model._table)
                self.env.cr.execute(SQL("DROP TABLE %s CASCADE", table))
                model.init()
                # Triggers that write to it would fail.
                self.env.cr.execute(
                    SQL("SELECT count(*) FROM pg_class WHERE relname = %s", model._table)
                )
                self.assertEqual(self.env.cr.fetchone(), (0,))
                self.env.cr.execute("ROLLBACK TO SAVEPOINT missing_table")


def _is_ours(base):
    return base.__module__.startswith("odoo.addons.ecm_")
