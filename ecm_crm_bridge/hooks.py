from odoo.addons.ecm_campaign.hooks import release_tables


def uninstall_hook(env):
    """Leave nothing behind (requirement R9)."""
    release_tables(env, "ecm_crm_bridge")
