from odoo.addons.ecm_campaign.hooks import release_tables


def uninstall_hook(env):
    """Leave nothing behind: messages that were shipped may be in use."""
    release_tables(env, "ecm_sms")
    env.cr.execute("UPDATE ecm_campaign SET sms_template_id = NULL")
    env.cr.execute("UPDATE ecm_strategy_attempt SET sms_template_id = NULL")
