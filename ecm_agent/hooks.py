from odoo.addons.ecm_campaign.hooks import release_tables


def uninstall_hook(env):
    """Leave nothing behind (requirement R9): contacts that agents have in hand are in the queue
    again, so that no state of this module stays with them.
    """
    env["ecm.card"].search([("is_in_hand", "=", True)])._return_to_queue("taken_back")
    release_tables(env, "ecm_agent")
