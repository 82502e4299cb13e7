{
    "name": "Outbound Campaigns: Recipes",
    "version": "19.0.1.0.0",
    "summary": "What docs/extend.md shows: a channel, a gate, a dialer, an import source, a report, a router",
    "category": "Hidden/Tests",
    "author": "Outbound Campaign Manager founders",
    "license": "LGPL-3",
    "depends": [
        "test_ecm_campaign",
        "ecm_dialer_cisco",
        "ecm_import_source",
        "ecm_rest_api",
        "ecm_sms",
        "sms_twilio",
    ],
    "data": [
        "security/ir.model.access.csv",
        "security/ecm_channel_report_rules.xml",
        "data/ecm_outcome_mapping_data.xml",
        "data/ecm_api_scope_data.xml",
    ],
}
