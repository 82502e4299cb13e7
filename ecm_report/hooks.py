from .tools import bi, report_triggers
from odoo.addons.ecm_campaign.hooks import release_tables


def post_init_hook(env):
    """Count what was there before, and give the readers of SQL views their schema (R5)."""
    env["ecm.report.count"]._count_anew()


def uninstall_hook(env):
    """Leave nothing behind (requirement R9)."""
    for statement in report_triggers.get_drop_statements():
        env.cr.execute(statement)
    env.cr.execute(f"DROP SCHEMA IF EXISTS {bi.SCHEMA} CASCADE")
    release_tables(env, "ecm_report")
