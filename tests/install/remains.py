"""What is left of the suite in a database."""

from scripts import databases, paths

OURS = (
    "('ecm_campaign', 'ecm_dialer_cisco', 'ecm_import_source', 'ecm_rest_api', 'ecm_sms', 'ecm_email',"
    " 'ecm_callback', 'ecm_agent', 'ecm_crm_bridge', 'ecm_report',"
    " 'ecm_survey')"
)
QUERIES = {
    "tables": "SELECT relname FROM pg_class WHERE relname LIKE 'ecm\\_%' AND relkind = 'r'",
    "columns": "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name LIKE '%ecm\\_%'",
    "models": "SELECT model FROM ir_model WHERE model LIKE 'ecm.%'",
    "external ids": f"SELECT name FROM ir_model_data WHERE module IN {OURS}",
    "parameters": "SELECT key FROM ir_config_parameter WHERE key LIKE 'ecm\\_%'",
    "scheduled actions": "SELECT cron_name FROM ir_cron WHERE cron_name LIKE 'Campaigns: %'",
    "server actions": "SELECT name FROM ir_act_server WHERE name->>'en_US' LIKE 'Campaigns: %'",
    "attachments": "SELECT name FROM ir_attachment WHERE res_model LIKE 'ecm.%'"
    " OR url LIKE '/ecm\\_%'",
    "messages": "SELECT model, res_id FROM mail_message WHERE model LIKE 'ecm.%'",
    "activities": "SELECT res_name FROM mail_activity WHERE res_model LIKE 'ecm.%'",
    # Odoo's own modules, which stay, have one of this name too.
    "menus": "SELECT name FROM ir_ui_menu AS menu WHERE name->>'en_US' = 'Campaigns'"
    " AND NOT EXISTS (SELECT FROM ir_model_data AS data WHERE data.model = 'ir.ui.menu'"
    " AND data.res_id = menu.id AND data.module NOT LIKE 'ecm\\_%')",
    "views": "SELECT name FROM ir_ui_view WHERE model LIKE 'ecm.%'",
    "groups": "SELECT name FROM res_groups_privilege WHERE name->>'en_US' = 'Outbound Campaigns'",
}


def find_remains(database: str) -> dict[str, list[tuple[str, ...]]]:
    """What a database holds of the suite, by kind; nothing after it was uninstalled."""
    found = {}
    with databases.connect(database) as cursor:
        for kind, query in QUERIES.items():
            cursor.execute(query)
            if rows := cursor.fetchall():
                found[kind] = rows
    return found


def find_files(database: str) -> list[str]:
    """Files beside Odoo's own in the filestore, whose folders are two characters long."""
    folder = paths.DATA_DIR / "filestore" / database
    if not folder.is_dir():
        return []
    return [file.name for file in folder.iterdir() if file.name.startswith("ecm")]
