from odoo.tools import SQL

from odoo.addons.ecm_campaign.hooks import release_tables

# E-mails that await an answer get none any more; steps that would send one are none any more, and
# campaigns keep their history.
STATEMENTS = (
    """UPDATE ecm_contact
          SET state = 'email_sent_closed', closed_at = now() AT TIME ZONE 'UTC',
              current_attempt_id = NULL
        WHERE state = 'email_sent'""",
    "UPDATE ecm_contact SET channel = 'voice' WHERE channel = 'email' AND state = 'pending'",
    "DELETE FROM ecm_strategy_attempt WHERE channel = 'email'",
    "UPDATE ecm_campaign SET email_template_id = NULL",
    "UPDATE ecm_strategy_attempt SET email_template_id = NULL",
)


def uninstall_hook(env):
    """Leave nothing behind: what was shipped may be in use."""
    release_tables(env, "ecm_email")
    shipped = env.ref("ecm_email.ecm_strategy_email", raise_if_not_found=False)
    usual = env.ref("ecm_campaign.ecm_strategy_voice", raise_if_not_found=False)
    if shipped and usual:
        env.cr.execute(
            SQL(
                """UPDATE ecm_campaign SET strategy_id = %s, is_running = FALSE
                    WHERE strategy_id = %s""",
                usual.id,
                shipped.id,
            )
        )
    for statement in STATEMENTS:
        env.cr.execute(statement)
    env.invalidate_all()
