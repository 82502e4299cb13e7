from odoo.addons.ecm_campaign.hooks import release_tables


def post_init_hook(env):
    """Have Odoo serve the API's paths."""
    env.ref("ecm_rest_api.fastapi_endpoint_ecm").action_sync_registry()


def uninstall_hook(env):
    """Leave nothing behind: the counters are no model's table."""
    env.cr.execute("DROP TABLE IF EXISTS ecm_api_rate")
    release_tables(env, "ecm_rest_api")
    parameters = env["ir.config_parameter"].search([("key", "=like", r"ecm\_rest\_api.%")])
    parameters.unlink()
    # Odoo's keys would stay, and open nothing.
    keys = env["res.users.apikeys"].sudo().search([("scope", "=", "ecm.rest")])
    keys.unlink()
