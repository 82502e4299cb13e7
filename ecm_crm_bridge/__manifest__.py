{
    "name": "Outbound Campaigns: CRM",
    "version": "19.0.1.0.0",
    "summary": "Launch campaigns from leads and customers, and see on them what came of it",
    "category": "Marketing/Outbound Campaigns",
    "author": "Outbound Campaign Manager founders",
    "license": "LGPL-3",
    "depends": ["ecm_campaign", "crm"],
    "data": [
        "security/ecm_crm_bridge_groups.xml",
        "security/ir.model.access.csv",
        "security/ecm_crm_bridge_rules.xml",
        "views/ecm_contact_views.xml",
        "views/ecm_campaign_views.xml",
    ],
    "uninstall_hook": "uninstall_hook",
    "assets": {"web.assets_tests": ["ecm_crm_bridge/static/tests/tours/**/*"]},
}
