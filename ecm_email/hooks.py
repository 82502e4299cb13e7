from odoo.addons.ecm_campaign.hooks import release_tables


def uninstall_hook(env):
    """Leave nothing behind: templates that were shipped may be in use."""
    release_tables(env, "ecm_email")
    env.cr.execute("UPDATE ecm_campaign SET email_template_id = NULL")
    env.cr.execute("UPDATE ecm_strategy_attempt SET email_template_id = NULL")
