from odoo.addons.ecm_campaign.hooks import release_tables


def uninstall_hook(env):
    """Leave nothing behind: system parameters have no external IDs that Odoo could follow."""
    release_tables(env, "ecm_crm_bridge")
    parameters = env["ir.config_parameter"].search([("key", "=like", r"ecm\_crm\_bridge.%")])
    parameters.unlink()
