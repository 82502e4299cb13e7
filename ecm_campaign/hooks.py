from odoo.tools import SQL

from .tools import results_triggers


def post_init_hook(env):
    """Give this database its own attempt-key prefix, and bind the keys to it."""
    env["ecm.attempt"]._renew_key_prefix(keep=False)
    env["ecm.database.identity"]._bind()


def uninstall_hook(env):
    """Leave nothing behind: system parameters have no external IDs that Odoo could follow."""
    for statement in results_triggers.get_drop_statements():
        env.cr.execute(statement)
    release_tables(env, "ecm_campaign")
    parameters = env["ir.config_parameter"].search([("key", "=like", r"ecm\_campaign.%")])
    parameters.unlink()


def release_tables(env, module):
    """Let the rows of a module that is uninstalled go in any order.

    Odoo deletes what was shipped before it drops columns and tables: one campaign with a shipped
    strategy would keep that strategy, and leave errors in the log.
    """
    tables = []
    for model in env.registry.values():
        if model._original_module == module and model._auto and not model._abstract:
            tables.append(model._table)
    # Restrict, and what PostgreSQL does unless it is told otherwise.
    statement = SQL(
        """SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname)
             FROM pg_constraint
            WHERE contype = 'f' AND confdeltype IN ('a', 'r')
              AND confrelid = ANY(%s::regclass[])""",
        tables,
    )
    for (drop,) in env.execute_query(statement):
        env.cr.execute(drop)
